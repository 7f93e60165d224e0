// TextEncoder, TextDecoder, atob, btoa, structuredClone, events, abort, crypto.
const bytes = (...values) => new Uint8Array(values);
const sleep = (ms) => new Promise((resolve) => { setTimeout(resolve, ms); });

test('TextEncoder writes UTF-8', () => {
  const encode = (text) => [...new TextEncoder().encode(text)];
  assert.same(encode('aы€😀'), [97, 0xd1, 0x8b, 0xe2, 0x82, 0xac, 0xf0, 0x9f, 0x98, 0x80]);
  assert.same(encode('\ud800x'), [0xef, 0xbf, 0xbd, 120]);
  assert.same(encode(''), []);
  assert.same(encode('\0'), [0]);
  assert.same(encode(undefined), []);
  assert.equal(new TextEncoder().encoding, 'utf-8');
  const long = 'ы😀'.repeat(40000);
  assert.equal(new TextDecoder().decode(new TextEncoder().encode(long)), long);
  assert.equal(new TextEncoder().encode('x' + long).length, 1 + 6 * 40000);
});

test('encodeInto never cuts a character', () => {
  const target = new Uint8Array(4);
  assert.same(new TextEncoder().encodeInto('aы€', target), { read: 2, written: 3 });
  assert.same(target, bytes(97, 0xd1, 0x8b, 0));
  assert.same(new TextEncoder().encodeInto('😀', new Uint8Array(3)), { read: 0, written: 0 });
});

test('TextDecoder replaces or refuses broken UTF-8 as the standard counts it', () => {
  const decode = (...values) => new TextDecoder().decode(bytes(...values));
  assert.equal(decode(0xff), '\ufffd');
  assert.equal(decode(0xc0, 0x80), '\ufffd\ufffd');
  assert.equal(decode(0xe2, 0x82), '\ufffd');
  assert.equal(decode(0xe2, 0x82, 0x41), '\ufffdA');
  assert.equal(decode(0xed, 0xa0, 0x80), '\ufffd\ufffd\ufffd');
  assert.equal(decode(0xf4, 0x90, 0x80, 0x80), '\ufffd\ufffd\ufffd\ufffd');
  assert.equal(decode(0xf0, 0x9f, 0x98, 0x41), '\ufffdA');
  assert.equal(decode(0x41, 0xe2, 0x82, 0xac), 'A€');
  assert.throws(() => new TextDecoder('utf-8', { fatal: true }).decode(bytes(0xff)), 'TypeError');
  assert.equal(new TextDecoder('utf-8', { fatal: true }).decode(bytes(0xd1, 0x8b)), 'ы');
});

test('TextDecoder: byte order marks, streams, inputs, labels', () => {
  const bom = bytes(0xef, 0xbb, 0xbf, 0x41);
  assert.equal(new TextDecoder().decode(bom), 'A');
  assert.equal(new TextDecoder('utf-8', { ignoreBOM: true }).decode(bom), '\ufeffA');
  const decoder = new TextDecoder();
  assert.equal(decoder.decode(bytes(0xf0, 0x9f), { stream: true }), '');
  assert.equal(decoder.decode(bytes(0x98, 0x80, 0xd1), { stream: true }), '😀');
  assert.equal(decoder.decode(), '\ufffd');
  assert.equal(decoder.decode(bytes(0x41)), 'A');
  assert.equal(new TextDecoder().decode(bytes(0x41, 0x42).buffer), 'AB');
  assert.equal(new TextDecoder().decode(new DataView(bytes(0x41, 0x42).buffer, 1)), 'B');
  assert.equal(new TextDecoder('UTF8').encoding, 'utf-8');
  assert.throws(() => new TextDecoder('klingon'), 'RangeError');
  assert.throws(() => new TextDecoder().decode('text'), 'TypeError');
});

test('TextDecoder: utf-16le and latin1', () => {
  assert.equal(new TextDecoder('utf-16le').decode(bytes(0x4b, 0x04, 0x3d, 0xd8, 0x00, 0xde)), 'ы😀');
  const decoder = new TextDecoder('utf-16le');
  assert.equal(decoder.decode(bytes(0x3d, 0xd8, 0x00), { stream: true }), '');
  assert.equal(decoder.decode(bytes(0xde)), '😀');
  assert.equal(new TextDecoder('utf-16le').decode(bytes(0x00, 0xd8)), '\ufffd');
  assert.equal(new TextDecoder('latin1').decode(bytes(0xe9, 0x80, 0x41)), 'é€A');
});

test('atob and btoa', () => {
  assert.equal(btoa('\xff\0a'), '/wBh');
  assert.equal(atob(' /wBh\n'), '\xff\0a');
  assert.throws(() => btoa('ы'), 'InvalidCharacterError');
  assert.throws(() => atob('a'), 'InvalidCharacterError');
});

test('structuredClone copies what JavaScript has', () => {
  const shared = { x: 1 };
  const source = {
    date: new Date(5), map: new Map([[shared, 'v']]), set: new Set([shared]), list: [1, , shared], regexp: /a/gi, big: 10n,
    bytes: bytes(1, 2, 3).subarray(1), buffer: bytes(9).buffer, view: new DataView(bytes(1, 2).buffer, 1), boxed: Object('s'),
    nothing: null, missing: undefined, ['__proto__']: 1,
  };
  source.self = source;
  const copy = structuredClone(source);
  assert(copy !== source && copy.self === copy);
  assert.equal(copy.date.getTime(), 5);
  const key = copy.map.keys().next().value;
  assert(key !== shared && key.x === 1 && copy.set.has(key) && copy.list[2] === key);
  assert.equal(1 in copy.list, false);
  assert.equal(copy.list.length, 3);
  assert.equal(`${copy.regexp}`, '/a/gi');
  assert.same(copy.bytes, bytes(2, 3));
  assert.equal(copy.bytes.buffer.byteLength, 3);
  assert.same(new Uint8Array(copy.buffer), bytes(9));
  assert.equal(copy.view.getUint8(0), 2);
  assert.equal(typeof copy.boxed, 'object');
  assert('missing' in copy && copy.nothing === null && copy.big === 10n);
  assert.equal(Object.keys(copy).includes('__proto__'), true);
});

test('structuredClone: errors, classes, refusals', () => {
  const copy = structuredClone(new RangeError('m', { cause: { a: 1 } }));
  assert(copy instanceof RangeError);
  assert.same([copy.name, copy.message, copy.cause.a], ['RangeError', 'm', 1]);
  class Point { constructor() { this.x = 1; } }
  assert.equal(Object.getPrototypeOf(structuredClone(new Point())), Object.prototype);
  assert.same(structuredClone({ get a() { return 1; } }), { a: 1 });
  for (const value of [() => {}, Symbol('s'), { f() {} }, [Symbol('x')], new WeakMap()]) {
    assert.throws(() => structuredClone(value), 'DataCloneError');
  }
  assert.throws(() => structuredClone(new Map([[1, { get x() { throw new TypeError('mine'); } }]])), 'mine');
});

test('events reach listeners once each, in order', () => {
  const target = new EventTarget();
  const seen = [];
  const listener = (event) => seen.push(event.type);
  target.addEventListener('a', listener);
  target.addEventListener('a', listener);
  target.addEventListener('a', { handleEvent(event) { seen.push(event.target === target); } });
  target.addEventListener('a', () => seen.push('once'), { once: true });
  assert.equal(target.dispatchEvent(new Event('a')), true);
  target.removeEventListener('a', listener);
  target.dispatchEvent(new CustomEvent('a', { detail: 5 }));
  assert.same(seen, ['a', true, 'once', true]);
  assert.equal(new CustomEvent('x', { detail: 5 }).detail, 5);
});

test('events: cancel, stop, errors of listeners', () => {
  const target = new EventTarget();
  takeLogs();
  target.addEventListener('a', (event) => { event.preventDefault(); });
  target.addEventListener('a', () => { throw new Error('listener'); });
  target.addEventListener('a', (event) => { event.stopImmediatePropagation(); });
  target.addEventListener('a', () => assert(false));
  const event = new Event('a', { cancelable: true });
  assert.equal(target.dispatchEvent(event), false);
  assert(event.defaultPrevented);
  assert(takeLogs()[0][1].includes('listener'));
  assert.throws(() => target.dispatchEvent({ type: 'a' }), 'TypeError');
  class Own extends EventTarget {}
  assert.equal(new Own().dispatchEvent(new Event('x')), true);
});

test('AbortController, abort, timeout and any', async () => {
  const controller = new AbortController();
  let count = 0;
  controller.signal.onabort = () => { count++; };
  controller.signal.addEventListener('abort', () => { count++; });
  const any = AbortSignal.any([new AbortController().signal, controller.signal]);
  controller.abort('why');
  controller.abort('again');
  assert.same([count, controller.signal.aborted, controller.signal.reason, any.aborted, any.reason], [2, true, 'why', true, 'why']);
  assert.throws(() => controller.signal.throwIfAborted(), 'why');
  assert.equal(AbortSignal.abort().reason.name, 'AbortError');
  const timeout = AbortSignal.timeout(20);
  assert(!timeout.aborted);
  await sleep(30);
  assert.equal(timeout.reason.name, 'TimeoutError');
  assert.throws(() => new AbortSignal(), 'TypeError');
  assert.equal(AbortSignal.any([AbortSignal.abort(1)]).reason, 1);
});

test('crypto.getRandomValues and randomUUID', () => {
  const array = new Uint32Array(8).subarray(2);
  assert.equal(crypto.getRandomValues(array), array);
  assert(array.some((value) => value !== 0));
  assert.equal(array.buffer.byteLength, 32);
  assert.same([...new Uint32Array(array.buffer, 0, 2)], [0, 0]);
  assert.throws(() => crypto.getRandomValues(new Float64Array(1)), 'TypeMismatchError');
  assert.throws(() => crypto.getRandomValues([1]), 'TypeMismatchError');
  assert.throws(() => crypto.getRandomValues(new Uint8Array(65537)), 'QuotaExceededError');
  const ids = new Set();
  for (let i = 0; i < 200; i++) {
    const id = crypto.randomUUID();
    assert(/^[0-9a-f]{8}-[0-9a-f]{4}-4[0-9a-f]{3}-[89ab][0-9a-f]{3}-[0-9a-f]{12}$/.test(id), id);
    ids.add(id);
  }
  assert.equal(ids.size, 200);
  assert.equal($crypto, crypto);
});
