// ctx, the request as a handler sees it. What costs something is made on first use; functions come bound to their request,
// so that a handler may write ({ params, json }) => ….
const {
  Error, JSONParse, List, ObjectCreate, ObjectFreeze, Proxy, ReflectSetPrototypeOf,
  StringEndsWith, StringIndexOf, StringSlice, StringToLowerCase, StringTrim, TypedArrayLength, Uint8ArrayFromBase64, own,
  put,
} = m3m.primordials;
const { HTML_TYPE, TEXT_TYPE, checkStatus, cookie, json, redirect, response, text } = m3m.respond;
const { eachPair, percentDecode } = m3m.utf8;

// Everything the router knows of one exchange; guest code never gets it. Only `request` is set from the start: route,
// values, allow, pending, code, setCookies, query, headers, cookies, params, body, raw, guest come when they are needed,
// and reading one that is missing meets no prototype.
class State {
  constructor(request) { this.request = request; }
}
ReflectSetPrototypeOf(State.prototype, null);

// An error that the router answers itself, should the handler not catch it.
class RequestError extends Error {
  #status;

  constructor(status, code, message) {
    super(message);
    this.#status = status;
    put(this, 'code', code);
  }

  static status(error) {
    return typeof error === 'object' && error !== null && #status in error ? error.#status : 0;
  }
}

// Header objects have lower-case keys of their own; this stands behind them and is reached only by other spellings.
const anyCase = new Proxy(ObjectCreate(null), ObjectFreeze({
  __proto__: null,
  get: (_target, key, receiver) => (typeof key === 'string' ? own(receiver, StringToLowerCase(key)) : undefined),
  set: (_target, key, value, receiver) => put(receiver, key, value),
}));

const headersOf = (state) => {
  if (state.headers === undefined) {
    state.headers = state.request.h;
    ReflectSetPrototypeOf(state.headers, anyCase);
  }
  return state.headers;
};

const paramsOf = (state) => {
  if (state.params === undefined) {
    const params = ObjectCreate(null);
    if (state.route !== undefined) {
      const { names } = state.route;
      for (let i = 0; i < names.length; i++) params[names[i]] = state.values[i];
    }
    state.params = params;
  }
  return state.params;
};

// Of a repeated name the first value counts, as with URLSearchParams.get; rawQuery has them all.
const queryOf = (state) => {
  if (state.query === undefined) {
    const query = ObjectCreate(null);
    eachPair(own(state.request, 'q') ?? '', (name, value) => { query[name] ??= value; });
    state.query = query;
  }
  return state.query;
};

const cookiesOf = (state) => {
  if (state.cookies === undefined) {
    const cookies = ObjectCreate(null);
    const header = own(state.request.h, 'cookie') ?? '';
    for (let start = 0; start < header.length;) {
      let end = StringIndexOf(header, ';', start);
      if (end < 0) end = header.length;
      const pair = StringTrim(StringSlice(header, start, end));
      const equals = StringIndexOf(pair, '=');
      if (equals > 0) {
        let value = StringTrim(StringSlice(pair, equals + 1));
        if (value.length > 1 && value[0] === '"' && StringEndsWith(value, '"')) value = StringSlice(value, 1, -1);
        cookies[StringTrim(StringSlice(pair, 0, equals))] ??= percentDecode(value);
      }
      start = end + 1;
    }
    state.cookies = cookies;
  }
  return state.cookies;
};

const rawBodyOf = (state) => {
  if (state.raw === undefined) {
    const binary = own(state.request, 'b64');
    state.raw = binary === undefined ? own(state.request, 'b') ?? '' : Uint8ArrayFromBase64(binary);
  }
  return state.raw;
};

const parseJson = (raw) => {
  if (typeof raw !== 'string') throw new RequestError(400, 'bad_request', 'The request body is not valid UTF-8');
  try {
    return JSONParse(raw);
  } catch (error) {
    throw new RequestError(400, 'bad_request', `The request body is not valid JSON: ${m3m.toError(error).message}`);
  }
};

// A repeated field becomes an array.
const parseForm = (raw) => {
  const form = ObjectCreate(null);
  eachPair(raw, (name, value) => {
    const before = form[name];
    if (before === undefined) form[name] = value;
    else if (typeof before === 'string') form[name] = [before, value];
    else put(before, before.length, value);
  });
  return form;
};

const mediaType = (header) => {
  const semicolon = StringIndexOf(header, ';');
  return StringToLowerCase(StringTrim(semicolon < 0 ? header : StringSlice(header, 0, semicolon)));
};

const parseBody = (state, raw) => {
  const header = own(state.request.h, 'content-type');
  if (header === undefined) return raw;
  const type = header === 'application/json' ? header : mediaType(header);
  if (type === 'application/json' || StringEndsWith(type, '+json')) return parseJson(raw);
  return type === 'application/x-www-form-urlencoded' && typeof raw === 'string' ? parseForm(raw) : raw;
};

const bodyOf = (state) => {
  if (state.body === undefined) {
    const raw = rawBodyOf(state);
    if ((typeof raw === 'string' ? raw.length : TypedArrayLength(raw)) > 0) state.body = parseBody(state, raw);
  }
  return state.body;
};

const keep = (state, result) => {
  state.pending = result;
  return result;
};

class Context {
  #state;

  constructor(state) { this.#state = state; }

  get method() { return this.#state.request.m; }
  get path() { return this.#state.request.p; }
  get params() { return paramsOf(this.#state); }
  get query() { return queryOf(this.#state); }
  get rawQuery() { return own(this.#state.request, 'q') ?? ''; }
  get headers() { return headersOf(this.#state); }
  get cookies() { return cookiesOf(this.#state); }
  get body() { return bodyOf(this.#state); }
  get rawBody() { return rawBodyOf(this.#state); }
  get ip() { return own(this.#state.request, 'ip') ?? ''; }
  get userAgent() { return own(this.#state.request.h, 'user-agent') ?? ''; }
  get requestId() { return own(this.#state.request, 'id') ?? ''; }

  // What middleware hands on to handlers.
  get state() { return this.#state.guest ??= {}; }
  set state(value) { this.#state.guest = value; }

  get response() {
    const state = this.#state;
    return (status, body, headers) => keep(state, response(status, body, headers));
  }

  get json() {
    const state = this.#state;
    return (value, status = state.code ?? 200) => keep(state, json(value, status));
  }

  get text() {
    const state = this.#state;
    return (value, status = state.code ?? 200) => keep(state, text('text', value, status, TEXT_TYPE));
  }

  get html() {
    const state = this.#state;
    return (value, status = state.code ?? 200) => keep(state, text('html', value, status, HTML_TYPE));
  }

  get redirect() {
    const state = this.#state;
    return (url, code = 302) => keep(state, redirect(url, code));
  }

  get status() {
    return (code) => {
      this.#state.code = checkStatus(code, 'status');
      return this;
    };
  }

  get setCookie() {
    const state = this.#state;
    return (name, value, options) => {
      const line = cookie(name, value, options);
      state.setCookies ??= List();
      state.setCookies[state.setCookies.length] = line;
    };
  }

  static isContext(value) { return #state in value; }
}
const { isContext } = m3m.takeStatics(Context, ['isContext']);

m3m.viewers[m3m.viewers.length] = (value) => {
  if (!isContext(value)) return undefined;
  const { method, path, params, query, headers, requestId } = value;
  return { __proto__: null, method, path, params, query, headers, requestId };
};

m3m.context = { __proto__: null, Context, RequestError, State };
