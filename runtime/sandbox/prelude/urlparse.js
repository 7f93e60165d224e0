// The parser of the URL standard (https://url.spec.whatwg.org/), by pieces instead of by characters. Windows drive letters
// are not treated. A record is {scheme, username, password, host, port, path, query, fragment}: host null or text, port null
// or a number, path a list of segments or, where it is opaque, a string, query and fragment null or text.
const {
  List, NumberToString, RegExp, RegExpExec, StringCodePointAt, StringFromCodePoint, StringIndexOf, StringLastIndexOf,
  StringPadStart, StringSlice, StringStartsWith, StringToLowerCase, StringToUpperCase, StringToWellFormed,
  encodeURIComponent, parseInt,
} = m3m.primordials;
const { parseHost, replaceAll } = m3m;

const PORTS = { __proto__: null, 'http:': 80, 'https:': 443, 'ws:': 80, 'wss:': 443, 'ftp:': 21, 'file:': null };
const SCHEME = new RegExp('^[A-Za-z][A-Za-z0-9+.-]*:');
const DIGITS = new RegExp('^[0-9]*$');
const ENDS = new RegExp('^[\\x00-\\x20]+|[\\x00-\\x20]+$');
const SAFE = new RegExp('^[A-Za-z0-9._-]*$');

const isSpecial = (scheme) => PORTS[scheme] !== undefined;

// ASCII characters that are escaped beside controls and everything outside ASCII.
const IN_FRAGMENT = ' "<>`';
const IN_QUERY = ' "#<>';
const IN_PATH = `${IN_QUERY}?^\`{}`;
const IN_USERINFO = `${IN_PATH}/:;=@[\\]|`;
const IN_COMPONENT = `${IN_USERINFO}$%&+,`;

const escapeAll = (text, set) => {
  if (RegExpExec(SAFE, text) !== null) return text;
  const source = StringToWellFormed(text);
  let result = '';
  for (let i = 0; i < source.length;) {
    const point = StringCodePointAt(source, i);
    const char = StringFromCodePoint(point);
    i += char.length;
    if (point > 0x7e) result += point === 0x7f ? '%7F' : encodeURIComponent(char);
    else if (point < 0x20 || StringIndexOf(set, char) >= 0) result += `%${StringPadStart(StringToUpperCase(NumberToString(point, 16)), 2, '0')}`;
    else result += char;
  }
  return result;
};

const escapeQuery = (text, scheme) => escapeAll(text, isSpecial(scheme) ? `${IN_QUERY}'` : IN_QUERY);

const clean = (input) => {
  let text = input;
  for (let found = RegExpExec(ENDS, text); found !== null; found = RegExpExec(ENDS, text)) {
    text = found.index === 0 ? StringSlice(text, found[0].length) : StringSlice(text, 0, found.index);
  }
  return replaceAll(replaceAll(replaceAll(text, '\t', ''), '\n', ''), '\r', '');
};

const makeRecord = (scheme) => ({
  __proto__: null, scheme, username: '', password: '', host: null, port: null, path: List(), query: null, fragment: null,
});

const copyPath = (path) => {
  if (typeof path === 'string') return path;
  const copy = List();
  for (let i = 0; i < path.length; i++) copy[i] = path[i];
  return copy;
};

const dots = (segment) => {
  const plain = StringToLowerCase(segment);
  if (plain === '.' || plain === '%2e') return 1;
  return plain === '..' || plain === '.%2e' || plain === '%2e.' || plain === '%2e%2e' ? 2 : 0;
};

// Appends the segments of `text`, which has lost its leading slash, to the record's path.
const parsePath = (record, text) => {
  const source = isSpecial(record.scheme) ? replaceAll(text, '\\', '/') : text;
  const segments = m3m.split(source, '/');
  const { path } = record;
  for (let i = 0; i < segments.length; i++) {
    const kind = dots(segments[i]);
    if (kind === 2 && path.length > 0) path.length--;
    if (kind === 0) path[path.length] = escapeAll(segments[i], IN_PATH);
    else if (i === segments.length - 1) path[path.length] = '';
  }
};

const isSlash = (record, char) => char === '/' || (char === '\\' && isSpecial(record.scheme));

// A path that begins after scheme or host.
const parsePathStart = (record, text) => {
  if (text === '' && !isSpecial(record.scheme)) return;
  parsePath(record, isSlash(record, text[0]) ? StringSlice(text, 1) : text);
};

const parsePort = (record, text) => {
  if (text === '') {
    record.port = null;
    return true;
  }
  if (RegExpExec(DIGITS, text) === null) return false;
  const port = parseInt(text, 10);
  if (port > 65535) return false;
  record.port = port === PORTS[record.scheme] ? null : port;
  return true;
};

// Sets host and port; false if they are wrong.
const parseHostPort = (record, text) => {
  const bracket = StringStartsWith(text, '[') ? StringIndexOf(text, ']') : 0;
  const colon = StringIndexOf(text, ':', bracket < 0 ? text.length : bracket);
  const name = colon < 0 ? text : StringSlice(text, 0, colon);
  if (name === '' && (isSpecial(record.scheme) || colon >= 0)) return false;
  const host = name === '' ? '' : parseHost(name, isSpecial(record.scheme), (opaque) => escapeAll(opaque, ''));
  if (host === undefined) return false;
  record.host = host;
  return colon < 0 || parsePort(record, StringSlice(text, colon + 1));
};

const endOfAuthority = (record, text) => {
  for (let i = 0; i < text.length; i++) if (isSlash(record, text[i])) return i;
  return text.length;
};

const parseAuthority = (record, text) => {
  const end = endOfAuthority(record, text);
  const authority = StringSlice(text, 0, end);
  const at = StringLastIndexOf(authority, '@');
  if (at >= 0) {
    const user = StringSlice(authority, 0, at);
    const colon = StringIndexOf(user, ':');
    record.username = escapeAll(colon < 0 ? user : StringSlice(user, 0, colon), IN_USERINFO);
    record.password = colon < 0 ? '' : escapeAll(StringSlice(user, colon + 1), IN_USERINFO);
    if (at === authority.length - 1) return undefined;
  }
  if (!parseHostPort(record, StringSlice(authority, at + 1))) return undefined;
  parsePathStart(record, StringSlice(text, end));
  return record;
};

const skipSlashes = (record, text) => {
  let i = 0;
  while (isSlash(record, text[i])) i++;
  return StringSlice(text, i);
};

const parseFile = (record, text, base, query) => {
  if (isSlash(record, text[0]) && isSlash(record, text[1])) {
    const rest = StringSlice(text, 2);
    const end = endOfAuthority(record, rest);
    const name = StringSlice(rest, 0, end);
    const host = name === '' ? '' : parseHost(name, true);
    if (host === undefined) return undefined;
    record.host = host === 'localhost' ? '' : host;
    parsePathStart(record, StringSlice(rest, end));
    return record;
  }
  record.host = '';
  if (base === undefined || base.scheme !== 'file:') {
    parsePathStart(record, text);
    return record;
  }
  return parseRelative(record, text, base, query);
};

const parseRelative = (record, text, base, query) => {
  if (isSlash(record, text[0]) && isSlash(record, text[1])) {
    return parseAuthority(record, isSpecial(record.scheme) ? skipSlashes(record, text) : StringSlice(text, 2));
  }
  record.username = base.username;
  record.password = base.password;
  record.host = base.host;
  record.port = base.port;
  if (isSlash(record, text[0])) {
    parsePathStart(record, text);
    return record;
  }
  record.path = copyPath(base.path);
  if (text === '') {
    if (query === null) record.query = base.query;
    return record;
  }
  if (record.path.length > 0) record.path.length--;
  parsePath(record, text);
  return record;
};

const parseAfterScheme = (record, text, base, query) => {
  const { scheme } = record;
  if (scheme === 'file:') return parseFile(record, text, base, query);
  if (isSpecial(scheme)) {
    if (base !== undefined && base.scheme === scheme && !StringStartsWith(text, '//')) return parseRelative(record, text, base, query);
    return parseAuthority(record, skipSlashes(record, text));
  }
  if (StringStartsWith(text, '//')) return parseAuthority(record, StringSlice(text, 2));
  if (StringStartsWith(text, '/')) parsePathStart(record, text);
  else record.path = escapeAll(text, '');
  return record;
};

const parseWithoutScheme = (text, base, query, fragment) => {
  if (base === undefined) return undefined;
  const record = makeRecord(base.scheme);
  if (typeof base.path === 'string') {
    if (text !== '' || query !== null || fragment === null) return undefined;
    record.path = base.path;
    record.query = base.query;
    return record;
  }
  return base.scheme === 'file:' ? parseFile(record, text, base, query) : parseRelative(record, text, base, query);
};

// The record of a URL, undefined if it is none; `base` is a record.
const parse = (input, base) => {
  let text = clean(input);
  let query = null;
  let fragment = null;
  const hash = StringIndexOf(text, '#');
  if (hash >= 0) {
    fragment = StringSlice(text, hash + 1);
    text = StringSlice(text, 0, hash);
  }
  const mark = StringIndexOf(text, '?');
  if (mark >= 0) {
    query = StringSlice(text, mark + 1);
    text = StringSlice(text, 0, mark);
  }
  const found = RegExpExec(SCHEME, text);
  const record = found === null
    ? parseWithoutScheme(text, base, query, fragment)
    : parseAfterScheme(makeRecord(StringToLowerCase(found[0])), StringSlice(text, found[0].length), base, query);
  if (record === undefined) return undefined;
  if (query !== null) record.query = escapeQuery(query, record.scheme);
  if (fragment !== null) record.fragment = escapeAll(fragment, IN_FRAGMENT);
  return record;
};

const pathText = ({ path }) => {
  if (typeof path === 'string') return path;
  let text = '';
  for (let i = 0; i < path.length; i++) text += `/${path[i]}`;
  return text;
};

const hostText = (record) => (record.port === null ? record.host ?? '' : `${record.host}:${record.port}`);

const format = (record) => {
  let text = record.scheme;
  if (record.host !== null) {
    text += '//';
    if (record.username !== '' || record.password !== '') {
      text += `${record.username}${record.password === '' ? '' : `:${record.password}`}@`;
    }
    text += hostText(record);
  } else if (typeof record.path !== 'string' && record.path.length > 1 && record.path[0] === '') {
    text += '/.';
  }
  text += pathText(record);
  if (record.query !== null) text += `?${record.query}`;
  return record.fragment === null ? text : `${text}#${record.fragment}`;
};

m3m.urls = {
  __proto__: null, IN_COMPONENT, IN_FRAGMENT, IN_USERINFO, PORTS, clean, endOfAuthority, escapeAll, escapeQuery, format, hostText,
  isSpecial, parse, parseHostPort, parsePathStart, parsePort, pathText,
};
