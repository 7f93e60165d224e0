// Timers: the loop asks next(), takes one due timer and fires it, so that each callback runs under its own CPU limit.
const {
  List, MathTrunc, Number, ObjectCreate, RangeError, ReflectApply,
} = m3m.primordials;

const MAX_DELAY = 2 ** 31 - 1;

let limit = 200;
let lastId = 0;
let live = 0;
let queue = List(); // sorted by due time, then by order of creation
const byId = ObjectCreate(null);

// At least 1 ms, as in Node: a chain of zero delays must not starve requests.
const delayOf = (value) => {
  const ms = Number(value);
  if (!(ms >= 1)) return 1;
  return ms > MAX_DELAY ? MAX_DELAY : MathTrunc(ms);
};

const insert = (timer) => {
  let i = queue.length;
  while (i > 0 && queue[i - 1].due > timer.due) {
    queue[i] = queue[i - 1];
    i--;
  }
  queue[i] = timer;
};

const remove = (timer) => {
  const rest = List();
  for (let i = 0; i < queue.length; i++) if (queue[i] !== timer) rest[rest.length] = queue[i];
  queue = rest;
};

const add = (callback, ms, args, repeat) => {
  if (live >= limit) {
    throw m3m.newError('limit_timers', `more than ${limit} timers are waiting (limit of timers: ${limit})`, RangeError);
  }
  const delay = delayOf(ms);
  const timer = { __proto__: null, id: ++lastId, callback, args, delay, repeat, due: m3m.host.now() + delay };
  byId[timer.id] = timer;
  live++;
  insert(timer);
  return timer.id;
};

const clear = (id) => {
  const timer = typeof id === 'number' || typeof id === 'string' ? byId[id] : undefined;
  if (timer === undefined) return;
  delete byId[timer.id];
  live--;
  remove(timer);
};

const requireFunction = (name, callback) => {
  if (typeof callback !== 'function') throw m3m.newError('invalid_argument', `${name}: callback must be a function`);
};

m3m.timers = {
  __proto__: null,

  setLimit: (count) => {
    limit = count;
  },
  add,
  clear,

  // When the earliest timer is due, on the scale of host.now; -1 without timers.
  next: () => (queue.length === 0 ? -1 : queue[0].due),

  // Id of one timer that is due at nowMs, 0 if none is. An interval is put back at once, so that a callback that throws
  // or runs long neither ends it nor piles up calls.
  take: (nowMs) => {
    if (queue.length === 0 || queue[0].due > nowMs) return 0;
    const timer = queue[0];
    remove(timer);
    if (timer.repeat) {
      timer.due = nowMs + timer.delay;
      insert(timer);
    }
    return timer.id;
  },

  // Runs the callback of a taken timer; what it throws goes to the caller. A timer cleared since then does nothing.
  fire: (id) => {
    const timer = byId[id];
    if (timer === undefined) return undefined;
    if (!timer.repeat) {
      delete byId[id];
      live--;
    }
    return ReflectApply(timer.callback, undefined, timer.args);
  },

  count: () => live,
};

m3m.define('setTimeout', function setTimeout(callback, delay = 0, ...args) {
  requireFunction('setTimeout', callback);
  return add(callback, delay, args, false);
});
m3m.define('setInterval', function setInterval(callback, delay = 0, ...args) {
  requireFunction('setInterval', callback);
  return add(callback, delay, args, true);
});
m3m.define('clearTimeout', function clearTimeout(id) { clear(id); });
m3m.define('clearInterval', function clearInterval(id) { clear(id); });
