// ctx and what becomes of a handler's result.
const bodyOf = (answer) => JSON.parse(answer.b);
let count = 0;
const answerOf = (handler, more = {}, method = 'POST') => {
  const path = `/context/${++count}`;
  router.all(path, handler);
  return request(method, path, more);
};
const valueOf = (read, more) => {
  let value;
  answerOf((ctx) => { value = read(ctx); }, more);
  return value;
};

test('plain facts of the request', () => {
  router.get('/facts/:id', (ctx) => ({
    method: ctx.method, path: ctx.path, id: ctx.params.id, ip: ctx.ip, agent: ctx.userAgent, request: ctx.requestId, query: ctx.rawQuery,
  }));
  const answer = bodyOf(request('GET', '/facts/a', { q: 'x=1', id: 'r1', h: { 'user-agent': 'curl' } }));
  assert.same(answer, { method: 'GET', path: '/facts/a', id: 'a', ip: '10.0.0.1', agent: 'curl', request: 'r1', query: 'x=1' });
});

test('headers have lower-case keys and answer to any spelling', () => {
  const more = { h: { 'content-type': 'text/plain', 'x-token': 't' } };
  assert.equal(valueOf((ctx) => ctx.headers['x-token'], more), 't');
  assert.equal(valueOf((ctx) => ctx.headers['X-Token'], more), 't');
  assert.equal(valueOf((ctx) => ctx.headers['Content-Type'], more), 'text/plain');
  assert.equal(valueOf((ctx) => ctx.headers.missing, more), undefined);
  assert.equal(valueOf((ctx) => ctx.headers.constructor, more), undefined);
  assert.same(valueOf((ctx) => Object.keys(ctx.headers), more), ['content-type', 'x-token']);
  assert.same(valueOf((ctx) => ({ ...ctx.headers }), more), { 'content-type': 'text/plain', 'x-token': 't' });
});

test('query: decoded, the first of a repeated name', () => {
  const query = (q) => valueOf((ctx) => ctx.query, { q });
  assert.same(query('a=1&b=x+y&c=%D1%8B&a=2&flag&=empty&&d='), { a: '1', b: 'x y', c: 'ы', flag: '', '': 'empty', d: '' });
  assert.same(query('bad=%&half=%D1&z=%zz'), { bad: '%', half: '\ufffd', z: '%zz' });
  assert.equal(query('__proto__=x').constructor, undefined);
  assert.same(query(undefined), {});
});

test('cookies', () => {
  const cookies = valueOf((ctx) => ctx.cookies, { h: { cookie: 'a=1; b="q d"; c=%D1%8B; a=2; broken; bad=%' } });
  assert.same(cookies, { a: '1', b: 'q d', c: 'ы', bad: '%' });
  assert.same(valueOf((ctx) => ctx.cookies), {});
});

test('a body of JSON or form type arrives parsed', () => {
  const body = (type, b) => valueOf((ctx) => ctx.body, { h: type === undefined ? {} : { 'content-type': type }, b });
  assert.same(body('application/json', '{"a":[1]}'), { a: [1] });
  assert.same(body('Application/JSON; charset=utf-8', '5'), 5);
  assert.same(body('application/problem+json', 'null'), null);
  assert.same(body('application/x-www-form-urlencoded', 'a=1&b=x+y&a=2&a=3'), { a: ['1', '2', '3'], b: 'x y' });
  assert.equal(body('text/plain', '{"a":1}'), '{"a":1}');
  assert.equal(body(undefined, 'x'), 'x');
  assert.equal(body('application/json', ''), undefined);
  assert.equal(valueOf((ctx) => ctx.body), undefined);
});

test('a binary body arrives as bytes', () => {
  const bytes = valueOf((ctx) => ctx.body, { b64: 'AAH/', h: { 'content-type': 'image/png' } });
  assert.same(bytes, new Uint8Array([0, 1, 255]));
  assert.same(valueOf((ctx) => ctx.rawBody, { b64: 'AAH/' }), new Uint8Array([0, 1, 255]));
  assert.equal(valueOf((ctx) => ctx.rawBody, json({ a: 1 })), '{"a":1}');
  assert.equal(valueOf((ctx) => ctx.rawBody), '');
});

test('malformed JSON is 400 unless the handler catches it', async () => {
  const broken = { h: { 'content-type': 'application/json' }, b: '{"a":' };
  const answer = answerOf((ctx) => ctx.body.a, broken);
  assert.equal(answer.s, 400);
  assert.equal(bodyOf(answer).error.code, 'bad_request');
  const caught = answerOf((ctx) => { try { return ctx.body; } catch (error) { return { code: error.code }; } }, broken);
  assert.equal(caught.b, '{"code":"bad_request"}');
  assert.equal(answerOf((ctx) => ctx.body, { h: broken.h, b64: '/w==' }).s, 400);
  assert.equal(answerOf((ctx) => `${ctx.rawBody}`, broken).b, '{"a":');
  router.post('/context/async', async (ctx) => { await null; return ctx.body; });
  assert.equal((await requestLater('POST', '/context/async', broken)).s, 400);
});

test('results: value, string, bytes, undefined, null', () => {
  const made = (value) => answerOf(() => value);
  assert.same(made({ a: 1 }), { s: 200, h: { 'content-type': 'application/json; charset=utf-8' }, b: '{"a":1}' });
  assert.same(made([1]).b, '[1]');
  assert.same(made(5).b, '5');
  assert.same(made(false).b, 'false');
  assert.same(made(null).b, 'null');
  assert.same(made('text'), { s: 200, h: { 'content-type': 'text/plain; charset=utf-8' }, b: 'text' });
  assert.same(made(new Uint8Array([1, 2])), { s: 200, h: { 'content-type': 'application/octet-stream' }, b64: 'AQI=' });
  assert.same(made(new Uint16Array([1, 2]).subarray(1)).b64, 'AgA=');
  assert.same(made(new Uint8Array([7]).buffer).b64, 'Bw==');
  assert.same(made(new DataView(new Uint8Array([7, 8]).buffer, 1)).b64, 'CA==');
  assert.same(made(undefined), { s: 204, h: {} });
  assert.same(made({ status: 'active' }).b, '{"status":"active"}');
  assert.same(made(new Date(0)).b, '"1970-01-01T00:00:00.000Z"');
});

test('a returned object with a number as status is a response', () => {
  const answer = answerOf(() => ({ status: 201, body: { id: 1 }, headers: { 'X-Id': 1, 'X-List': ['a', 'b'], skipped: undefined } }));
  assert.same(answer, {
    s: 201, h: { 'x-id': '1', 'x-list': ['a', 'b'], 'content-type': 'application/json; charset=utf-8' }, b: '{"id":1}',
  });
  assert.same(answerOf(() => ({ status: 204 })), { s: 204, h: {} });
  assert.same(answerOf(() => ({ status: 304, body: 'x' })), { s: 304, h: {} });
  assert.throws(() => answerOf(() => ({ status: 7 })), 'status', '7');
  assert.throws(() => answerOf(() => ({ status: 101 })), 'RangeError');
});

test('ctx functions: the last result counts even when not returned', () => {
  assert.equal(answerOf((ctx) => { ctx.json({ a: 1 }); }).b, '{"a":1}');
  assert.same(answerOf((ctx) => { ctx.redirect('/x'); }), { s: 302, h: { location: '/x' } });
  assert.equal(answerOf((ctx) => { ctx.text('a'); ctx.text('b', 202); }).s, 202);
  assert.equal(answerOf((ctx) => { ctx.text('a'); return 'returned'; }).b, 'returned');
  assert.equal(answerOf((ctx) => ctx.json('text')).b, '"text"');
  assert.equal(answerOf((ctx) => ctx.html('<p>')).h['content-type'], 'text/html; charset=utf-8');
  assert.equal(answerOf((ctx) => ctx.status(201).json({})).s, 201);
  assert.equal(answerOf((ctx) => { ctx.status(202); return { a: 1 }; }).s, 202);
  assert.equal(answerOf((ctx) => { ctx.status(205); }).s, 205);
  assert.equal(answerOf(({ params, json: send }) => send({ params })).b, '{"params":{}}');
  assert.equal(answerOf(() => router.response(200, { status: 'ok' })).b, '{"status":"ok"}');
  assert.equal(answerOf((ctx) => ctx.response(404, undefined)).b, undefined);
});

test('redirect', () => {
  assert.equal(answerOf((ctx) => ctx.redirect('/ы?a=%20 b', 303)).h.location, '/%D1%8B?a=%20%20b');
  assert.equal(answerOf((ctx) => ctx.redirect('/a\r\nSet-Cookie: x')).h.location, '/a%0D%0ASet-Cookie:%20x');
  assert.throws(() => answerOf((ctx) => ctx.redirect('/x', 200)), 'redirect', 'code');
  assert.throws(() => answerOf((ctx) => ctx.redirect(5)), 'redirect', 'url');
});

test('cookies are checked and written', () => {
  const cookie = (...args) => answerOf((ctx) => { ctx.setCookie(...args); return 'x'; }).c[0];
  assert.equal(cookie('a', 'b c;ы'), 'a=b%20c%3B%D1%8B; Path=/');
  assert.equal(cookie('a', 1, { maxAge: 60, path: '/x', domain: 'example.org', secure: true, httpOnly: true, sameSite: 'lax' }),
    'a=1; Path=/x; Domain=example.org; Max-Age=60; Secure; HttpOnly; SameSite=Lax');
  assert.equal(cookie('a', '', { expires: new Date(0) }), 'a=; Path=/; Expires=Thu, 01 Jan 1970 00:00:00 GMT');
  assert.equal(answerOf((ctx) => { ctx.setCookie('a', '1'); ctx.setCookie('b', '2'); return ctx.json({}); }).c.length, 2);
  const refused = (...args) => assert.throws(() => cookie(...args), 'invalid_argument', 'setCookie');
  refused('a b', 'x');
  refused('a', undefined);
  refused('a', 'x', { path: '/; HttpOnly' });
  refused('a', 'x', { path: '/\r\n' });
  refused('a', 'x', { domain: 5 });
  refused('a', 'x', { maxAge: '60' });
  refused('a', 'x', { sameSite: 'sometimes' });
  refused('a', 'x', { sameSite: 'none' });
  refused('a', 'x'.repeat(5000));
});

test('headers of the answer are checked', () => {
  const header = (name, value) => answerOf(() => ({ status: 200, body: 'x', headers: { [name]: value } }));
  assert.throws(() => header('bad name', 'x'), 'header name');
  assert.throws(() => header('x-a', 'a\r\nb: c'), 'x-a');
  assert.throws(() => header('x-a', 'ы'), 'Latin-1');
  assert.throws(() => header('x-a', {}), 'x-a');
  assert.equal(header('Transfer-Encoding', 'chunked').h['transfer-encoding'], undefined);
  assert.equal(header('Content-Length', '5').h['content-length'], undefined);
  assert.same(header('Set-Cookie', ['a=1', 'b=2']).c, ['a=1', 'b=2']);
  assert.equal(header('Content-Type', 'text/css').h['content-type'], 'text/css');
  assert.equal(answerOf(() => ({ status: 200, body: { a: 1 }, headers: { 'CONTENT-TYPE': 'application/x' } })).b, '{"a":1}');
});

test('what JSON cannot hold is an error that says so', () => {
  const cycle = {};
  cycle.self = cycle;
  assert.throws(() => answerOf(() => cycle), 'not_json', 'circular');
  assert.throws(() => answerOf(() => ({ n: 10n })), 'not_json', 'BigInt');
  assert.throws(() => answerOf(() => () => {}), 'not_json', 'function');
  assert.throws(() => answerOf((ctx) => { ctx.json(cycle); }), 'not_json');
  assert.throws(() => answerOf(() => ({ toJSON() { throw new RangeError('mine'); } })), 'RangeError', 'mine');
});

test('a web Response is an answer', () => {
  assert.same(answerOf(() => Response.json({ a: 1 }, { status: 201, headers: { 'X-A': 'b' } })), {
    s: 201, h: { 'x-a': 'b', 'content-type': 'application/json' }, b: '{"a":1}',
  });
  assert.same(answerOf(() => new Response(null, { status: 204 })), { s: 204, h: {} });
  assert.same(answerOf(() => new Response(new Uint8Array([1]))).b64, 'AQ==');
  assert.same(answerOf(() => new Response('x', { headers: [['Set-Cookie', 'a=1'], ['Set-Cookie', 'b=2']] })).c, ['a=1', 'b=2']);
  assert.same(answerOf(() => Response.redirect('http://a/')), { s: 302, h: { location: 'http://a/' } });
  assert.throws(() => answerOf(() => Response.error()), 'status');
  assert.throws(() => answerOf(() => { const r = new Response('x'); r.text(); return r; }), 'read already');
});

test('ctx shows itself in the log', () => {
  takeLogs();
  answerOf((ctx) => { console.log(ctx); ctx.extra = 1; return ctx.extra; }, { q: 'a=1' });
  const text = takeLogs().map((entry) => entry[1]).join();
  assert(text.includes("method: 'POST'") && text.includes("query: { a: '1' }"), text);
});
