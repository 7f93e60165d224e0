// test(name, fn) and assert for the files beside this one. They see `m3m`, which services do not, and a clock that stands
// still until a timer is waited for. Everything is captured here: some tests break the built-ins on purpose.
const { stringify, parse } = JSON;
const { is } = Object;
const tests = [];
const native = m3m.native;
const then = Promise.prototype.then;
const call = Function.prototype.call;
const callThen = call.bind(then);
const resolve = Promise.resolve.bind(Promise);
const TestError = Error;

const show = (value) => m3m.inspect(value);
const fail = (message) => { throw new TestError(message); };

const assert = (value, message) => { if (!value) fail(message ?? `expected something true, not ${show(value)}`); };

assert.equal = (actual, expected, message) => {
  if (!is(actual, expected)) fail(`${message === undefined ? '' : `${message}: `}expected ${show(expected)}, not ${show(actual)}`);
};

// Compares by the text that the log would show, which tells types, prototypes' names and order of keys apart.
assert.same = (actual, expected, message) => {
  if (show(actual) !== show(expected)) fail(`${message === undefined ? '' : `${message}: `}expected ${show(expected)}, not ${show(actual)}`);
};

const check = (error, wanted) => {
  const { name, message, code } = m3m.toError(error);
  const text = `${name} ${code} ${message}`;
  for (let i = 0; i < wanted.length; i++) if (text.indexOf(wanted[i]) < 0) fail(`the error should hold '${wanted[i]}': ${text}`);
};

// The function must throw an error whose name, code and message together hold each of the wanted words.
assert.throws = (fn, ...wanted) => {
  let thrown = false;
  try {
    fn();
  } catch (error) {
    thrown = true;
    check(error, wanted);
  }
  if (!thrown) fail(`nothing was thrown (expected ${wanted})`);
};

assert.rejects = async (promise, ...wanted) => {
  let thrown = false;
  try {
    await promise;
  } catch (error) {
    thrown = true;
    check(error, wanted);
  }
  if (!thrown) fail(`nothing was thrown (expected ${wanted})`);
};

const report = (name, error) => native.testResult(stringify({ name, error }));
const textOf = (error) => m3m.toError(error).stack;

const next = (index) => {
  if (index >= tests.length) return;
  const { name, fn } = tests[index];
  let result;
  native.testLogs();
  try {
    result = fn();
  } catch (error) {
    report(name, textOf(error));
    next(index + 1);
    return;
  }
  callThen(resolve(result), () => { report(name, ''); next(index + 1); }, (error) => { report(name, textOf(error)); next(index + 1); });
};

m3m.runTests = () => next(0);

globalThis.test = (name, fn) => { tests[tests.length] = { name, fn }; };
globalThis.assert = assert;
globalThis.takeLogs = () => parse(native.testLogs());
globalThis.realNow = () => native.realNow();

// A request as front sends it, and the answer of the router as JSON brings it to front.
let requests = 0;
globalThis.makeRequest = (method, path, more = {}) => parse(stringify({
  m: method, p: path, q: '', h: {}, ip: '10.0.0.1', id: `request-${++requests}`, ...more,
}));
const asSent = (answer) => parse(stringify(answer));
globalThis.request = (method, path, more) => asSent(m3m.router.dispatch(makeRequest(method, path, more)));
globalThis.requestLater = async (method, path, more) => asSent(await m3m.router.dispatch(makeRequest(method, path, more)));
globalThis.json = (value) => ({ h: { 'content-type': 'application/json' }, b: stringify(value) });
