// router: registration as the guest sees it, and the way of a request through middleware and handler. As long as these are
// synchronous no promise is made.
const { List, ObjectKeys, StringEndsWith, StringSlice, StringStartsWith, isThenable, put } = m3m.primordials;
const { Context, RequestError, State } = m3m.context;
const { finish, isResponse, problem, response } = m3m.respond;
const { configure, apply, preflight } = m3m.cors;
const routes = m3m.routes;

let middleware = List(); // of the whole router, in order of registration

const requireFunction = (name, handler, extra) => {
  if (typeof handler !== 'function') throw m3m.newError('invalid_argument', `${name}: handler must be a function`);
  if (extra > 0) throw m3m.newError('invalid_argument', `${name} takes one handler; put others into router.use`);
};

const requirePath = (name, path) => {
  if (typeof path !== 'string') throw m3m.newError('invalid_argument', `${name}: path must be a string`);
  return path === '' || StringStartsWith(path, '/') ? path : `/${path}`;
};

const join = (prefix, path) => {
  if (prefix === '') return path === '' ? '/' : path;
  return path === '/' ? prefix : prefix + path;
};

const trimmed = (prefix) => (StringEndsWith(prefix, '/') ? StringSlice(prefix, 0, -1) : prefix);

// Whether a path lies below a middleware's prefix; :params and * in the prefix stand for any one segment.
const below = (entry, path) => {
  const { prefix, pattern } = entry;
  if (prefix === '') return true;
  if (pattern === undefined) return StringStartsWith(path, prefix) && (path.length === prefix.length || path[prefix.length] === '/');
  const segments = routes.split(path);
  if (segments.length < pattern.length) return false;
  for (let i = 0; i < pattern.length; i++) {
    const open = pattern[i] === '*' || pattern[i][0] === ':';
    if (open ? segments[i] === '' : segments[i] !== pattern[i]) return false;
  }
  return true;
};

const patternOf = (prefix) => {
  const segments = routes.split(prefix);
  for (let i = 0; i < segments.length; i++) if (segments[i] === '*' || segments[i][0] === ':') return segments;
  return undefined;
};

const addMiddleware = (list, base, first, second) => {
  const handler = typeof first === 'function' ? first : second;
  const prefix = typeof first === 'function' ? '' : requirePath('router.use', first);
  requireFunction('router.use', handler, typeof first === 'function' && second !== undefined ? 1 : 0);
  const full = prefix === '' ? '' : trimmed(base + prefix);
  list[list.length] = { __proto__: null, prefix: full, pattern: patternOf(full), handler };
};

// The functions of a router or group; `groups` are the middleware lists of the enclosing groups, outermost first.
const register = (target, base, groups) => {
  const method = (key, verb) => put(target, key, (path, handler, ...extra) => {
    requireFunction(`router.${key}`, handler, extra.length);
    routes.add(verb, join(base, requirePath(`router.${key}`, path)), handler, groups);
  });
  method('get', 'GET');
  method('post', 'POST');
  method('put', 'PUT');
  method('delete', 'DELETE');
  method('patch', 'PATCH');
  method('head', 'HEAD');
  method('options', 'OPTIONS');
  method('all', 'ALL');
  put(target, 'group', (prefix, callback) => {
    const below = trimmed(requirePath('router.group', prefix));
    if (typeof callback !== 'function') throw m3m.newError('invalid_argument', 'router.group: callback must be a function');
    const inner = List();
    for (let i = 0; i < groups.length; i++) inner[i] = groups[i];
    inner[inner.length] = List();
    callback(register({}, base + below, inner));
  });
  put(target, 'use', (first, second) => {
    addMiddleware(groups.length === 0 ? middleware : groups[groups.length - 1], base, first, second);
  });
  return target;
};

// All middleware of an exchange in order: the router's, then that of the groups the route stands in.
const middlewareAt = (state, i) => {
  if (i < middleware.length) return middleware[i];
  const { route } = state;
  if (route === undefined) return undefined;
  let rest = i - middleware.length;
  for (let g = 0; g < route.groups.length; g++) {
    const list = route.groups[g];
    if (rest < list.length) return list[rest];
    rest -= list.length;
  }
  return undefined;
};

const forbidden = (state) => problem(state.request, 403, 'forbidden', 'Forbidden');

// The answer if middleware has ended the exchange, else undefined. One that has made a response without returning it ends
// it too: ctx.redirect('/login') must not run the handler behind it.
const stopped = (state, value) => {
  if (value === false) return state.pending === undefined ? forbidden(state) : finish(state, undefined);
  if (value !== undefined && isResponse(value)) return finish(state, value);
  return state.pending === undefined ? undefined : finish(state, undefined);
};

const allowHeader = (state) => {
  const keys = ObjectKeys(state.allow);
  let text = state.allow.OPTIONS ? '' : 'OPTIONS';
  if (state.allow.GET && !state.allow.HEAD) text += `${text === '' ? '' : ', '}HEAD`;
  for (let i = 0; i < keys.length; i++) text += `${text === '' ? '' : ', '}${keys[i]}`;
  return { __proto__: null, allow: text };
};

const withoutRoute = (state) => {
  const { request } = state;
  if (state.allow === undefined) return problem(request, 404, 'not_found', `No route for ${request.m} ${request.p}`);
  const headers = allowHeader(state);
  if (request.m === 'OPTIONS') return m3m.respond.encode(204, undefined, headers, undefined);
  return problem(request, 405, 'method_not_allowed', `${request.p} does not answer ${request.m}`, headers);
};

const run = (context, state, start) => {
  for (let i = start; ; i++) {
    const entry = middlewareAt(state, i);
    if (entry === undefined) break;
    if (!below(entry, state.request.p)) continue;
    const { handler } = entry;
    const value = handler(context);
    if (isThenable(value)) return runLater(context, state, i, value);
    const answer = stopped(state, value);
    if (answer !== undefined) return answer;
  }
  if (state.route === undefined) return withoutRoute(state);
  const { handler } = state.route;
  const value = handler(context);
  return isThenable(value) ? finishLater(state, value) : finish(state, value);
};

const runLater = async (context, state, i, promise) => stopped(state, await promise) ?? run(context, state, i + 1);
const finishLater = async (state, promise) => finish(state, await promise);

// What the router answers itself, of an error that a handler did not catch; other errors go on to the caller.
const failed = (state, error) => {
  const status = RequestError.status(error);
  if (status === 0) throw error;
  const { code, message } = m3m.toError(error);
  return apply(state.request, problem(state.request, status, code, message));
};

const settle = async (state, promise) => {
  try {
    return apply(state.request, await promise);
  } catch (error) {
    return failed(state, error);
  }
};

m3m.router = {
  __proto__: null,

  // The answer to a request, or a promise of it; throws or rejects with what the guest's code threw.
  dispatch: (request) => {
    const early = preflight(request);
    if (early !== undefined) return early;
    const state = new State(request);
    routes.find(state);
    try {
      const answer = run(new Context(state), state, 0);
      return isPromise(answer) ? settle(state, answer) : apply(request, answer);
    } catch (error) {
      return failed(state, error);
    }
  },

  // The answer to a request that failed elsewhere, such as a 500 or 504, in the form of the router's own errors.
  failure: (request, status, code, message) => apply(request, problem(request, status, code, message)),

  list: routes.list,
};

// Own answers have no `then`, and no prototype from which a guest could give them one.
const isPromise = (answer) => answer.then !== undefined;

const router = register({}, '', List());
put(router, 'cors', (config) => configure(config));
put(router, 'response', response);
m3m.define('router', router);
m3m.define('$router', router);
