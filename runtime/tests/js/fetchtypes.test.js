// Headers, Request, Response.
test('Headers: names in any case, lists, cookies, order', () => {
  const headers = new Headers({ 'X-B': '2', 'x-a': ' 1 ' });
  headers.append('X-A', '3');
  headers.append('Set-Cookie', 'a=1');
  headers.append('set-cookie', 'b=2');
  assert.equal(headers.get('X-a'), '1, 3');
  assert.equal(headers.get('missing'), null);
  assert.same(headers.getSetCookie(), ['a=1', 'b=2']);
  assert.equal(headers.get('set-cookie'), 'a=1, b=2');
  assert.same([...headers], [['set-cookie', 'a=1'], ['set-cookie', 'b=2'], ['x-a', '1, 3'], ['x-b', '2']]);
  assert.same([...headers.keys()], ['set-cookie', 'set-cookie', 'x-a', 'x-b']);
  assert.same([...headers.values()], ['a=1', 'b=2', '1, 3', '2']);
  headers.set('x-a', 'new');
  headers.delete('X-B');
  assert(headers.has('x-A') && !headers.has('x-b'));
  const copy = new Headers(headers);
  headers.set('x-a', 'changed');
  assert.equal(copy.get('x-a'), 'new');
  const seen = [];
  copy.forEach((value, name, all) => seen.push(`${name}=${value}`, all === copy));
  assert.same(seen, ['set-cookie=a=1', true, 'set-cookie=b=2', true, 'x-a=new', true]);
  assert.equal(new Headers([['a', 'b']]).get('a'), 'b');
});

test('Headers refuse what no header can carry', () => {
  assert.throws(() => new Headers({ 'a b': 'x' }), 'TypeError', 'header name');
  assert.throws(() => new Headers({ a: 'x\r\ny' }), 'TypeError');
  assert.throws(() => new Headers([['only']]), 'TypeError');
  assert.throws(() => new Headers(null), 'TypeError');
  assert.equal(new Headers().has('__proto__'), false);
});

test('Response reads its body once, in each form', async () => {
  assert.equal(await new Response('ы').text(), 'ы');
  assert.same(await new Response('{"a":1}').json(), { a: 1 });
  assert.same([...await new Response('é').bytes()], [0xc3, 0xa9]);
  assert.equal((await new Response(new Uint8Array([1, 2])).arrayBuffer()).byteLength, 2);
  assert.equal(await new Response(new Uint8Array([0xef, 0xbb, 0xbf, 0x41])).text(), 'A');
  assert.equal(await new Response(new URLSearchParams({ a: 'b c' })).text(), 'a=b+c');
  const response = new Response('x');
  await response.text();
  assert(response.bodyUsed);
  await assert.rejects(response.text(), 'TypeError', 'read already');
  assert.equal(await new Response(null).text(), '');
});

test('Response: status, headers, statics, clone', async () => {
  const response = new Response('x', { status: 404, statusText: 'Nope' });
  assert.same([response.ok, response.status, response.statusText, response.type, response.url], [false, 404, 'Nope', 'default', '']);
  assert.equal(response.headers.get('content-type'), 'text/plain;charset=UTF-8');
  const copy = response.clone();
  assert.same([await response.text(), await copy.text(), copy.status], ['x', 'x', 404]);
  assert.throws(() => response.clone(), 'read already');
  assert.equal(Response.json([1]).headers.get('content-type'), 'application/json');
  assert.equal(Response.json({}, { headers: { 'Content-Type': 'a/b' } }).headers.get('content-type'), 'a/b');
  assert.equal(Response.redirect('http://a/b', 301).headers.get('location'), 'http://a/b');
  assert.same([Response.error().status, Response.error().type], [0, 'error']);
  assert.throws(() => new Response('x', { status: 204 }), 'TypeError');
  assert.throws(() => new Response('x', { status: 1000 }), 'RangeError');
  assert.throws(() => Response.redirect('http://a', 200), 'RangeError');
  assert.throws(() => Response.json(() => {}), 'TypeError');
});

test('a Response does not share the bytes it was made of', async () => {
  const source = new Uint8Array([1]);
  const response = new Response(source);
  source[0] = 9;
  const [first, second] = [response.clone(), response];
  const read = await first.bytes();
  read[0] = 8;
  assert.equal((await second.bytes())[0], 1);
});

test('Request', async () => {
  const request = new Request('http://a/b c', { method: 'post', body: 'x', headers: { A: '1' } });
  assert.same([request.url, request.method, request.headers.get('a'), request.redirect], ['http://a/b%20c', 'POST', '1', 'follow']);
  assert.equal(request.signal.aborted, false);
  const copy = request.clone();
  const next = new Request(request, { headers: { B: '2' } });
  assert.same([await copy.text(), await next.text(), request.bodyUsed, next.headers.get('a')], ['x', 'x', true, null]);
  assert.equal(new Request(new URL('http://a/')).method, 'GET');
  assert.throws(() => new Request('/relative'), 'Invalid URL');
  assert.throws(() => new Request('http://a', { body: 'x' }), 'cannot have a body');
  assert.throws(() => new Request('http://a', { method: 'TRACE' }), 'not allowed');
  const controller = new AbortController();
  assert.equal(new Request('http://a', { signal: controller.signal }).signal, controller.signal);
});
