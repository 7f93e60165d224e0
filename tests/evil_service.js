// A service whose author wants the session of whoever opens it: one script, answered in every type that may run it.
const { attack } = $require('attack');

const PAGE = 'http://www.w3.org/1999/xhtml';
const html = `<!doctype html><title>Evil</title><p>plain words</p><script>${attack}</script>`;
const cdata = `<script xmlns="${PAGE}"><![CDATA[${attack}]]></script>`;
const sheet = `<xsl:stylesheet version="1.0" xmlns:xsl="http://www.w3.org/1999/XSL/Transform"><xsl:output method="html"/>`
  + `<xsl:template match="/"><html><body><script><![CDATA[${attack}]]></script></body></html></xsl:template></xsl:stylesheet>`;
const part = `--next\r\nContent-Type: text/html\r\n\r\n${html}\r\n--next--\r\n`;

const documents = {
  html: ['text/html; charset=utf-8', html],
  script: ['text/html', '<!doctype html><p>plain words</p><script src="/r/helper/attack.js"></script>'],
  svg: ['image/svg+xml', `<svg xmlns="http://www.w3.org/2000/svg"><script><![CDATA[${attack}]]></script></svg>`],
  xhtml: ['application/xhtml+xml', `<html xmlns="${PAGE}"><head><title>Evil</title></head><body>${cdata}</body></html>`],
  xml: ['text/xml', `<?xml version="1.0"?><root>${cdata}</root>`],
  generic: ['application/xml', `<?xml version="1.0"?><root>${cdata}</root>`],
  sheet: ['text/xml', '<?xml version="1.0"?><?xml-stylesheet type="text/xsl" href="sheet.xsl"?><root/>'],
  inline: ['text/xml', `<?xml version="1.0"?><?xml-stylesheet type="text/xsl" href="#sheet"?><!DOCTYPE root [<!ATTLIST xsl:stylesheet id ID #REQUIRED>]>`
    + `<root>${sheet.replace('<xsl:stylesheet ', '<xsl:stylesheet id="sheet" ')}</root>`],
  multipart: ['multipart/x-mixed-replace; boundary=next', part],
  untyped: ['', html],
  unknown: ['application/unknown', html],
  json: ['application/json', html],
  text: ['text/plain', html],
};
for (const [name, [type, body]] of Object.entries(documents)) {
  router.get(`/${name}`, () => ({ status: 200, body, headers: { 'content-type': type } }));
}

// What else it may say in its headers to get rid of those that bind it.
const headers = {
  'content-type': 'text/html',
  'content-security-policy': ["script-src * 'unsafe-inline'", 'sandbox allow-scripts allow-same-origin allow-top-navigation'],
  'Content-Security-Policy': 'sandbox allow-same-origin allow-scripts',
  'content-security-policy-report-only': 'sandbox',
  'x-content-type-options': 'sniff',
  'access-control-allow-origin': '*',
  'cross-origin-opener-policy': 'unsafe-none',
  'service-worker-allowed': '/',
  'origin-agent-cluster': '?1',
  connection: 'content-security-policy',
};
router.get('/relaxed', () => ({ status: 200, body: html, headers }));
router.get('/failing', () => ({ status: 500, body: html, headers: { 'content-type': 'text/html' } }));
router.get('/missing', () => ({ status: 404, body: html, headers: { 'content-type': 'text/html' } }));
router.get('/plain', (ctx) => ctx.html('<p>plain words</p>'));
router.get('/sheet.xsl', () => ({ status: 200, body: sheet, headers: { 'content-type': 'text/xsl' } }));
router.get('/opened', (ctx) => ctx.html(`<script>
  try { globalThis.loot = opener.document.cookie } catch (error) { globalThis.refused = String(error) }
  try { opener.location = '/r/evil/plain' } catch (error) { globalThis.unmoved = String(error) }
</script>`));

const scripts = {
  'attack.js': attack,
  'module.js': "export const word = 'imported';",
  'service-worker.js': "addEventListener('fetch', () => {});",
  'worker.js': "fetch('/api/users/me', { credentials: 'include' }).then((answer) => answer.text()).then(postMessage, postMessage);",
};
for (const [name, body] of Object.entries(scripts)) {
  router.get(`/${name}`, () => ({ status: 200, body, headers: { 'content-type': 'text/javascript' } }));
}

// Everything a script can learn of a request, and every way it may set a cookie.
router.all('/echo', (ctx) => ({
  headers: { ...ctx.headers }, cookies: { ...ctx.cookies }, all: JSON.stringify(ctx.headers), query: ctx.query,
  odd: [ctx.headers.Cookie, ctx.headers.COOKIE, ctx.headers.Authorization, ctx.headers['X-CSRFToken']],
}));
const NAMES = ['m3m_session', 'M3M_Session', 'm3m_csrf', '__Host-m3m_session', '__Secure-m3m_csrf', 'messages', 'django_language'];
const TAILS = ['', '; Path=/', '; Path=/admin/; Domain=127.0.0.1', '; Secure; Path=/', '; Path=/; Max-Age=0', '; Path=/; HttpOnly; SameSite=Lax'];
const lines = NAMES.flatMap((name) => TAILS.flatMap((tail) => [
  `${name}=stolen${tail}`, ` ${name} =stolen${tail}`, `\t${name}=stolen${tail}`, `"${name}"=stolen${tail}`, `=${name}=stolen${tail}`,
  `a=b, ${name}=stolen${tail}`, `;${name}=stolen${tail}`, `${name}${tail}`,
]));
router.get('/set', (ctx) => {
  for (const name of NAMES) {
    for (const path of ['/', '/admin/', undefined]) {
      for (const domain of [undefined, '127.0.0.1', 'localhost', '.']) {
        try { ctx.setCookie(name, 'stolen', { path, domain }); } catch (error) { console.log(error.message); }
      }
    }
  }
  ctx.setCookie('own', 'mine', { path: '/' });
  return ctx.response(200, '<p>plain words</p>', { 'content-type': 'text/html', 'Set-Cookie': lines, 'set-cookie': lines, 'SET-COOKIE2': lines });
});
router.get('/flood', (ctx) => {
  for (let i = 0; i < 400; i++) ctx.setCookie(`flood${i}`, 'x');
  return ctx.html('<p>plain words</p>');
});
const BREAKS = ['\r\n', '\n', '\r', '\u0000', '\u2028', '\u010d\u010a', '%0d%0a'];
router.get('/break/:which/:where', (ctx) => {
  const line = `x${BREAKS[ctx.params.which]}Set-Cookie: m3m_session=stolen; Path=/`;
  const places = [
    { 'x-a': line }, { [line]: 'x' }, { 'x-a': [line] }, { 'content-type': `text/html${line}` }, { location: line }, { 'set-cookie': `a=${line}` },
  ];
  return { status: 200, body: '<p>plain words</p>', headers: { 'content-type': 'text/html', ...places[ctx.params.where] } };
});
router.get('/random', () => Array.from({ length: 20 }, () => Math.random()));
