// router: matching, middleware, groups, CORS, and what goes wrong.
const bodyOf = (answer) => JSON.parse(answer.b);
const warnings = () => takeLogs().filter((entry) => entry[0] === 'warn').map((entry) => entry[1]);

test('each method registers its own handler', () => {
  for (const key of ['get', 'post', 'put', 'delete', 'patch', 'head', 'options']) router[key]('/methods', () => key);
  for (const key of ['get', 'post', 'put', 'delete', 'patch', 'head', 'options']) {
    assert.equal(request(key.toUpperCase(), '/methods').b, key);
  }
  assert.equal(router, $router);
});

test('all answers every method, a specific one comes first', () => {
  router.all('/any', () => 'all');
  router.post('/any', () => 'post');
  assert.equal(request('GET', '/any').b, 'all');
  assert.equal(request('PROPFIND', '/any').b, 'all');
  assert.equal(request('POST', '/any').b, 'post');
  assert.equal(request('OPTIONS', '/any').b, 'all');
});

test('static wins over :param, which wins over *', () => {
  router.get('/u/*', (ctx) => `rest ${ctx.params['*']}`);
  router.get('/u/:id', (ctx) => `param ${ctx.params.id}`);
  router.get('/u/me', () => 'me');
  router.get('/u/:id/posts/:post', (ctx) => `${ctx.params.id} ${ctx.params.post}`);
  router.get('/u/me/settings', () => 'settings');
  assert.equal(request('GET', '/u/me').b, 'me');
  assert.equal(request('GET', '/u/7').b, 'param 7');
  assert.equal(request('GET', '/u/7/x').b, 'rest 7/x');
  assert.equal(request('GET', '/u/me/settings').b, 'settings');
  assert.equal(request('GET', '/u/me/posts/3').b, 'me 3', 'a branch that fails is left again');
  assert.equal(request('GET', '/u/me/posts').b, 'rest me/posts');
  assert.equal(request('GET', '/u/').b, 'rest ');
  assert.equal(request('GET', '/u').b, 'rest ');
});

test('another method on a more specific path does not hide the less specific one', () => {
  router.post('/mix/special', () => 'special');
  router.get('/mix/:id', (ctx) => ctx.params.id);
  assert.equal(request('GET', '/mix/special').b, 'special');
  const answer = request('DELETE', '/mix/special');
  assert.equal(answer.s, 405);
  assert.equal(answer.h.allow, 'OPTIONS, HEAD, POST, GET');
});

test('a trailing slash is tolerated, the exact form comes first', () => {
  router.get('/slash', () => 'plain');
  router.get('/slashed/', () => 'slashed');
  router.get('/both', () => 'without');
  router.get('/both/', () => 'with');
  assert.equal(request('GET', '/slash/').b, 'plain');
  assert.equal(request('GET', '/slashed').b, 'slashed');
  assert.equal(request('GET', '/both').b, 'without');
  assert.equal(request('GET', '/both/').b, 'with');
  assert.equal(request('GET', '/both//').s, 404);
  router.get('/', () => 'root');
  assert.equal(request('GET', '/').b, 'root');
});

test('params are the path as front decoded it; odd names are plain keys', () => {
  router.get('/names/:__proto__/:constructor', (ctx) => ({ ...ctx.params, own: Object.keys(ctx.params).length }));
  const answer = bodyOf(request('GET', '/names/a b/ы%'));
  assert.equal(answer.constructor, 'ы%');
  assert.equal(answer.own, 2);
  assert.equal(request('GET', '/__proto__').s, 404);
  assert.equal(request('GET', '/constructor').s, 404);
  assert.equal(request('toString', '/').s, 405);
});

test('HEAD falls back to GET, OPTIONS answers Allow by itself', () => {
  router.get('/head', () => 'body');
  const head = request('HEAD', '/head');
  assert.equal(head.s, 200);
  assert.equal(head.h['content-type'], 'text/plain; charset=utf-8');
  const options = request('OPTIONS', '/head');
  assert.equal(options.s, 204);
  assert.equal(options.h.allow, 'OPTIONS, HEAD, GET');
  assert.equal(options.b, undefined);
  const refused = request('PUT', '/head');
  assert.equal(refused.s, 405);
  assert.equal(bodyOf(refused).error.code, 'method_not_allowed');
});

test('an unknown path is 404 with a code and the request id', () => {
  const answer = request('GET', '/nowhere');
  assert.equal(answer.s, 404);
  const { error } = bodyOf(answer);
  assert.equal(error.code, 'not_found');
  assert(error.requestId.startsWith('request-'));
  assert.equal(error.message, 'No route for GET /nowhere');
});

test('a route registered twice is replaced, with a warning', () => {
  takeLogs();
  router.get('/twice/:id', () => 'first');
  router.get('/twice/:name', (ctx) => ctx.params.name);
  assert.equal(warnings().length, 1);
  assert.equal(request('GET', '/twice/x').b, 'x');
});

test('what cannot be a route is refused by name', () => {
  assert.throws(() => router.get(5, () => {}), 'router.get', 'path');
  assert.throws(() => router.get('/x'), 'router.get', 'handler');
  assert.throws(() => router.get('/x', 'text'), 'invalid_argument');
  assert.throws(() => router.get('/x', () => {}, () => {}), 'one handler');
  assert.throws(() => router.get('/*/x', () => {}), '* must be the last');
  assert.throws(() => router.get('/:a/:a', () => {}), 'twice');
  assert.throws(() => router.get('/:a-b', () => {}), 'parameter');
  assert.throws(() => router.use('/x'), 'router.use');
  assert.throws(() => router.group('/x'), 'router.group');
  assert.equal(request('GET', '/x').s, 404);
});

test('list tells method and path of each route', () => {
  router.patch('/listed/:id', () => {});
  const found = m3m.router.list();
  let seen = false;
  for (let i = 0; i < found.length; i++) if (found[i].method === 'PATCH' && found[i].path === '/listed/:id') seen = true;
  assert(seen);
});

test('middleware runs by prefix, in order, and may hand on state', () => {
  const order = [];
  router.use('/mw', (ctx) => { order.push('mw'); ctx.state.user = 'Alice'; });
  router.use('/mw/inner', () => { order.push('inner'); });
  router.use('/mw/:any/deep', () => { order.push('deep'); });
  router.get('/mw', (ctx) => ctx.state.user);
  router.get('/mw/inner', (ctx) => ctx.state.user);
  router.get('/mw/x/deep', () => 'deep');
  router.get('/mwx', (ctx) => `${ctx.state.user}`);
  assert.equal(request('GET', '/mw').b, 'Alice');
  assert.equal(request('GET', '/mw/inner').b, 'Alice');
  assert.equal(request('GET', '/mw/x/deep').b, 'deep');
  assert.same(order, ['mw', 'mw', 'inner', 'mw', 'deep']);
  assert.equal(request('GET', '/mwx').b, 'undefined');
});

test('false stops the chain with 403 or with the response made before', () => {
  router.use('/stop', () => false);
  router.get('/stop', () => 'secret');
  assert.equal(request('GET', '/stop').s, 403);
  assert.equal(request('GET', '/stop/unknown').s, 403);
  router.use('/stop2', (ctx) => { ctx.response(401, { login: true }); return false; });
  router.get('/stop2', () => 'secret');
  assert.equal(request('GET', '/stop2').s, 401);
});

test('a response stops the chain, whether returned or only made', () => {
  router.use('/stop3', () => router.response(418, 'teapot'));
  router.get('/stop3', () => 'secret');
  assert.equal(request('GET', '/stop3').b, 'teapot');
  router.use('/stop4', (ctx) => { ctx.redirect('/login'); });
  router.get('/stop4', () => 'secret');
  const answer = request('GET', '/stop4');
  assert.equal(answer.s, 302);
  assert.equal(answer.h.location, '/login');
  router.use('/go', () => true);
  router.use('/go', () => ({ not: 'a response' }));
  router.get('/go', () => 'reached');
  assert.equal(request('GET', '/go').b, 'reached');
});

test('middleware may be async, then the answer is a promise', async () => {
  router.use('/later', async (ctx) => { await null; ctx.state.n = 1; });
  router.get('/later', async (ctx) => { await null; return { n: ctx.state.n }; });
  const promise = m3m.router.dispatch(makeRequest('GET', '/later'));
  assert(promise instanceof Promise);
  assert.equal((await promise).b, '{"n":1}');
  router.use('/later-stop', async () => false);
  router.get('/later-stop', () => 'secret');
  assert.equal((await requestLater('GET', '/later-stop')).s, 403);
});

test('synchronous handlers make no promise', () => {
  router.get('/sync', () => ({ ok: true }));
  assert.equal(m3m.router.dispatch(makeRequest('GET', '/sync')).then, undefined);
});

test('what a handler throws goes to the caller of dispatch', async () => {
  router.get('/throws', () => { throw new RangeError('bad'); });
  router.get('/rejects', async () => { await null; throw new RangeError('later'); });
  assert.throws(() => request('GET', '/throws'), 'RangeError', 'bad');
  await assert.rejects(requestLater('GET', '/rejects'), 'RangeError', 'later');
  router.get('/forged', () => { throw Object.assign(new Error('own'), { code: 'bad_request', status: 400 }); });
  assert.throws(() => request('GET', '/forged'), 'own');
});

test('groups nest, with middleware for their own routes only', () => {
  const order = [];
  router.group('/api', (api) => {
    api.get('/open', () => 'open');
    api.use(() => { order.push('api'); });
    api.group('v1/', (v1) => {
      v1.use(() => { order.push('v1'); });
      v1.use('/admin', () => false);
      v1.get('/items/:id', (ctx) => ctx.params.id);
      v1.get('', () => 'index');
      v1.get('/admin/x', () => 'secret');
    });
    api.get('/late', () => 'late');
  });
  router.get('/api/outside', () => 'outside');
  assert.equal(request('GET', '/api/v1/items/5').b, '5');
  assert.same(order.splice(0), ['api', 'v1']);
  assert.equal(request('GET', '/api/v1').b, 'index');
  assert.equal(request('GET', '/api/open').b, 'open');
  assert.equal(request('GET', '/api/late').b, 'late');
  assert.same(order.splice(0), ['api', 'v1', 'api', 'api']);
  assert.equal(request('GET', '/api/outside').b, 'outside');
  assert.same(order, []);
  assert.equal(request('GET', '/api/v1/admin/x').s, 403);
});

test('cors: preflight, allowed and other origins', () => {
  router.use('/cors', () => {});
  router.get('/cors', () => 'x');
  const preflight = (origin, more) => request('OPTIONS', '/cors', { h: { origin, 'access-control-request-method': 'PUT', ...more } });
  router.cors({ origins: ['https://a.example/'], methods: ['GET', 'PUT'], headers: ['X-Token'], credentials: true, maxAge: 600 });
  const allowed = preflight('https://a.example');
  assert.equal(allowed.s, 204);
  assert.same(allowed.h, {
    vary: 'Origin', 'access-control-allow-origin': 'https://a.example', 'access-control-allow-credentials': 'true',
    'access-control-allow-methods': 'GET, PUT', 'access-control-allow-headers': 'X-Token', 'access-control-max-age': '600',
  });
  assert.equal(preflight('https://b.example').h['access-control-allow-origin'], undefined);
  assert.equal(request('GET', '/cors', { h: { origin: 'https://a.example' } }).h['access-control-allow-origin'], 'https://a.example');
  assert.equal(request('GET', '/cors', { h: { origin: 'https://evil.example' } }).h['access-control-allow-origin'], undefined);
  assert.equal(request('GET', '/cors').h.vary, 'Origin');
  assert.equal(m3m.router.failure(makeRequest('GET', '/cors', { h: { origin: 'https://a.example' } }), 500, 'internal', 'Internal error')
    .h['access-control-allow-origin'], 'https://a.example');
  router.cors({ origins: ['*'] });
  const any = preflight('https://b.example', { 'access-control-request-headers': 'x-a' });
  assert.equal(any.h['access-control-allow-origin'], '*');
  assert.equal(any.h['access-control-allow-headers'], 'x-a');
  assert.throws(() => router.cors({ origins: ['*'], credentials: true }), 'credentials');
  assert.throws(() => router.cors({ origins: 5 }), 'origins');
  assert.throws(() => router.cors(), 'router.cors');
});

test('at most 1000 routes', () => {
  let reached = 0;
  assert.throws(() => { for (;; reached++) router.get(`/many/${reached}`, () => {}); }, 'RangeError', 'limit_routes', '1000');
  assert(reached > 500);
  router.get('/many/0', () => 'replaced');
});
