// Life of a service: the files of the branch, the phases, and the entries through which the guest loop comes in.
const {
  Error, JSONParse: parse, JSONStringify: stringify, List, Map, MapDelete, MapForEach, MapSet, ReflectApply: apply, TypeError, WeakRef,
  WeakRefDeref, own,
} = m3m.primordials;
const { assign } = Object;
const { pack } = m3m;
const native = m3m.native;
const callbacks = { __proto__: null, boot: List(), start: List(), shutdown: List() };
const loaded = { __proto__: null };
const requiring = List();

// -- files: $require and $exports between plain scripts, import between modules

const findFile = (name) => native.find(stringify(`${name}`));

const compile = (file) => {
  m3m.error = undefined;
  if (!native.compile(stringify(file))) throw m3m.error;
  return m3m.compiled;
};

const requireFile = (name) => {
  const file = findFile(name);
  if (!file) throw new Error(`$require: there is no file '${name}' in this branch`);
  if (loaded[file]) return loaded[file].exports;
  if (native.isModule(stringify(file))) throw new Error(`$require: '${file}' is an ES module; use import for it`);
  const module = (loaded[file] = { exports: {} });
  requiring[requiring.length] = module;
  try {
    apply(compile(file), globalThis, [module, module.exports]);
  } catch (error) {
    delete loaded[file];
    throw error;
  } finally {
    requiring.length -= 1;
  }
  return module.exports;
};

const setExports = (values) => {
  const module = requiring[requiring.length - 1];
  if (!module) throw new Error('$exports: call it at the top level of a file that another one loads by $require');
  assign(module.exports, values);
};

// -- phases

const register = (phase) => (callback) => {
  if (typeof callback !== 'function') throw new TypeError(`service.${phase}: expected a function`);
  callbacks[phase][callbacks[phase].length] = callback;
};

const service = {
  boot: register('boot'),
  start: register('start'),
  shutdown: register('shutdown'),
  info: () => m3m.callHost('service.info'),
};

const runAll = async (phase) => {
  const list = callbacks[phase];
  for (let index = 0; index < list.length; index += 1) await apply(list[index], undefined, []);
};

// An error as plain text, with the frames of the author's files alone.
const describe = (error) => {
  const data = m3m.toError(error);
  if (error === null || data.message === 'out of memory') {
    const told = parse(native.memory(stringify(data.message)));
    data.message = told[0];
    if (told[1]) data.code = 'limit_memory';
  }
  data.stack = error === null ? '' : parse(native.ownFrames(stringify(m3m.traceOf(error))));
  data.text = `${data.name}: ${data.message}${data.stack === '' ? '' : `\n${data.stack}`}`;
  return data;
};

const report = async (phase, work) => {
  try {
    await work();
    native.phase(pack(phase, null));
  } catch (error) {
    native.phase(pack(phase, describe(error)));
  }
};

const evaluateMain = async () => {
  // A script like upstream's runs as one (sloppy mode, $require); import, export and top-level await make a module.
  const main = findFile('main');
  if (main === '') throw new Error("there is no file 'main' in this branch");
  if (native.isScript(stringify(main))) apply(compile(main), globalThis, [{ exports: {} }, {}]);
  else await import('main');
};

const boot = async () => {
  await evaluateMain();
  await runAll('boot');
};

// These return nothing to wait for: the end of a phase is told by native.phase.
m3m.boot = () => {
  report('boot', boot);
  return '';
};
m3m.begin = () => {
  report('start', () => runAll('start'));
  return '';
};
m3m.shutdown = () => {
  report('shutdown', () => runAll('shutdown'));
  return '';
};

// -- entries

const refuse = (request, error) => {
  const data = describe(error);
  const { failure } = m3m.router;
  m3m.host.log('error', `${request.m} ${request.p} failed (request ${request.id}): ${data.text}`);
  return failure(request, 500, 'internal', 'Internal error');
};

const render = (request, answer) => {
  try {
    return stringify(answer);
  } catch (error) {
    return stringify(refuse(request, error));
  }
};

// Answers to come, by the id of their request; weak, for a promise that nobody holds can never be settled.
const awaited = new Map();

const respondLater = async (id, request, promise) => {
  let answer;
  try {
    answer = await promise;
  } catch (error) {
    answer = refuse(request, error);
  }
  MapDelete(awaited, id);
  native.respond(id, render(request, answer));
};

// Returns the answer as JSON, or '' when it will come through native.respond.
m3m.request = (id, json) => {
  const request = parse(json);
  let answer;
  try {
    answer = m3m.router.dispatch(request);
  } catch (error) {
    answer = refuse(request, error);
  }
  if (own(answer, 's') !== undefined) return render(request, answer);
  MapSet(awaited, id, new WeakRef(answer));
  respondLater(id, request, answer);
  return '';
};

// The ids of requests whose answer was collected, as JSON: with no memory for its rejection a promise just goes.
m3m.lost = () => {
  const lost = List();
  MapForEach(awaited, (answer, id) => {
    if (WeakRefDeref(answer) === undefined) lost[lost.length] = id;
  });
  for (let i = 0; i < lost.length; i++) MapDelete(awaited, lost[i]);
  return stringify(lost);
};

m3m.fire = (id) => {
  try {
    m3m.timers.fire(id);
  } catch (error) {
    m3m.host.log('error', `timer failed: ${describe(error).text}`);
  }
  return '';
};

m3m.reject = () => {
  m3m.host.log('error', `Unhandled promise rejection: ${describe(m3m.rejection).text}`);
  m3m.rejection = undefined;
  return '';
};

m3m.setup = (json) => {
  const { env, seed, timers, line } = parse(json);
  m3m.setLineLimit(line);
  m3m.timers.setLimit(timers);
  m3m.env.set(env);
  m3m.seed(seed);
  return '';
};

m3m.setEnv = (json) => {
  m3m.env.set(parse(json));
  return '';
};

m3m.routes = () => stringify(m3m.router.list());

m3m.define('service', service);
m3m.define('$service', service);
m3m.define('$require', requireFile);
m3m.define('$exports', setExports);
