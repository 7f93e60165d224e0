// The only place that touches native functions. Strings cross as JSON: the binding mistakes ropes, NUL and lone
// surrogates for something else.
const {
  Error, JSONParse, JSONStringify, ReflectApply, ReflectDefineProperty, ReflectGetOwnPropertyDescriptor,
  ReflectSetPrototypeOf, own,
} = m3m.primordials;
const native = m3m.native;

// The engine asks for these while it makes a SyntaxError, that is while it compiles, where guest code must not run.
const stackLimit = ReflectGetOwnPropertyDescriptor(Error, 'stackTraceLimit');
delete Error.prepareStackTrace;
ReflectDefineProperty(Error, 'stackTraceLimit', {
  __proto__: null,
  get: () => ReflectApply(stackLimit.get, Error, []),
  set: (value) => { if (typeof value === 'number') ReflectApply(stackLimit.set, Error, [value]); },
  configurable: true,
});

// JSON of a list in one piece, without a prototype on which a guest may have put a toJSON.
m3m.pack = (...items) => {
  ReflectSetPrototypeOf(items, null);
  return JSONStringify(items);
};

class HostCallError extends Error {}

const fail = (data) => {
  const error = new HostCallError(data.message);
  ReflectDefineProperty(error, 'name', { __proto__: null, value: data.name, configurable: true, writable: true });
  ReflectDefineProperty(error, 'code', { __proto__: null, value: data.code, configurable: true, writable: true });
  return error;
};

m3m.host = {
  __proto__: null,
  log: (level, text) => native.log(m3m.pack(level, text)),
  random: (count) => native.random(count),
  now: () => native.now(),
  sleep: (ms) => native.sleep(ms),
  call: (json) => native.call(json),
};

// A synchronous host call: returns its value or throws an Error with name, code and message.
m3m.callHost = (name, ...values) => {
  ReflectSetPrototypeOf(values, null);
  const reply = JSONParse(native.call(JSONStringify({ __proto__: null, f: name, a: values })));
  const error = own(reply, 'e');
  if (error !== undefined) throw fail(error);
  return own(reply, 'v');
};
