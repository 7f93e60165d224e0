// env: typed values, defaults, and readers that cannot change what others read.
const fill = () => m3m.env.set({
  NAME: 'Alice', PORT: 8080, RATIO: 0.5, ON: true, CONFIG: { list: [1, { deep: true }], empty: {} }, TEXT_NUMBER: ' 42.9 ', YES: 'yes',
  EMPTY: '', NOTHING: null,
});

test('get gives the declared type, and undefined for a missing key', () => {
  fill();
  assert.equal(env.get('NAME'), 'Alice');
  assert.equal(env.get('PORT'), 8080);
  assert.equal(env.get('ON'), true);
  assert.equal(env.get('CONFIG').list[1].deep, true);
  assert.equal(env.get('MISSING'), undefined);
  assert.equal(env.get('toString'), undefined);
  assert.equal(env.get('__proto__'), undefined);
  assert.throws(() => env.get(5), 'TypeError', 'invalid_argument', 'env.get');
});

test('has and keys', () => {
  fill();
  assert(env.has('EMPTY') && env.has('NOTHING') && !env.has('MISSING') && !env.has('constructor'));
  assert.same(env.keys(), ['NAME', 'PORT', 'RATIO', 'ON', 'CONFIG', 'TEXT_NUMBER', 'YES', 'EMPTY', 'NOTHING']);
});

test('getString', () => {
  fill();
  assert.equal(env.getString('PORT', 'x'), '8080');
  assert.equal(env.getString('MISSING', 'x'), 'x');
  assert.equal(env.getString('EMPTY', 'x'), '');
  assert.equal(env.getString('CONFIG', 'x'), '{"list":[1,{"deep":true}],"empty":{}}');
});

test('getInt, getFloat and getBool convert, and fall back to the default', () => {
  fill();
  assert.equal(env.getInt('TEXT_NUMBER', 1), 42);
  assert.equal(env.getInt('NAME', 7), 7);
  assert.equal(env.getInt('EMPTY', 7), 7);
  assert.equal(env.getInt('MISSING', 7), 7);
  assert.equal(env.getInt('RATIO', 7), 0);
  assert.equal(env.getFloat('TEXT_NUMBER', 1), 42.9);
  assert.equal(env.getFloat('RATIO', 1), 0.5);
  assert.equal(env.getFloat('MISSING', 1.5), 1.5);
  assert.equal(env.getBool('ON', false), true);
  assert.equal(env.getBool('YES', false), true);
  assert.equal(env.getBool('PORT', false), true);
  assert.equal(env.getBool('NAME', true), true);
  assert.equal(env.getBool('MISSING', true), true);
});

test('values cannot be changed by a reader', () => {
  fill();
  assert.throws(() => { env.get('CONFIG').list.push(1); });
  assert.throws(() => { 'use strict'; env.get('CONFIG').list[1].deep = false; });
  const all = env.getAll();
  all.NAME = 'Bob';
  assert.equal(env.get('NAME'), 'Alice');
  assert.equal(Object.getPrototypeOf(all), Object.prototype);
});

test('new values replace all old ones', () => {
  fill();
  m3m.env.set({ ONLY: 1 });
  assert.same(env.getAll(), { ONLY: 1 });
  assert.equal($env, env);
});
