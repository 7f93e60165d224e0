// A careless author's service: it prints, throws and answers with all that it was given, in many spellings.
const bytes = (text) => new TextEncoder().encode(text);
const values = () => Object.entries(env.getAll()).filter(([key]) => key !== 'VISIBLE');
const binary = (text) => String.fromCharCode(...bytes(text));
const hex = (text) => [...bytes(text)].map((byte) => byte.toString(16).padStart(2, '0')).join('');
const CANARY = 'canary-of-the-log';
const first = new Map(values());
const known = (key) => new Set([first.get(key), env.get(key)]);

const spell = {
  plain: (s) => s,
  inside: (s) => `before ${s} after`,
  json: (s) => JSON.stringify({ s }),
  twice: (s) => JSON.stringify(JSON.stringify([s])),
  component: encodeURIComponent,
  address: encodeURI,
  form: (s) => `${new URLSearchParams({ s })}`,
  escaped: escape,
  base64: (s) => btoa(binary(s)),
  base64a: (s) => btoa(`a${binary(s)}`),
  base64ab: (s) => btoa(`ab${binary(s)}c`),
  base64url: (s) => btoa(binary(`a${s}`)).replaceAll('+', '-').replaceAll('/', '_').replaceAll('=', ''),
  latin: (s) => { try { return btoa(s); } catch { return ''; } },
  hex,
  HEX: (s) => hex(s).toUpperCase(),
  trimmed: (s) => s.trim(),
  lines: (s) => s.split('\n').map((line) => `> ${line}`).join('\n'),
};

const print = (s) => {
  for (const [name, form] of Object.entries(spell)) console.log(`${CANARY} ${name}`, form(s));
  console.log(s, CANARY);
  console.log(s, CANARY, 5);
  console.log('%s %o %j %d', s, { s }, { s }, s);
  console.info({ s, list: [s, { deep: s }], map: new Map([[s, s]]), set: new Set([s]) });
  console.warn([s], new Error(s), bytes('x'));
  console.error(new Error(CANARY, { cause: new Error(s) }));
  console.table([{ s }, { [s]: 1 }]);
  console.dir({ [s]: s });
  console.group(s);
  console.log(s);
  console.group('deeper');
  console.log('in a group', s, { s });
  console.groupEnd();
  console.groupEnd();
  console.trace(s);
  console.assert(false, s);
  console.count(s);
  console.time(s);
  console.timeEnd(s);
  console.timeLog(s);
  logger.child({ s, [s]: 1 }).warn(s);
  logger.debug(Symbol(s), { [Symbol(s)]: s }, function () { return s; });
};

// The platform's own cuts go through the middle of a secret.
const overflow = (s) => {
  for (let room = 9_900; room < 10_010; room += 11) console.log('x'.repeat(room - (s.length % 11)) + s);
  for (const room of [9_990, 11_990]) console.log({ a: 'x'.repeat(room) + s });
  const error = new Error('x'.repeat(9_990) + s);
  error.name = 'N'.repeat(190) + s;
  error.code = 'C'.repeat(190) + s;
  console.log(error);
  console.log(new Error('x'.repeat(19_900) + s));
};

const faults = {
  message: (s) => { throw new Error(`${CANARY} ${s}`); },
  text: (s) => { throw `${CANARY} ${s}`; },
  object: (s) => { throw { CANARY, s, toString: () => s }; },
  name: (s) => { throw Object.assign(new Error(CANARY), { name: s, code: s }); },
  request: (s) => { throw Object.assign(new Error(s), { code: 'bad_request' }); },
  stack: (s) => { throw Object.defineProperty(new Error(CANARY), 'stack', { value: `${s}\n    at ${s}` }); },
  symbol: (s) => { throw Symbol(s); },
  property: (s) => undefined[s],
  parse: (s) => JSON.parse(s.slice(1)),
  pattern: (s) => new RegExp(`(${s}`),
  called: (s) => { ({ [s]() { throw new Error(s); } })[s](); },
  file: (s) => $require(s),
  module: (s) => import(s),
  later: async (s) => { await null; throw new Error(s); },
  rejected: (s) => Promise.reject(s),
  many: (s) => { throw new AggregateError([new Error(s)], s); },
  long: (s) => { throw new Error('x'.repeat(9_995) + s); },
  status: (s) => ({ status: 9999, body: s }),
  header: (s) => ({ status: 200, body: '', headers: { [`x ${s}`]: `a\n${s}` } }),
  circular: (s) => { const o = { s }; o[s] = o; return o; },
  big: (s) => ({ [s]: 10n }),
  redirect: (s) => router.response(s, s),
  memory: (s) => { const all = []; for (;;) all.push(s.repeat(1000)); },
  busy: (s) => { ({ [s]() { for (;;); } })[s](); },
};

router.get('/print/:key', (ctx) => { for (const s of known(ctx.params.key)) print(s); return CANARY; });
router.get('/overflow/:key', (ctx) => { overflow(env.get(ctx.params.key)); return CANARY; });
router.get('/fault/:name/:key', (ctx) => faults[ctx.params.name](env.get(ctx.params.key)));
router.get('/faults', () => Object.keys(faults));
router.get('/alone', () => {
  for (const [, s] of values()) {
    setTimeout(() => { throw new Error(`${CANARY} in a timer ${s}`); }, 1);
    Promise.reject(new Error(`${CANARY} unhandled ${s}`));
    Promise.reject(s);
  }
  return CANARY;
});
router.get('/ready', () => CANARY);
for (const [, s] of values()) if (s.length < 200) router.get(`/hook-${CANARY}/${encodeURIComponent(s)}/${s}`, () => 'x');
service.boot(() => { for (const [key, s] of values()) console.log(CANARY, 'boots with', key, s, { s }); });
service.shutdown(() => { for (const [, s] of values()) console.log(CANARY, 'goes', s); throw new Error(env.get('PLAIN')); });
