// What a handler gives back, turned into the answer of the wire: {s, h, c?, b? | b64?}.
const {
  ArrayIsArray, Date, DateGetTime, DateToUTCString, JSONStringify, List, NumberIsInteger, ObjectCreate, ObjectKeys, RangeError, RegExp,
  RegExpExec, ReflectSetPrototypeOf, StringCodePointAt, StringFromCodePoint, StringToLowerCase,
  StringToWellFormed, Uint8ArrayToBase64, bytesOf, encodeURIComponent,
} = m3m.primordials;

const JSON_TYPE = 'application/json; charset=utf-8';
const TEXT_TYPE = 'text/plain; charset=utf-8';
const HTML_TYPE = 'text/html; charset=utf-8';
const BINARY_TYPE = 'application/octet-stream';
const TOKEN = new RegExp("^[!#$%&'*+.^_`|~0-9A-Za-z-]+$");
const HEADER_VALUE = new RegExp('^[\\t\\x20-\\x7e\\x80-\\xff]*$');
const COOKIE_ATTRIBUTE = new RegExp('^[\\x20-\\x3a\\x3c-\\x7e]*$');
const MAX_COOKIE = 4096;
const MAX_NAMES = 500;

// The connection belongs to the platform: these would break its framing.
const DROPPED = {
  __proto__: null, connection: true, 'content-length': true, 'keep-alive': true, 'proxy-connection': true, te: true,
  trailer: true, 'transfer-encoding': true, upgrade: true,
};
const REDIRECTS = { __proto__: null, 301: true, 302: true, 303: true, 307: true, 308: true };
const SAME_SITE = { __proto__: null, strict: 'Strict', lax: 'Lax', none: 'None' };

// {s, h, c?, b? | b64?} without a prototype, so that JSON.stringify meets no toJSON of the guest's.
class Answer {
  constructor(status, headers) {
    this.s = status;
    this.h = headers;
  }
}
ReflectSetPrototypeOf(Answer.prototype, null);

const fail = (message, Type) => m3m.newError('invalid_argument', message, Type);

const checkStatus = (status, where) => {
  if (!NumberIsInteger(status) || status < 200 || status > 599) {
    throw fail(`${where}: status must be a whole number from 200 to 599, not ${m3m.inspect(status, 0)}`, RangeError);
  }
  return status;
};

// Lower-case forms of header names seen so far: a service uses few, and checking one costs more than a look-up.
let names = ObjectCreate(null);
let nameCount = 0;

const headerName = (name) => {
  const known = names[name];
  if (known !== undefined) return known;
  if (RegExpExec(TOKEN, name) === null) throw fail(`response: ${m3m.inspect(name)} is not a header name`);
  const lower = StringToLowerCase(name);
  if (++nameCount > MAX_NAMES) {
    names = ObjectCreate(null);
    nameCount = 1;
  }
  names[name] = lower;
  return lower;
};

const headerValue = (name, value) => {
  const text = typeof value === 'number' || typeof value === 'boolean' ? `${value}` : value;
  if (typeof text !== 'string') throw fail(`response: header ${name} must be a string or an array of strings`);
  if (RegExpExec(HEADER_VALUE, text) === null) {
    throw fail(`response: header ${name} may hold only Latin-1 characters without line breaks; encode others`);
  }
  return text;
};

const headerList = (name, value) => {
  const list = List();
  for (let i = 0; i < value.length; i++) list[i] = headerValue(name, value[i]);
  return list;
};

const addHeaders = (answer, headers) => {
  const keys = ObjectKeys(headers);
  for (let i = 0; i < keys.length; i++) {
    const value = headers[keys[i]];
    if (value === undefined || value === null) continue;
    const name = headerName(keys[i]);
    if (name in DROPPED) continue;
    const text = ArrayIsArray(value) ? headerList(name, value) : headerValue(name, value);
    if (name === 'set-cookie') addCookies(answer, text);
    else answer.h[name] = text;
  }
};

const addCookies = (answer, cookies) => {
  answer.c ??= List();
  if (typeof cookies === 'string') answer.c[answer.c.length] = cookies;
  else for (let i = 0; i < cookies.length; i++) answer.c[answer.c.length] = cookies[i];
};

const jsonOf = (value) => {
  let text;
  try {
    text = JSONStringify(value);
  } catch (error) {
    const { name, message } = m3m.toError(error);
    if (name !== 'TypeError') throw error;
    throw m3m.newError('not_json', `response: the body cannot be written as JSON: ${message}`);
  }
  if (text === undefined) throw m3m.newError('not_json', `response: a ${typeof value} cannot be a body`);
  return text;
};

const setBody = (answer, body) => {
  if (body === undefined || answer.s === 204 || answer.s === 304) return;
  let type = JSON_TYPE;
  const bytes = typeof body === 'object' ? bytesOf(body) : undefined;
  if (typeof body === 'string') {
    type = TEXT_TYPE;
    answer.b = body;
  } else if (bytes !== undefined) {
    type = BINARY_TYPE;
    answer.b64 = Uint8ArrayToBase64(bytes);
  } else {
    answer.b = jsonOf(body);
  }
  answer.h['content-type'] ??= type;
};

const encode = (status, body, headers, cookies) => {
  const answer = new Answer(status, ObjectCreate(null));
  if (headers !== undefined && headers !== null) addHeaders(answer, headers);
  setBody(answer, body);
  if (cookies !== undefined) addCookies(answer, cookies);
  return answer;
};

// The answer to what a handler returned; `state` holds what ctx functions have set meanwhile.
const finish = (state, value) => {
  const result = value === undefined ? state.pending : value;
  if (result === undefined) return encode(state.code ?? 204, undefined, undefined, state.setCookies);
  if (typeof result === 'object' && result !== null) {
    const { status } = result;
    if (typeof status === 'number') return fromResponse(state, result, status);
  }
  return encode(state.code ?? 200, result, undefined, state.setCookies);
};

const fromResponse = (state, result, status) => {
  const web = m3m.fromWebResponse(result);
  if (web === undefined) return encode(checkStatus(status, 'response'), result.body, result.headers, state.setCookies);
  return encode(checkStatus(status, 'Response'), web.body, web.headers, state.setCookies);
};

const isResponse = (value) => typeof value === 'object' && value !== null && typeof value.status === 'number';

// {error: {code, message, requestId}}: the form of all errors that the router itself answers.
const problem = (request, status, code, message, headers) => {
  const error = { __proto__: null, code, message, requestId: request.id };
  return encode(status, JSONStringify({ __proto__: null, error }), { __proto__: null, 'content-type': JSON_TYPE, ...headers });
};

// The functions below make the ResponseData that ctx and router hand to the guest.
const response = (status, body, headers) => {
  checkStatus(status, 'response');
  return { status, body, headers };
};

const typed = (status, body, type) => ({ status, body, headers: { 'content-type': type } });

const json = (value, status) => {
  checkStatus(status, 'json');
  const plain = typeof value === 'object' && value !== null && bytesOf(value) === undefined;
  return plain ? { status, body: value, headers: undefined } : typed(status, jsonOf(value), JSON_TYPE);
};

const text = (name, value, status, type) => {
  if (typeof value !== 'string') throw fail(`${name}: the text must be a string`);
  return typed(checkStatus(status, name), value, type);
};

// Escapes only what a header cannot carry: the rest of the address may be encoded already.
const location = (url) => {
  const source = StringToWellFormed(url);
  let result = '';
  for (let i = 0; i < source.length;) {
    const point = StringCodePointAt(source, i);
    const char = StringFromCodePoint(point);
    result += point > 32 && point < 127 ? char : encodeURIComponent(char);
    i += char.length;
  }
  return result;
};

const redirect = (url, status) => {
  if (typeof url !== 'string' || url === '') throw fail('redirect: url must be a string that is not empty');
  if (REDIRECTS[status] === undefined) throw fail('redirect: code must be 301, 302, 303, 307 or 308', RangeError);
  return { status, body: undefined, headers: { location: location(url) } };
};

const attribute = (name, value) => {
  if (typeof value !== 'string' || RegExpExec(COOKIE_ATTRIBUTE, value) === null) {
    throw fail(`setCookie: ${name} must be printable ASCII without a semicolon`);
  }
  return `; ${name[0] === 'p' ? 'Path' : 'Domain'}=${value}`;
};

const lifetime = (options) => {
  let result = '';
  if (options.maxAge !== undefined) {
    if (!NumberIsInteger(options.maxAge)) throw fail('setCookie: maxAge must be a whole number of seconds');
    result += `; Max-Age=${options.maxAge}`;
  }
  if (options.expires !== undefined) {
    const expires = new Date(options.expires);
    const time = DateGetTime(expires);
    if (time !== time) throw fail('setCookie: expires must be a Date or a time in milliseconds');
    result += `; Expires=${DateToUTCString(expires)}`;
  }
  return result;
};

const cookie = (name, value, options) => {
  if (typeof name !== 'string' || RegExpExec(TOKEN, name) === null) throw fail('setCookie: name must be a cookie name');
  if (value === undefined || value === null || typeof value === 'object') throw fail('setCookie: value must be a string');
  const chosen = options ?? ObjectCreate(null);
  let result = `${name}=${encodeURIComponent(StringToWellFormed(`${value}`))}`;
  result += attribute('path', chosen.path ?? '/');
  if (chosen.domain !== undefined) result += attribute('domain', chosen.domain);
  result += lifetime(chosen);
  if (chosen.secure) result += '; Secure';
  if (chosen.httpOnly) result += '; HttpOnly';
  if (chosen.sameSite !== undefined) {
    const sameSite = typeof chosen.sameSite === 'string' ? SAME_SITE[StringToLowerCase(chosen.sameSite)] : undefined;
    if (sameSite === undefined) throw fail('setCookie: sameSite must be strict, lax or none');
    if (sameSite === 'None' && !chosen.secure) throw fail('setCookie: sameSite none needs secure');
    result += `; SameSite=${sameSite}`;
  }
  if (result.length > MAX_COOKIE) throw fail(`setCookie: the cookie is longer than ${MAX_COOKIE} characters`, RangeError);
  return result;
};

m3m.respond = {
  __proto__: null, HTML_TYPE, TEXT_TYPE, checkStatus, cookie, encode, finish, isResponse, json, problem, redirect, response, text,
};
