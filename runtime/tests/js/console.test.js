// logger, $logger and console: what a line looks like and that nothing breaks logging.
const lines = () => takeLogs().map((entry) => entry[1]);
const line = (...args) => {
  takeLogs();
  console.log(...args);
  return lines().join('\n');
};

test('one object under three names, each function writes its level', () => {
  assert.equal(console, logger);
  assert.equal($logger, logger);
  takeLogs();
  logger.debug('a');
  logger.info('b');
  logger.log('c');
  logger.warn('d');
  logger.error('e');
  assert.same(takeLogs(), [['debug', 'a'], ['info', 'b'], ['info', 'c'], ['warn', 'd'], ['error', 'e']]);
});

test('functions work without their object', () => {
  const { info, warn } = console;
  takeLogs();
  info('x');
  ['y'].forEach(warn);
  assert.equal(lines().length, 2);
});

test('strings stand raw at the top and quoted inside', () => {
  assert.equal(line('a', 'b c'), 'a b c');
  assert.equal(line(['a', "it's", 'say "x"', 'line\n']), `[ 'a', "it's", 'say "x"', 'line\\n' ]`);
});

test('primitives', () => {
  assert.equal(line(1, -0, NaN, 10n, true, null, undefined, Symbol('s')), '1 -0 NaN 10n true null undefined Symbol(s)');
});

test('objects, arrays, depth and cycles', () => {
  assert.equal(line({ a: 1, 'b-c': [1, , 3], [Symbol('k')]: 'v' }), "{ a: 1, 'b-c': [ 1, <empty>, 3 ], [Symbol(k)]: 'v' }");
  assert.equal(line({ a: { b: { c: { d: { e: { f: 1 } } } } } }).includes('[Object]'), true);
  const cycle = { name: 'x' };
  cycle.self = cycle;
  assert.equal(line(cycle), "{ name: 'x', self: [Circular] }");
  const twice = {};
  assert.equal(line([twice, twice]), '[ {}, {} ]');
  assert.equal(line(Object.create(null)), '{}');
  class Point { constructor() { this.x = 1; } }
  assert.equal(line(new Point()), 'Point { x: 1 }');
});

test('long arrays are cut at 100, wide objects broken into lines', () => {
  assert(line(Array.from({ length: 150 }, (_, i) => i)).includes('... 50 more items'));
  const wide = line({ first: 'x'.repeat(40), second: 'y'.repeat(40) });
  assert.equal(wide, `{\n  first: '${'x'.repeat(40)}',\n  second: '${'y'.repeat(40)}'\n}`);
  const huge = [];
  huge.length = 2 ** 31;
  assert(line(huge).includes('more items'));
});

test('built-in kinds', () => {
  assert.equal(line(new Map([['a', { b: 1 }]]), new Set([1, 'x'])), "Map(1) { 'a' => { b: 1 } } Set(2) { 1, 'x' }");
  assert.equal(line(new Date(0), /a\/b/gi), '1970-01-01T00:00:00.000Z /a\\/b/gi');
  assert.equal(line(new Date(NaN)), 'Invalid Date');
  assert.equal(line(new Uint8Array([1, 2])), 'Uint8Array(2) [ 1, 2 ]');
  assert.equal(line(new ArrayBuffer(3)), 'ArrayBuffer { byteLength: 3 }');
  assert.equal(line(Promise.resolve(1)), 'Promise {}');
  assert.equal(line(function named() {}, () => {}, class A {}, class B extends Array {}, async function later() {}),
    '[Function: named] [Function: (anonymous)] [class A] [class B extends Array] [AsyncFunction: later]');
});

test('errors show name, message, stack, own properties and cause', () => {
  const error = new TypeError('wrong', { cause: new Error('deeper') });
  error.code = 'E_X';
  const text = line('failed:', error);
  assert(text.startsWith('failed: TypeError: wrong\n    at '), text);
  assert(text.includes("code: 'E_X'") && text.includes('[cause]: Error: deeper'), text);
});

test('the platform’s objects show what they hold', () => {
  assert.equal(line(new URL('http://a/b?c=1')), "URL { href: 'http://a/b?c=1' }");
  assert.equal(line(new Headers({ A: '1' })), "Headers { a: '1' }");
  assert.equal(line(new URLSearchParams('a=1')), "URLSearchParams { a: '1' }");
});

test('printf forms', () => {
  assert.equal(line('%s is %d years, %i, %f', 'Bob', '42', 3.9, '1.5'), 'Bob is 42 years, 3, 1.5');
  assert.equal(line('%j %o %O', { a: 1 }, { b: 2 }, [3]), '{"a":1} { b: 2 } [ 3 ]');
  assert.equal(line('100%% of %s', 'x'), '100% of x');
  assert.equal(line('100%'), '100%');
  assert.equal(line('%s %s', 'one'), 'one %s');
  assert.equal(line('%c styled', 'color: red'), ' styled');
  assert.equal(line('%x %s', 1), '%x 1');
  assert.equal(line('a', 1, { b: 2 }), 'a 1 { b: 2 }');
  const cycle = {};
  cycle.self = cycle;
  assert.equal(line('%j', cycle), '[Circular]');
});

test('hostile values never break logging', () => {
  const hostile = [
    { get a() { throw new Error('no'); } },
    new Proxy({}, { ownKeys() { throw new Error('no'); } }),
    new Proxy({}, { getPrototypeOf() { throw new Error('no'); } }),
    new Proxy(function f() {}, {}),
    { toString() { throw new Error('no'); }, [Symbol.toPrimitive]() { throw new Error('no'); } },
    { get [Symbol.toStringTag]() { throw new Error('no'); } },
    { [Symbol.toStringTag]: 'Map' },
    { constructor: { get name() { throw new Error('no'); } } },
    Object.assign(Object.create(Map.prototype), { a: 1 }),
    Object.defineProperty(new Error('x'), 'stack', { get() { throw new Error('no'); } }),
    Object.defineProperty(new Error('x'), 'message', { get() { return { toString() { throw new Error('no'); } }; } }),
  ];
  for (const value of hostile) {
    assert(typeof line(value) === 'string' && line(value) !== '');
    line('%s %d %i %f %j %o', value, value, value, value, value, value);
  }
  assert(line({ get a() { return 1; }, set b(v) {} }) === '{ a: [Getter], b: [Setter] }');
});

test('a line has at most 10 000 characters and says how many are missing', () => {
  const text = line('x'.repeat(25000));
  assert(text.length <= 10000);
  assert(/… \(15\d{3} more\)$/.test(text), text.slice(-30));
  assert(line('😀'.repeat(6000)).isWellFormed());
  const big = Array.from({ length: 100 }, () => 'y'.repeat(2000));
  assert(line(big).length <= 10000);
});

test('the level of a logger drops what is below', () => {
  takeLogs();
  logger.level = 'warn';
  logger.debug('a');
  logger.info('b');
  logger.warn('c');
  logger.level = 'debug';
  assert.same(lines(), ['c']);
  assert.throws(() => { logger.level = 'loud'; }, 'RangeError', 'logger.level');
  assert.equal(logger.level, 'debug');
});

test('a child puts its fields before each line and may have a level of its own', () => {
  const child = logger.child({ user: 7, name: 'A B' }).child({ job: 'x' });
  takeLogs();
  child.info('hello', { a: 1 });
  child.level = 'error';
  child.warn('dropped');
  logger.warn('kept');
  assert.same(lines(), ['user=7 name="A B" job=x hello { a: 1 }', 'kept']);
  assert.throws(() => logger.child('x'), 'logger.child');
});

test('assert, count, time, table, dir, trace and groups', () => {
  takeLogs();
  console.assert(true, 'no');
  console.assert(false, 'yes %d', 1);
  console.count();
  console.count();
  console.count('other');
  console.countReset();
  console.count();
  console.time('t');
  console.timeLog('t', 'so far');
  console.timeEnd('t');
  console.timeEnd('t');
  assert.same(takeLogs(), [
    ['error', 'Assertion failed: yes 1'], ['info', 'default: 1'], ['info', 'default: 2'], ['info', 'other: 1'], ['info', 'default: 1'],
    ['info', 't: 0.000ms so far'], ['info', 't: 0.000ms'], ['warn', "timeEnd: no timer 't'"],
  ]);
  console.table([{ a: 1, b: 'x' }, { a: 22 }]);
  console.dir({ a: 1 });
  const text = lines().join('\n');
  assert(text.includes("| (index) | a  | b   |") && text.includes('{ a: 1 }'), text);
  console.group('g');
  console.log('in\nside');
  console.group();
  console.log('deeper');
  console.groupEnd();
  console.groupEnd();
  console.groupEnd();
  console.log('out');
  assert.same(lines(), ['g', '  in\n  side', '    deeper', 'out']);
  console.trace('here');
  assert(lines()[0].startsWith('Trace: here\n    at '));
});
