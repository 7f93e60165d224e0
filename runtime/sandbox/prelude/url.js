// URL: the parser's record behind the standard's properties.
const { List, String, StringIndexOf, StringSlice, StringStartsWith, StringToWellFormed } = m3m.primordials;
const {
  IN_FRAGMENT, IN_USERINFO, PORTS, clean, endOfAuthority, escapeAll, escapeQuery, format, hostText, isSpecial, parse,
  parseHostPort, parsePathStart, parsePort, pathText,
} = m3m.urls;
const { URLSearchParams, attach, reset } = m3m.searchParams;

const textOf = (value) => StringToWellFormed(String(value));

const parseWithBase = (url, base) => {
  if (base === undefined) return parse(textOf(url), undefined);
  const record = parse(textOf(base), undefined);
  return record === undefined ? undefined : parse(textOf(url), record);
};

const lone = (text, mark) => (text === null || text === '' ? '' : mark + text);
const hasNoAuthority = (record) => record.host === null || record.host === '' || record.scheme === 'file:';
const leadingDigits = (text) => {
  let end = 0;
  while (end < text.length && text[end] >= '0' && text[end] <= '9') end++;
  return StringSlice(text, 0, end);
};

class URL {
  #record;
  #params;

  constructor(url, base) {
    const record = parseWithBase(url, base);
    if (record === undefined) throw m3m.newError('ERR_INVALID_URL', `Invalid URL: ${m3m.inspect(textOf(url))}`);
    this.#record = record;
  }

  static canParse(url, base) { return parseWithBase(url, base) !== undefined; }

  static parse(url, base) { return parseWithBase(url, base) === undefined ? null : new URL(url, base); }

  get href() { return format(this.#record); }
  set href(value) {
    const record = parse(textOf(value), undefined);
    if (record === undefined) throw m3m.newError('ERR_INVALID_URL', `Invalid URL: ${m3m.inspect(textOf(value))}`);
    this.#record = record;
    this.#refresh();
  }

  get origin() {
    const record = this.#record;
    if (record.scheme === 'blob:') {
      const inner = parse(pathText(record), undefined);
      return inner !== undefined && (inner.scheme === 'http:' || inner.scheme === 'https:') ? `${inner.scheme}//${hostText(inner)}` : 'null';
    }
    return isSpecial(record.scheme) && record.scheme !== 'file:' ? `${record.scheme}//${hostText(record)}` : 'null';
  }

  get protocol() { return this.#record.scheme; }
  set protocol(value) {
    const text = textOf(value);
    const colon = StringIndexOf(text, ':');
    const probe = parse(`${colon < 0 ? text : StringSlice(text, 0, colon)}://h`, undefined);
    const record = this.#record;
    if (probe === undefined || isSpecial(probe.scheme) !== isSpecial(record.scheme)) return;
    if (probe.scheme === 'file:' && (record.username !== '' || record.password !== '' || record.port !== null)) return;
    if (record.scheme === 'file:' && record.host === '') return;
    record.scheme = probe.scheme;
    if (record.port === PORTS[record.scheme]) record.port = null;
  }

  get username() { return this.#record.username; }
  set username(value) { if (!hasNoAuthority(this.#record)) this.#record.username = escapeAll(textOf(value), IN_USERINFO); }

  get password() { return this.#record.password; }
  set password(value) { if (!hasNoAuthority(this.#record)) this.#record.password = escapeAll(textOf(value), IN_USERINFO); }

  get host() { return hostText(this.#record); }
  set host(value) { this.#setHost(value, true); }

  get hostname() { return this.#record.host ?? ''; }
  set hostname(value) { this.#setHost(value, false); }

  #setHost(value, withPort) {
    const record = this.#record;
    if (typeof record.path === 'string') return;
    const text = clean(textOf(value));
    const name = this.#cutHost(StringSlice(text, 0, endOfAuthority(record, text)), withPort);
    if (name === undefined) return;
    const probe = { __proto__: null, scheme: record.scheme, host: null, port: record.port };
    if (name === '' && !isSpecial(record.scheme)) {
      if (record.username === '' && record.password === '' && record.port === null) record.host = '';
    } else if (parseHostPort(probe, name)) {
      record.host = probe.host;
      record.port = probe.port;
    }
  }

  // The part of `text` that is host (and port), without ? and #; what follows a port's digits does not count.
  #cutHost(text, withPort) {
    let end = text.length;
    for (let i = 0; i < text.length; i++) {
      if (text[i] === '?' || text[i] === '#') {
        end = i;
        break;
      }
    }
    const name = StringSlice(text, 0, end);
    const bracket = name[0] === '[' ? StringIndexOf(name, ']') : 0;
    const colon = StringIndexOf(name, ':', bracket < 0 ? name.length : bracket);
    if (colon < 0) return name;
    if (!withPort) return undefined;
    const port = leadingDigits(StringSlice(name, colon + 1));
    return port === '' ? StringSlice(name, 0, colon) : `${StringSlice(name, 0, colon)}:${port}`;
  }

  get port() { return this.#record.port === null ? '' : `${this.#record.port}`; }
  set port(value) {
    if (hasNoAuthority(this.#record)) return;
    const text = clean(textOf(value));
    const port = leadingDigits(text);
    if (text === '' || port !== '') parsePort(this.#record, port);
  }

  get pathname() { return pathText(this.#record); }
  set pathname(value) {
    const record = this.#record;
    if (typeof record.path === 'string') return;
    record.path = List();
    parsePathStart(record, this.#escapeMarks(clean(textOf(value))));
  }

  #escapeMarks(text) { return m3m.replaceAll(m3m.replaceAll(text, '?', '%3F'), '#', '%23'); }

  get search() { return lone(this.#record.query, '?'); }
  set search(value) {
    const text = clean(textOf(value));
    const query = StringStartsWith(text, '?') ? StringSlice(text, 1) : text;
    this.#record.query = text === '' ? null : escapeQuery(query, this.#record.scheme);
    this.#refresh();
  }

  get searchParams() {
    if (this.#params === undefined) {
      this.#params = new URLSearchParams(this.#record.query ?? '');
      attach(this.#params, (text) => { this.#record.query = text === '' ? null : text; });
    }
    return this.#params;
  }

  #refresh() { if (this.#params !== undefined) reset(this.#params, this.#record.query ?? ''); }

  get hash() { return lone(this.#record.fragment, '#'); }
  set hash(value) {
    const text = clean(textOf(value));
    const fragment = StringStartsWith(text, '#') ? StringSlice(text, 1) : text;
    this.#record.fragment = text === '' ? null : escapeAll(fragment, IN_FRAGMENT);
  }

  toString() { return format(this.#record); }
  toJSON() { return format(this.#record); }

  static is(value) { return #record in value; }
  static href(url) { return format(url.#record); }
}
const { is, href } = m3m.takeStatics(URL, ['is', 'href']);

m3m.url = { __proto__: null, URL, is, href };
m3m.viewers[m3m.viewers.length] = (value) => (is(value) ? { __proto__: null, href: href(value) } : undefined);
m3m.defineClass(URL);
