// Request and Response. Bodies are held whole, as text or bytes; there are no streams.
const {
  JSONParse, JSONStringify, Number, NumberIsInteger, ObjectCreate, RangeError, String, StringSlice,
  StringStartsWith, StringToUpperCase, TypeError, TypedArrayBuffer, bytesOf, copyBytes, uncurry,
} = m3m.primordials;
const { Headers, mapOf } = m3m.headers;
const { AbortController } = globalThis;

const NO_BODY = { __proto__: null, 101: true, 103: true, 204: true, 205: true, 304: true };
const UPPER = { __proto__: null, DELETE: true, GET: true, HEAD: true, OPTIONS: true, PATCH: true, POST: true, PUT: true };

// {data: text | bytes | null, type: content type or undefined}
const extract = (body) => {
  if (body === undefined || body === null) return { __proto__: null, data: null, type: undefined };
  if (typeof body === 'object') {
    if (m3m.searchParams.is(body)) {
      return { __proto__: null, data: m3m.searchParams.text(body), type: 'application/x-www-form-urlencoded;charset=UTF-8' };
    }
    const bytes = bytesOf(body);
    if (bytes !== undefined) return { __proto__: null, data: copyBytes(bytes), type: undefined };
  }
  return { __proto__: null, data: String(body), type: 'text/plain;charset=UTF-8' };
};

class Body {
  #data = null;
  #used = false;
  #headers;

  constructor(body, headers) {
    const { data, type } = extract(body);
    this.#data = data;
    this.#headers = new Headers(headers);
    const map = mapOf(this.#headers);
    if (type !== undefined) map['content-type'] ??= type;
  }

  get headers() { return this.#headers; }
  get bodyUsed() { return this.#used; }

  #take() {
    if (this.#used) throw new TypeError('the body has been read already');
    this.#used = this.#data !== null;
    return this.#data ?? '';
  }

  #bytes() {
    const data = this.#take();
    return typeof data === 'string' ? m3m.utf8.encode(data) : data;
  }

  #text() {
    const data = this.#take();
    if (typeof data === 'string') return data;
    const text = m3m.utf8.decode(data, false);
    return StringStartsWith(text, '\ufeff') ? StringSlice(text, 1) : text;
  }

  async text() { return this.#text(); }
  async json() { return JSONParse(this.#text()); }
  async bytes() { return copyBytes(this.#bytes()); }
  async arrayBuffer() { return TypedArrayBuffer(copyBytes(this.#bytes())); }

  static dataOf(body) { return body.#used ? undefined : body.#data; }
  static isBody(value) { return #data in value; }
  static take(body) { return body.#take(); }
}
const { dataOf, isBody, take } = m3m.takeStatics(Body, ['dataOf', 'isBody', 'take']);

const cloneData = (body) => {
  const data = dataOf(body);
  if (data === undefined) throw new TypeError('clone: the body has been read already');
  return data;
};

class Response extends Body {
  #status = 200;
  #statusText;
  #type = 'default';
  #url = '';

  constructor(body, init) {
    super(body, init?.headers);
    const status = init?.status === undefined ? 200 : Number(init.status);
    if (!NumberIsInteger(status) || status < 200 || status > 599) {
      throw new RangeError(`Response: status must be a whole number from 200 to 599, not ${m3m.inspect(init.status)}`);
    }
    if (NO_BODY[status] && body !== undefined && body !== null) throw new TypeError(`Response: status ${status} cannot have a body`);
    this.#status = status;
    this.#statusText = init?.statusText === undefined ? '' : String(init.statusText);
  }

  get status() { return this.#status; }
  get ok() { return this.#status >= 200 && this.#status <= 299; }
  get statusText() { return this.#statusText; }
  get type() { return this.#type; }
  get url() { return this.#url; }
  get redirected() { return false; }

  clone() {
    const copy = new Response(cloneData(this), { __proto__: null, headers: this.headers, statusText: this.#statusText });
    copy.#status = this.#status;
    copy.#type = this.#type;
    copy.#url = this.#url;
    return copy;
  }

  static error() {
    const response = new Response(null);
    response.#status = 0;
    response.#type = 'error';
    return response;
  }

  static json(data, init) {
    const text = JSONStringify(data);
    if (text === undefined) throw new TypeError('Response.json: the value cannot be written as JSON');
    const response = new Response(text, init);
    const headers = new Headers(init?.headers);
    if (mapOf(headers)['content-type'] === undefined) mapOf(response.headers)['content-type'] = 'application/json';
    return response;
  }

  static redirect(url, status = 302) {
    const code = Number(status);
    if (code !== 301 && code !== 302 && code !== 303 && code !== 307 && code !== 308) {
      throw new RangeError('Response.redirect: status must be 301, 302, 303, 307 or 308');
    }
    const { location } = m3m.respond.redirect(String(url), code).headers;
    return new Response(null, { __proto__: null, status: code, headers: { location } });
  }

  static isResponse(value) { return typeof value === 'object' && value !== null && #status in value; }
}
const { isResponse } = m3m.takeStatics(Response, ['isResponse']);

const methodOf = (value) => {
  const method = String(value);
  const upper = StringToUpperCase(method);
  if (upper === 'CONNECT' || upper === 'TRACE' || upper === 'TRACK') throw new TypeError(`Request: method ${method} is not allowed`);
  return UPPER[upper] ? upper : method;
};

class Request extends Body {
  #url;
  #method;
  #signal;
  #redirect;

  constructor(input, init) {
    const from = typeof input === 'object' && input !== null && #url in input ? input : undefined;
    const options = init ?? ObjectCreate(null);
    const method = options.method === undefined ? from?.method ?? 'GET' : methodOf(options.method);
    const given = options.body ?? null;
    if (given !== null && (method === 'GET' || method === 'HEAD')) throw new TypeError(`Request: method ${method} cannot have a body`);
    super(given ?? (from === undefined ? null : cloneData(from)), options.headers ?? from?.headers);
    if (given === null && from !== undefined && dataOf(from) !== null) take(from);
    this.#url = from === undefined ? m3m.url.href(new m3m.url.URL(input)) : from.#url;
    this.#method = method;
    this.#signal = options.signal ?? from?.signal ?? new AbortController().signal;
    this.#redirect = options.redirect === undefined ? from?.redirect ?? 'follow' : String(options.redirect);
  }

  get url() { return this.#url; }
  get method() { return this.#method; }
  get signal() { return this.#signal; }
  get redirect() { return this.#redirect; }

  clone() {
    return new Request(this.#url, {
      __proto__: null, method: this.#method, headers: this.headers, body: cloneData(this), signal: this.#signal, redirect: this.#redirect,
    });
  }
}

// What the router needs of a Response that a handler returned; undefined for any other value.
m3m.fromWebResponse = (value) => {
  if (!isResponse(value)) return undefined;
  const data = dataOf(value);
  if (data === undefined) throw new TypeError('response: the body of the returned Response has been read already');
  return { __proto__: null, body: data ?? undefined, headers: mapOf(bodyHeaders(value)) };
};
const bodyHeaders = uncurry(Object.getOwnPropertyDescriptor(Body.prototype, 'headers').get);

m3m.fetchTypes = { __proto__: null, Headers, Request, Response, dataOf, isBody };
m3m.viewers[m3m.viewers.length] = (value) => {
  if (!isBody(value)) return undefined;
  const { status, statusText, method, url, headers, bodyUsed } = value;
  return isResponse(value) ? { __proto__: null, status, statusText, headers, bodyUsed } : { __proto__: null, method, url, headers };
};
m3m.defineClass(Request);
m3m.defineClass(Response);
