// URL and URLSearchParams against the cases of the standard that are easily got wrong.
const href = (url, base) => new URL(url, base).href;

test('parsing: default ports, case, credentials, dots, empty parts', () => {
  const cases = {
    'HTTP://EXAMPLE.com:80/%7Efoo/../a/./b': 'http://example.com/a/b',
    'https://user:pa%20ss@host:8443/p?q#f': 'https://user:pa%20ss@host:8443/p?q#f',
    'http://host': 'http://host/',
    'http:host': 'http://host/',
    'http:\\\\host\\a\\b?c\\d': 'http://host/a/b?c\\d',
    'http://a//b///c': 'http://a//b///c',
    'http://a/b/..': 'http://a/',
    'http://a/b/.': 'http://a/b/',
    'http://a/%2e%2E/%2e/c': 'http://a/c',
    'http://a/../../x': 'http://a/x',
    '  http://a/b \n': 'http://a/b',
    'ht\ntp://a/b\tc': 'http://a/bc',
    'http://a:/': 'http://a/',
    'http://a:00080/': 'http://a/',
    'http://a:65535/': 'http://a:65535/',
    'http://a@b@c/': 'http://a%40b@c/',
    'http://:@c/': 'http://c/',
    'http://u:@c/': 'http://u@c/',
    'http://a?': 'http://a/?',
    'http://a#': 'http://a/#',
    'http://a/?#': 'http://a/?#',
    'mailto:a@b?c=d e': 'mailto:a@b?c=d%20e',
    'data:text/plain,a b#c d': 'data:text/plain,a b#c%20d',
    'javascript:alert(1)//': 'javascript:alert(1)//',
    'foo://Host/A/../B': 'foo://Host/B',
    'foo://host': 'foo://host',
    'foo:///a': 'foo:///a',
    'foo:/a/../b': 'foo:/b',
    'foo:/.//p': 'foo:/.//p',
    'web+demo:/.//not-a-host/': 'web+demo:/.//not-a-host/',
    'file:///etc/passwd': 'file:///etc/passwd',
    'file://localhost/a': 'file:///a',
    'file:a': 'file:///a',
    'ws://h:80/': 'ws://h/',
    'wss://h:443/': 'wss://h/',
    'ftp://h:21/': 'ftp://h/',
  };
  for (const input of Object.keys(cases)) assert.equal(href(input), cases[input], input);
});

test('percent-encode sets of path, query, fragment and credentials', () => {
  assert.equal(href('http://a/ "<>`#{}^|\\ы%zz'), 'http://a/%20%22%3C%3E%60#{}^|\\%D1%8B%zz');
  assert.equal(href('http://a/{}^|\'~!$&()*+,;=:@[]'), 'http://a/%7B%7D%5E|\'~!$&()*+,;=:@[]');
  assert.equal(href('http://a/?"<>\'`{}|^ ы'), 'http://a/?%22%3C%3E%27`{}|^%20%D1%8B');
  assert.equal(href('foo://a/?\''), 'foo://a/?\'');
  assert.equal(href('http://a/#"<>`\' ы'), 'http://a/#%22%3C%3E%60\'%20%D1%8B');
  assert.equal(href('http://u;=[]^|:p;=@h/'), 'http://u%3B%3D%5B%5D%5E%7C:p%3B%3D@h/');
  assert.equal(href('http://a/\ud800\x7f\x01z'), 'http://a/%EF%BF%BD%7F%01z');
});

test('hosts: IPv4 in all its spellings', () => {
  const cases = {
    '192.168.0.1': '192.168.0.1', '192.168.1': '192.168.0.1', '0xC0.0250.0.1': '192.168.0.1', 3232235521: '192.168.0.1',
    '0x7f.1': '127.0.0.1', '127.0.0.1.': '127.0.0.1', '%31%32%37.1': '127.0.0.1', '１２７.1': '127.0.0.1', '0x': '0.0.0.0', '1.2.3.a': '1.2.3.a',
  };
  for (const input of Object.keys(cases)) assert.equal(new URL(`http://${input}/`).hostname, cases[input], input);
  for (const bad of ['256.0.0.1', '1.2.3.4.5', '4294967296', '1.2.3.08', '1..2', '0x100.1', '1.2.3.4.5.']) assert(!URL.canParse(`http://${bad}/`), bad);
});

test('hosts: IPv6', () => {
  const cases = {
    '[::1]': '[::1]', '[::]': '[::]', '[2001:DB8::0:1]': '[2001:db8::1]', '[1:0:0:2:0:0:0:3]': '[1:0:0:2::3]', '[::127.0.0.1]': '[::7f00:1]',
    '[1::2:0:0:3:4:5]': '[1:0:2::3:4:5]', '[0:0:0:1::]': '[0:0:0:1::]', '[1:2:3:4:5:6:7:8]': '[1:2:3:4:5:6:7:8]', '[1:2:3:4:5:6:1.2.3.4]': '[1:2:3:4:5:6:102:304]',
  };
  for (const input of Object.keys(cases)) assert.equal(new URL(`http://${input}:81/`).host, `${cases[input]}:81`, input);
  for (const bad of ['[', '[]', '[:]', '[1:2]', '[::1', '[:::]', '[1::2::3]', '[12345::]', '[::1.2.3]', '[::1.2.3.256]', '[1:2:3:4:5:6:7:8:9]', '[::1]x', '[g::]', '[1:2:3:4:5:6:7:8::]']) {
    assert(!URL.canParse(`http://${bad}/`), bad);
  }
});

test('hosts: names', () => {
  assert.equal(new URL('http://Пример.РФ/').host, 'xn--e1afmkfd.xn--p1ai');
  assert.equal(new URL('http://bücher.example').host, 'xn--bcher-kva.example');
  assert.equal(new URL('http://日本語。jp').host, 'xn--wgv71a119e.jp');
  assert.equal(new URL('http://ＥＸＡＭＰＬＥ.com').host, 'example.com');
  assert.equal(new URL('http://a\u00adb.com').host, 'ab.com');
  assert.equal(new URL('http://ex%41mple.com').host, 'example.com');
  assert.equal(new URL('foo://ы/').host, '%D1%8B');
  for (const bad of ['a b', 'a<b', 'a%00b', 'a%2fb', '%', 'a|b', 'a^b', '', '%ff', 'a[b', '@', 'a:b', ':80', 'a:65536', 'u@', 'u@:80']) {
    assert(!URL.canParse(`http://${bad}/`), bad);
  }
  assert(!URL.canParse('foo://a b/') && !URL.canParse('foo://a:b/'));
});

test('relative resolution', () => {
  const base = 'http://u:p@a.example:81/b/c/d;p?q#f';
  const cases = {
    g: 'http://u:p@a.example:81/b/c/g', './g/': 'http://u:p@a.example:81/b/c/g/', '/g': 'http://u:p@a.example:81/g', '//g': 'http://g/',
    '?y': 'http://u:p@a.example:81/b/c/d;p?y', '#s': 'http://u:p@a.example:81/b/c/d;p?q#s', '': 'http://u:p@a.example:81/b/c/d;p?q',
    '../..': 'http://u:p@a.example:81/', '../../../g': 'http://u:p@a.example:81/g', 'g?y/../x': 'http://u:p@a.example:81/b/c/g?y/../x',
    'http:g': 'http://u:p@a.example:81/b/c/g', 'https:g': 'https://g/', '\\x': 'http://u:p@a.example:81/x', '\\\\h\\y': 'http://h/y', ';x': 'http://u:p@a.example:81/b/c/;x',
    'g:h': 'g:h',
  };
  for (const input of Object.keys(cases)) assert.equal(href(input, base), cases[input], input);
  assert.equal(href('x', 'foo:/a/b'), 'foo:/a/x');
  assert.equal(href('#x', 'mailto:a'), 'mailto:a#x');
  assert(!URL.canParse('x', 'mailto:a') && !URL.canParse('x') && !URL.canParse('', 'x'));
  assert.equal(href('b', 'file:///x/a'), 'file:///x/b');
  assert.equal(href('//h/b', 'file:///x/a'), 'file://h/b');
});

test('properties', () => {
  const url = new URL('https://u:p@h:81/a/b?c=d#e');
  assert.same(
    [url.protocol, url.username, url.password, url.host, url.hostname, url.port, url.pathname, url.search, url.hash, url.origin],
    ['https:', 'u', 'p', 'h:81', 'h', '81', '/a/b', '?c=d', '#e', 'https://h:81'],
  );
  assert.same([new URL('file:///a').origin, new URL('foo://h').origin, new URL('blob:https://h:1/x').origin], ['null', 'null', 'https://h:1']);
  assert.same([new URL('http://a?').search, new URL('http://a#').hash], ['', '']);
  assert.equal(JSON.stringify({ url }), '{"url":"https://u:p@h:81/a/b?c=d#e"}');
  assert.equal(`${url}`, url.href);
  assert.throws(() => new URL('no url'), 'TypeError', 'Invalid URL');
  assert.equal(URL.parse('no url'), null);
  assert.equal(URL.parse('b', 'http://a').href, 'http://a/b');
});

test('setters', () => {
  const url = new URL('http://h/a?b#c');
  const set = (key, value) => { url[key] = value; return url.href; };
  assert.equal(set('protocol', 'https'), 'https://h/a?b#c');
  assert.equal(set('protocol', 'foo'), 'https://h/a?b#c');
  assert.equal(set('port', '8080x'), 'https://h:8080/a?b#c');
  assert.equal(set('port', 'x'), 'https://h:8080/a?b#c');
  assert.equal(set('port', '99999'), 'https://h:8080/a?b#c');
  assert.equal(set('port', '443'), 'https://h/a?b#c');
  assert.equal(set('username', 'a b:'), 'https://a%20b%3A@h/a?b#c');
  assert.equal(set('password', '@'), 'https://a%20b%3A:%40@h/a?b#c');
  url.username = url.password = '';
  assert.equal(set('host', 'x:81/ignored'), 'https://x:81/a?b#c');
  assert.equal(set('hostname', 'y:82'), 'https://x:81/a?b#c');
  assert.equal(set('hostname', 'y'), 'https://y:81/a?b#c');
  assert.equal(set('host', ''), 'https://y:81/a?b#c');
  assert.equal(set('host', 'a b'), 'https://y:81/a?b#c');
  assert.equal(set('port', ''), 'https://y/a?b#c');
  assert.equal(set('pathname', 'p q?#../x'), 'https://y/p%20q%3F%23../x?b#c');
  assert.equal(set('search', '?z=\'#'), 'https://y/p%20q%3F%23../x?z=%27%23#c');
  assert.equal(set('search', ''), 'https://y/p%20q%3F%23../x#c');
  assert.equal(set('hash', ''), 'https://y/p%20q%3F%23../x');
  assert.equal(set('hash', 'f'), 'https://y/p%20q%3F%23../x#f');
  assert.equal(set('href', 'http://new/'), 'http://new/');
  assert.throws(() => { url.href = 'broken'; }, 'Invalid URL');
  const mail = new URL('mailto:a');
  mail.pathname = 'b';
  mail.host = 'c';
  assert.equal(mail.href, 'mailto:a');
});

test('searchParams and search follow one another', () => {
  const url = new URL('http://a/?x=1&y=%20');
  const params = url.searchParams;
  assert.equal(params, url.searchParams);
  params.append('z', 'a b&c');
  assert.equal(url.search, '?x=1&y=+&z=a+b%26c');
  url.search = '?n=2';
  assert.same([params.get('n'), params.get('x'), params.size], ['2', null, 1]);
  params.delete('n');
  assert.equal(url.href, 'http://a/');
  url.href = 'http://b/?k=v';
  assert.equal(params.get('k'), 'v');
});

test('URLSearchParams', () => {
  const params = new URLSearchParams('?a=1&b=2&a=3&c');
  assert.same([params.get('a'), params.getAll('a'), params.get('none'), params.has('a', '3'), params.has('a', '9')], ['1', ['1', '3'], null, true, false]);
  params.set('a', 'x');
  assert.equal(params.toString(), 'a=x&b=2&c=');
  params.delete('b', '9');
  params.sort();
  assert.same([...params], [['a', 'x'], ['b', '2'], ['c', '']]);
  assert.same([[...params.keys()], [...params.values()], [...params.entries()].length], [['a', 'b', 'c'], ['x', '2', ''], 3]);
  assert.equal(`${new URLSearchParams({ 'a b': '~!\'()*-._', ы: '&=+%' })}`, 'a+b=%7E%21%27%28%29*-._&%D1%8B=%26%3D%2B%25');
  assert.equal(`${new URLSearchParams([['a', 1], ['a', 2]])}`, 'a=1&a=2');
  assert.equal(`${new URLSearchParams(new Map([['k', 'v']]))}`, 'k=v');
  assert.equal(`${new URLSearchParams(params)}`, 'a=x&b=2&c=');
  assert.throws(() => new URLSearchParams([['a']]), 'TypeError');
  const seen = [];
  params.forEach((value, name) => seen.push(name + value));
  assert.same(seen, ['ax', 'b2', 'c']);
});
