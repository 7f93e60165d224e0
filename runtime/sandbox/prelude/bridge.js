// The only place that touches native functions. Strings cross as JSON: the binding mistakes ropes, NUL and lone
// surrogates for something else.
const { stringify, parse } = JSON;
const native = m3m.native;

class HostCallError extends Error {}

const fail = ({ name, message, code }) => {
  const error = new HostCallError(message);
  for (const [key, value] of [['name', name], ['code', code]]) {
    Object.defineProperty(error, key, { value, configurable: true, writable: true });
  }
  return error;
};

m3m.host = {
  __proto__: null,
  log: (level, text) => native.log(stringify([level, text])),
  random: (count) => native.random(count),
  now: () => native.now(),
  sleep: (ms) => native.sleep(ms),
  call: (json) => native.call(json),
};

// A synchronous host call: returns its value or throws an Error with name, code and message.
m3m.callHost = (name, ...values) => {
  const reply = parse(native.call(stringify({ f: name, a: values })));
  if (reply.e) throw fail(reply.e);
  return reply.v;
};
