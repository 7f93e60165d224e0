// Math.random and performance, both set up after the fork by m3m.seed: randomness and time of the zygote are not the service's.
const { ReflectDefineProperty, StringSlice, parseInt, put } = m3m.primordials;
const DateNow = Date.now;

// sfc32; the engine's own generator gives the same numbers in every fork.
let a = 0;
let b = 0;
let c = 0;
let counter = 1;

const next32 = () => {
  const t = (a + b + counter) | 0;
  counter = (counter + 1) | 0;
  a = b ^ (b >>> 9);
  b = (c + (c << 3)) | 0;
  c = (((c << 21) | (c >>> 11)) + t) | 0;
  return t >>> 0;
};

m3m.random = () => ((next32() >>> 5) * 67108864 + (next32() >>> 6)) / 9007199254740992;

ReflectDefineProperty(Math, 'random', {
  __proto__: null, value: function random() { return m3m.random(); }, writable: true, configurable: true,
});

let startedAt = 0;
let timeOrigin = 0;

const performance = {};
put(performance, 'now', function now() { return m3m.host.now() - startedAt; });
ReflectDefineProperty(performance, 'timeOrigin', {
  __proto__: null, get: () => timeOrigin, enumerable: true, configurable: true,
});
m3m.define('performance', performance);

// Takes 32 hex digits of the system's randomness, after the fork and before guest code.
m3m.seed = (hex) => {
  a = parseInt(StringSlice(hex, 0, 8), 16) | 0;
  b = parseInt(StringSlice(hex, 8, 16), 16) | 0;
  c = parseInt(StringSlice(hex, 16, 24), 16) | 0;
  counter = parseInt(StringSlice(hex, 24, 32), 16) | 0;
  for (let i = 0; i < 12; i++) next32();
  startedAt = m3m.host.now();
  timeOrigin = DateNow();
};
