// A service that breaks every built-in it can reach: the platform's functions must go on as if nothing had happened. The
// built-ins stay broken only while `during` runs, for the other tests here need them too.
const poison = (target, key, descriptor) => {
  const before = Object.getOwnPropertyDescriptor(target, key);
  Object.defineProperty(target, key, { configurable: true, ...descriptor });
  return () => (before === undefined ? delete target[key] : Object.defineProperty(target, key, before));
};
const broken = () => { throw new Error('guest code was called'); };

const KINDS = [
  Array, Map, Set, String, Number, RegExp, Date, ArrayBuffer, DataView, Uint8Array, Object.getPrototypeOf(Uint8Array), Promise, BigInt,
  Symbol, Error,
];
const TARGETS = [
  JSON, Math, ...KINDS, ...KINDS.map((kind) => kind.prototype), Function.prototype, Object.getPrototypeOf([][Symbol.iterator]()),
];
const FUNCTIONS = ['escape', 'unescape', 'atob', 'btoa', 'encodeURIComponent', 'decodeURIComponent', 'encodeURI', 'parseInt', 'parseFloat', 'Boolean'];
const FIELDS = [
  's', 'h', 'c', 'b', 'b64', 'm', 'p', 'q', 'ip', 'id', 'request', 'pending', 'code', 'route', 'params', 'values', 'names', 'handler', 'allow',
  'toJSON', 'content-type', 'GET', 'prefix', 'length', 'left', 'parents', '0', '1', 'body', 'headers', 'level', 'due', 'callback',
];

const breakAll = () => {
  const undo = [];
  const spoil = (target, key, descriptor) => { undo[undo.length] = poison(target, key, descriptor); };
  const spoilMethods = (target) => {
    const keys = Reflect.ownKeys(target);
    for (let i = 0; i < keys.length; i++) {
      const descriptor = Object.getOwnPropertyDescriptor(target, keys[i]);
      if (keys[i] === 'prepareStackTrace' || keys[i] === 'constructor' || keys[i] === 'prototype' || !descriptor.configurable) continue;
      if (typeof descriptor.value === 'function') spoil(target, keys[i], { value: broken, writable: true });
      else if (descriptor.get) spoil(target, keys[i], { get: broken });
    }
  };
  for (let i = 0; i < TARGETS.length; i++) spoilMethods(TARGETS[i]);
  for (let i = 0; i < FUNCTIONS.length; i++) spoil(globalThis, FUNCTIONS[i], { value: broken, writable: true });
  for (let i = 0; i < FIELDS.length; i++) spoil(Object.prototype, FIELDS[i], { get: undefined, set: broken });
  return () => { for (let i = undo.length - 1; i >= 0; i--) undo[i](); };
};

// Runs fn with everything broken, and hands out its result or error afterwards.
const during = (fn) => {
  const mend = breakAll();
  let result;
  let error;
  try {
    result = fn();
  } catch (thrown) {
    error = m3m.toError(thrown);
  }
  mend();
  if (error !== undefined) throw new Error(`${error.message}\n${error.stack}`);
  return result;
};

const stringify = JSON.stringify;
const dispatch = (method, path, more) => {
  const wanted = makeRequest(method, path, more);
  return during(() => m3m.router.dispatch(wanted));
};

test('the breaking breaks', () => {
  during(() => {
    let caught = 0;
    const attempts = [() => JSON.parse('1'), () => [1].map(String), () => 'a'.slice(1), () => { for (const x of [1]) x; }, () => { const o = {}; o.s = 1; }];
    for (let i = 0; i < attempts.length; i++) {
      try {
        attempts[i]();
      } catch {
        caught++;
      }
    }
    if (caught !== 5) throw new Error(`only ${caught}`);
  });
});

test('a request goes its whole way', () => {
  const one = new Uint8Array([1]);
  router.use((ctx) => { ctx.state.seen = 1; });
  router.group('/hostile', (group) => {
    group.use(() => {});
    group.post('/:id', (ctx) => {
      ctx.setCookie('a', 'b', { maxAge: 5 });
      return ctx.json({ id: ctx.params.id, q: ctx.query.q, body: ctx.body.x, header: ctx.headers['X-A'], cookie: ctx.cookies.k, agent: ctx.userAgent });
    });
    group.get('/text/*', (ctx) => ctx.params['*']);
    group.get('/bytes', () => one);
    group.post('/binary', (ctx) => ctx.body);
    group.get('/redirect', (ctx) => { ctx.redirect('/ы'); });
    group.get('/list', () => [1, { a: 'b' }]);
    group.get('/raw', () => ({ status: 201, body: 'x', headers: { 'X-A': 'b' } }));
    group.post('/form', (ctx) => ctx.json({ a: ctx.body.a[1] }));
  });
  const answer = dispatch('POST', '/hostile/7', {
    q: 'q=%D1%8B+z', h: { 'content-type': 'application/json; charset=x', 'x-a': 'A', cookie: 'k=%41' }, b: '{"x":"y"}',
  });
  assert.same(JSON.parse(answer.b), { id: '7', q: 'ы z', body: 'y', header: 'A', cookie: 'A', agent: '' });
  assert.equal(answer.c[0], 'a=b; Path=/; Max-Age=5');
  assert.equal(during(() => m3m.primordials.JSONStringify(answer)), stringify(answer));
  assert.equal(dispatch('GET', '/hostile/text/a/b').b, 'a/b');
  assert.equal(dispatch('GET', '/hostile/bytes').b64, 'AQ==');
  assert.equal(dispatch('POST', '/hostile/binary', { b64: 'AAE=' }).b64, 'AAE=');
  assert.equal(dispatch('GET', '/hostile/redirect').h.location, '/%D1%8B');
  assert.equal(dispatch('GET', '/hostile/list').b, '[1,{"a":"b"}]');
  assert.equal(dispatch('GET', '/hostile/raw').s, 201);
  assert.equal(dispatch('POST', '/hostile/form', { h: { 'content-type': 'application/x-www-form-urlencoded' }, b: 'a=1&a=2' }).b, '{"a":"2"}');
  assert.equal(dispatch('GET', '/hostile/none/x').s, 404);
  assert.equal(dispatch('DELETE', '/hostile/bytes').s, 405);
  assert.equal(dispatch('POST', '/hostile/7', { h: { 'content-type': 'application/json' }, b: '{' }).s, 400);
});

test('routes are registered, and cors answers', () => {
  during(() => {
    router.get('/hostile-late/:id', (ctx) => ctx.params.id);
    router.use('/hostile-late', () => {});
    router.cors({ origins: ['https://a'], methods: ['GET'] });
  });
  assert.equal(dispatch('GET', '/hostile-late/x', { h: { origin: 'https://a' } }).h['access-control-allow-origin'], 'https://a');
  const preflight = dispatch('OPTIONS', '/hostile-late/x', { h: { origin: 'https://a', 'access-control-request-method': 'GET' } });
  assert.equal(preflight.h['access-control-allow-methods'], 'GET');
  assert(during(() => m3m.router.list()).length > 0);
});

test('an async answer comes although Promise.prototype.then is broken', async () => {
  router.get('/hostile-async', async () => { await null; return { a: 1 }; });
  router.get('/hostile-reject', async () => { await null; throw new RangeError('mine'); });
  const first = dispatch('GET', '/hostile-async');
  const second = dispatch('GET', '/hostile-reject');
  assert.equal((await first).b, '{"a":1}');
  await assert.rejects(second, 'mine');
});

test('logging', () => {
  takeLogs();
  const values = [{ a: [1, 's'] }, new Map([[1, 2]]), new Set([1]), new Date(0), new Error('e'), 10n, Symbol('s'), /x/, new Uint8Array(2), class A {}];
  during(() => {
    console.log('%s %d %j', 'x', 1, { a: 1 }, values[0], values[1], values[2], values[3], values[4], values[5], values[6], values[7], values[8], values[9]);
    logger.child({ a: 1 }).warn('child');
    console.table([{ a: 1 }]);
    console.group('g');
    console.log('in');
    console.groupEnd();
    console.count();
    console.time();
    console.timeEnd();
    console.trace('t');
  });
  const text = takeLogs().map((entry) => entry[1]).join('\n');
  assert(text.startsWith('x 1 {"a":1} { a: [ 1, \'s\' ] } Map(1) { 1 => 2 } Set(1) { 1 } 1970'), text);
});

test('timers, env, errors, text of data', () => {
  m3m.env.set({ A: 'x', N: '5', J: { a: [1] } });
  let fired = 0;
  during(() => {
    const id = setTimeout((by) => { fired += by; }, 1, 3);
    setInterval(() => {}, 5);
    clearInterval(id + 1);
    const taken = m3m.timers.take(m3m.host.now() + 5);
    if (taken !== id || m3m.timers.next() !== -1) broken();
    m3m.timers.fire(taken);
    if (env.get('A') !== 'x' || env.getInt('N', 0) !== 5 || env.getString('J') !== '{"a":[1]}' || !env.getAll().A) broken();
    m3m.env.set({ B: { c: 1 } });
    Math.random = m3m.random;
    m3m.seed('00112233445566778899aabbccddeeff');
  });
  assert.equal(fired, 3);
  const error = during(() => m3m.toError(new RangeError('x')));
  assert.same([error.name, error.message], ['RangeError', 'x']);
  const data = { s: 'a"\n', n: [1, null, true, { x: undefined, y: NaN }], f: () => {}, big: 1n };
  assert.equal(during(() => m3m.stringify(data)), '{"s":"a\\"\\n","n":[1,null,true,{"y":null}]}');
});

test('web names', () => {
  const source = { a: [1, new Map([[1, new Date(5)]]), new Uint8Array([1])], e: new TypeError('x') };
  const wrong = new Uint8Array([255, 65]);
  const result = during(() => {
    const url = new URL('../ы?a=b#c', 'http://user@127.1/x/y/z');
    url.searchParams.append('k', 'v w');
    const headers = new Headers({ A: 'b' });
    headers.append('a', 'c');
    const controller = new AbortController();
    let aborted = 0;
    controller.signal.addEventListener('abort', () => { aborted++; });
    controller.abort();
    const clone = structuredClone(source);
    const text = new TextDecoder().decode(new TextEncoder().encode('ы😀'));
    const response = Response.json({ a: 1 });
    const random = crypto.getRandomValues(new Uint8Array(4));
    const bad = new TextDecoder().decode(wrong);
    return { __proto__: null, href: url.href, a: headers.get('A'), aborted, clone, text, type: response.headers.get('content-type'), random, bad, uuid: crypto.randomUUID() };
  });
  assert.equal(result.href, 'http://user@127.0.0.1/x/%D1%8B?a=b&k=v+w#c');
  assert.same([result.a, result.aborted, result.text, result.type, result.random.length, result.bad, result.uuid.length],
    ['b, c', 1, 'ы😀', 'application/json', 4, '\ufffdA', 36]);
  assert.equal(result.clone.a[1].get(1).getTime(), 5);
});

test('toError takes anything', () => {
  const hostile = [
    null, undefined, 5, 'text', Symbol('s'), 10n, {}, [], () => {}, Object.create(null),
    { get name() { throw 1; }, get message() { throw 2; }, get stack() { throw 3; }, get code() { throw 4; } },
    new Proxy({}, { get() { throw 1; }, getPrototypeOf() { throw 2; }, ownKeys() { throw 3; } }),
    { name: {}, message: { toString() { throw 1; } }, stack: 5, code: {} },
    { message: 'm', code: 5 },
  ];
  for (const value of hostile) {
    const { name, message, stack } = m3m.toError(value);
    assert(typeof name === 'string' && typeof message === 'string' && typeof stack === 'string');
  }
  assert.equal(m3m.toError('text').message, 'text');
  assert.equal(m3m.toError({ message: 'm', code: 5 }).code, '5');
  assert.equal(m3m.toError({ a: 1 }).message, '{ a: 1 }');
  assert.equal(m3m.toError(new Error('x'.repeat(50000))).message.length, 10000);
  assert(m3m.toError(new Error('x'.repeat(50000))).stack.length <= 20000);
  const error = m3m.toError(new TypeError('why'));
  assert(error.stack.startsWith('TypeError: why\n    at '), error.stack);
});

test('stringify gives text for anything', () => {
  const cycle = {};
  cycle.self = cycle;
  for (const value of [cycle, undefined, () => {}, 1n, Symbol('s'), { get a() { throw 1; } }, new Proxy({}, { ownKeys() { throw 1; } })]) {
    JSON.parse(m3m.stringify(value));
  }
  assert.equal(m3m.stringify({ toJSON() { return 'no'; }, a: 1 }), '{"a":1}');
});

test('guests see neither m3m nor more globals than are meant for them', () => {
  assert.equal(typeof globalThis.m3m, 'undefined');
  for (const name of ['router', 'console', 'URL', 'setTimeout', 'crypto', 'performance']) {
    const descriptor = Object.getOwnPropertyDescriptor(globalThis, name);
    assert(descriptor.writable && descriptor.configurable && !descriptor.enumerable, name);
  }
  for (const kind of [Event, EventTarget, AbortSignal, URL, URLSearchParams, Headers, Request, Response]) {
    const statics = Object.getOwnPropertyNames(kind).filter((key) => !['length', 'name', 'prototype'].includes(key));
    const allowed = ['abort', 'timeout', 'any', 'canParse', 'parse', 'error', 'json', 'redirect'];
    for (const key of statics) assert(allowed.includes(key), `${kind.name}.${key}`);
  }
});
