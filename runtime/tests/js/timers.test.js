// setTimeout, setInterval and their clears, Math.random, performance.
const sleep = (ms) => new Promise((resolve) => { setTimeout(resolve, ms); });

test('a timeout runs once, with its arguments, when its time has come', async () => {
  const calls = [];
  const before = performance.now();
  setTimeout((...args) => calls.push(args), 50, 1, 'two');
  await sleep(60);
  assert.same(calls, [[1, 'two']]);
  assert(performance.now() - before >= 60);
});

test('timers run in order of their time, then of their making', async () => {
  const order = [];
  setTimeout(() => order.push('c'), 30);
  setTimeout(() => order.push('a'), 10);
  setTimeout(() => order.push('b1'), 20);
  setTimeout(() => order.push('b2'), 20);
  await sleep(40);
  assert.same(order, ['a', 'b1', 'b2', 'c']);
});

test('ids are numbers from 1 and clear a timer, also as text', async () => {
  let ran = false;
  const id = setTimeout(() => { ran = true; }, 5);
  assert.equal(typeof id, 'number');
  assert(id >= 1);
  clearTimeout(`${id}`);
  clearTimeout(undefined);
  clearTimeout(null);
  clearTimeout({});
  clearInterval(12345);
  await sleep(10);
  assert(!ran);
});

test('delays that are negative, NaN, missing or text count as they do in Node', () => {
  const now = m3m.host.now();
  const dueAfter = (delay) => {
    const id = setTimeout(() => {}, delay);
    const due = m3m.timers.next() - now;
    clearTimeout(id);
    return due;
  };
  assert.equal(dueAfter(-5), 1);
  assert.equal(dueAfter(NaN), 1);
  assert.equal(dueAfter(undefined), 1);
  assert.equal(dueAfter('20'), 20);
  assert.equal(dueAfter(7.9), 7);
  assert.equal(dueAfter(Infinity), 2 ** 31 - 1);
});

test('an interval repeats until it is cleared, from inside too', async () => {
  let count = 0;
  const id = setInterval(() => { if (++count === 3) clearInterval(id); }, 10);
  await sleep(100);
  assert.equal(count, 3);
});

test('a timer made in a timer runs', async () => {
  let depth = 0;
  const deeper = () => { if (++depth < 5) setTimeout(deeper, 0); };
  setTimeout(deeper, 0);
  await sleep(20);
  assert.equal(depth, 5);
});

test('what a callback throws comes out of fire, and an interval goes on', () => {
  const id = setInterval(() => { throw new Error('boom'); }, 1);
  const taken = m3m.timers.take(m3m.host.now() + 5);
  assert.equal(taken, id);
  assert.throws(() => m3m.timers.fire(taken), 'boom');
  assert.equal(m3m.timers.take(m3m.host.now() + 20), id);
  clearInterval(id);
  m3m.timers.fire(id);
});

test('a timer that is taken and then cleared does nothing', () => {
  let ran = false;
  const id = setTimeout(() => { ran = true; }, 1);
  assert.equal(m3m.timers.take(m3m.host.now()), 0);
  assert.equal(m3m.timers.take(m3m.host.now() + 1), id);
  clearTimeout(id);
  m3m.timers.fire(id);
  assert(!ran);
});

test('at most 200 timers wait at once', () => {
  const ids = [];
  const free = 200 - m3m.timers.count();
  for (let i = 0; i < free; i++) ids.push(setTimeout(() => {}, 1000));
  assert.throws(() => setTimeout(() => {}, 1000), 'RangeError', 'limit_timers', '200');
  assert.throws(() => setInterval(() => {}, 1000), 'limit_timers');
  clearTimeout(ids.pop());
  ids.push(setTimeout(() => {}, 1000));
  ids.forEach(clearTimeout);
  assert.equal(m3m.timers.next(), -1);
});

test('the callback must be a function', () => {
  assert.throws(() => setTimeout('alert(1)', 1), 'TypeError', 'invalid_argument', 'setTimeout');
  assert.throws(() => setInterval(), 'setInterval');
});

test('Math.random gives doubles from 0 to 1 by its seed', () => {
  const draw = (seed) => {
    m3m.seed(seed);
    return [Math.random(), Math.random(), Math.random()];
  };
  const first = draw('00000000000000000000000000000001');
  assert.same(draw('00000000000000000000000000000001'), first);
  assert(show(draw('00000000000000000000000000000002')) !== show(first));
  let sum = 0;
  const buckets = [0, 0, 0, 0, 0, 0, 0, 0, 0, 0];
  for (let i = 0; i < 20000; i++) {
    const value = Math.random();
    assert(value >= 0 && value < 1);
    sum += value;
    buckets[Math.floor(value * 10)]++;
  }
  assert(Math.abs(sum / 20000 - 0.5) < 0.02);
  for (const bucket of buckets) assert(bucket > 1700 && bucket < 2300, `bucket of ${bucket}`);
});
const show = (value) => JSON.stringify(value);

test('performance counts from the birth of the service', () => {
  m3m.seed('00000000000000000000000000000001');
  assert.equal(performance.now(), 0);
  assert(Math.abs(performance.timeOrigin - Date.now()) < 1000);
});
