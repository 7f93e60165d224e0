// The table of routes: a tree of path segments, searched without regular expressions. Static segments win over :params,
// which win over *; a search visits each node of the tree at most once.
const {
  List, ObjectCreate, ObjectKeys, RangeError, RegExp, RegExpExec, StringIndexOf, StringSlice,
} = m3m.primordials;

const MAX_ROUTES = 1000;
const PARAM = new RegExp('^[A-Za-z_][A-Za-z0-9_]*$');

const makeNode = () => ({
  __proto__: null, statics: ObjectCreate(null), param: undefined, plain: undefined, slash: undefined, rest: undefined,
});

const root = makeNode();
const exact = ObjectCreate(null); // full paths without params, the common case in one look-up
let count = 0;

const split = (path) => {
  const segments = List();
  for (let start = 1; start <= path.length;) {
    let end = StringIndexOf(path, '/', start);
    if (end < 0) end = path.length;
    segments[segments.length] = StringSlice(path, start, end);
    start = end + 1;
  }
  return segments;
};

const addName = (names, name, pattern) => {
  for (let i = 0; i < names.length; i++) {
    if (names[i] === name) throw m3m.newError('invalid_argument', `router: ${pattern} names the parameter ${name} twice`);
  }
  names[names.length] = name;
};

const paramName = (segment, pattern) => {
  const name = StringSlice(segment, 1);
  if (RegExpExec(PARAM, name) === null) {
    throw m3m.newError('invalid_argument', `router: ${pattern}: a parameter is named with letters, digits and _, not ':${name}'`);
  }
  return name;
};

// Finds or makes the place of a pattern: {node, kind} with kind plain, slash (a trailing one) or rest; fills `names`.
const place = (pattern, names) => {
  const segments = split(pattern);
  let node = root;
  for (let i = 0; i < segments.length; i++) {
    const segment = segments[i];
    const last = i === segments.length - 1;
    if (segment === '' && last) return { __proto__: null, node, kind: pattern === '/' ? 'plain' : 'slash' };
    if (segment === '*') {
      if (!last) throw m3m.newError('invalid_argument', `router: ${pattern}: * must be the last segment`);
      addName(names, '*', pattern);
      return { __proto__: null, node, kind: 'rest' };
    }
    if (segment[0] === ':') {
      addName(names, paramName(segment, pattern), pattern);
      node = node.param ??= makeNode();
    } else {
      node = node.statics[segment] ??= makeNode();
    }
  }
  return { __proto__: null, node, kind: 'plain' };
};

// Adds a route; one registered before for the same method and path gives way, with a warning.
const add = (verb, pattern, handler, groups) => {
  const names = List();
  const { node, kind } = place(pattern, names);
  const methods = node[kind] ??= ObjectCreate(null);
  if (names.length === 0) exact[pattern] = methods;
  if (methods[verb] === undefined) {
    if (count >= MAX_ROUTES) {
      throw m3m.newError('limit_routes', `router: more than ${MAX_ROUTES} routes (limit of routes: ${MAX_ROUTES})`, RangeError);
    }
    count++;
  } else {
    m3m.host.log('warn', `router: ${verb} ${pattern} is registered twice, the later handler counts`);
  }
  methods[verb] = { __proto__: null, method: verb, pattern, handler, names, groups };
};

// The search in progress. It calls no guest code, so there is one at a time, and handing these down costs.
let method;
let path;
let state;
let values;

// The route for the method among those of one place; undefined notes in state.allow what there is instead.
const accept = (methods) => {
  const route = methods[method] ?? (method === 'HEAD' ? methods.GET : undefined) ?? methods.ALL;
  if (route === undefined) {
    state.allow ??= ObjectCreate(null);
    const keys = ObjectKeys(methods);
    for (let i = 0; i < keys.length; i++) state.allow[keys[i]] = true;
  }
  return route;
};

const restAt = (node, start) => {
  if (node.rest === undefined) return undefined;
  const route = accept(node.rest);
  if (route !== undefined) values[values.length] = StringSlice(path, start);
  return route;
};

// At the end of the path its exact form comes first, then the other one with respect to the trailing slash.
const atEnd = (node, first, second) => {
  let route;
  if (first !== undefined) route = accept(first);
  if (route === undefined && second !== undefined) route = accept(second);
  return route ?? restAt(node, path.length);
};

// Goes down the tree with the segment that begins at `start`, which is past the end when the path is used up.
const walk = (node, start) => {
  if (start > path.length) return atEnd(node, node.plain, node.slash);
  if (start === path.length) return atEnd(node, node.slash, node.plain);
  let end = StringIndexOf(path, '/', start);
  if (end < 0) end = path.length;
  const segment = StringSlice(path, start, end);
  const next = node.statics[segment];
  let route = next === undefined ? undefined : walk(next, end + 1);
  if (route !== undefined) return route;
  if (node.param !== undefined && segment !== '') {
    const before = values.length;
    values[before] = segment;
    route = walk(node.param, end + 1);
    if (route !== undefined) return route;
    values.length = before;
  }
  return restAt(node, start);
};

// Sets on the state `route` and `values`, or `allow` if the path is known under other methods.
const find = (forState) => {
  state = forState;
  ({ m: method, p: path } = state.request);
  const methods = exact[path];
  let route = methods === undefined ? undefined : accept(methods);
  if (route === undefined) {
    values = List();
    route = walk(root, 1);
    state.values = values;
  }
  state.route = route;
};

const listAt = (node, result) => {
  for (let k = 0; k < 3; k++) {
    const methods = k === 0 ? node.plain : k === 1 ? node.slash : node.rest;
    if (methods === undefined) continue;
    const keys = ObjectKeys(methods);
    for (let i = 0; i < keys.length; i++) {
      result[result.length] = { __proto__: null, method: keys[i], path: methods[keys[i]].pattern };
    }
  }
  const keys = ObjectKeys(node.statics);
  for (let i = 0; i < keys.length; i++) listAt(node.statics[keys[i]], result);
  if (node.param !== undefined) listAt(node.param, result);
};

const list = () => {
  const result = List();
  listAt(root, result);
  return result;
};

m3m.routes = { __proto__: null, add, find, list, split };
