// router.cors: answers preflight requests and adds the headers that let pages of other origins read answers.
const {
  ArrayIsArray, List, NumberIsInteger, StringSlice, StringToLowerCase, StringEndsWith, own,
} = m3m.primordials;

const METHODS = 'GET, HEAD, POST, PUT, DELETE, PATCH';

let config;

const strings = (name, value) => {
  const source = typeof value === 'string' ? [value] : value;
  if (!ArrayIsArray(source)) throw m3m.newError('invalid_argument', `router.cors: ${name} must be an array of strings`);
  const list = List();
  for (let i = 0; i < source.length; i++) {
    if (typeof source[i] !== 'string') throw m3m.newError('invalid_argument', `router.cors: ${name} must hold strings`);
    list[i] = source[i];
  }
  return list;
};

const joined = (name, value) => {
  if (value === undefined) return undefined;
  const list = strings(name, value);
  let text = '';
  for (let i = 0; i < list.length; i++) text += `${i === 0 ? '' : ', '}${list[i]}`;
  return text;
};

const originsOf = (value) => {
  const origins = strings('origins', value ?? ['*']);
  for (let i = 0; i < origins.length; i++) {
    const origin = StringToLowerCase(origins[i]);
    origins[i] = StringEndsWith(origin, '/') ? StringSlice(origin, 0, -1) : origin;
  }
  return origins;
};

const configure = (value) => {
  if (value === null || typeof value !== 'object') throw m3m.newError('invalid_argument', 'router.cors: config must be an object');
  const origins = originsOf(value.origins);
  let any = false;
  for (let i = 0; i < origins.length; i++) if (origins[i] === '*') any = true;
  const credentials = !!value.credentials;
  if (any && credentials) {
    throw m3m.newError('invalid_argument', "router.cors: credentials need origins that are named, '*' would admit every page");
  }
  if (value.maxAge !== undefined && !NumberIsInteger(value.maxAge)) {
    throw m3m.newError('invalid_argument', 'router.cors: maxAge must be a whole number of seconds');
  }
  config = {
    __proto__: null, origins, any, credentials,
    methods: joined('methods', value.methods) ?? METHODS,
    headers: joined('headers', value.headers),
    exposed: joined('exposeHeaders', value.exposeHeaders),
    maxAge: value.maxAge,
  };
};

const allowed = (origin) => {
  if (config.any) return true;
  const wanted = StringToLowerCase(origin);
  for (let i = 0; i < config.origins.length; i++) if (config.origins[i] === wanted) return true;
  return false;
};

// Adds the headers to an answer made for the request; without router.cors nothing.
const apply = (request, answer) => {
  if (config === undefined) return answer;
  const { h } = answer;
  if (!config.any) h.vary = h.vary === undefined ? 'Origin' : `${h.vary}, Origin`;
  const origin = own(request.h, 'origin');
  if (origin === undefined || !allowed(origin)) return answer;
  h['access-control-allow-origin'] = config.any ? '*' : origin;
  if (config.credentials) h['access-control-allow-credentials'] = 'true';
  if (config.exposed !== undefined) h['access-control-expose-headers'] = config.exposed;
  return answer;
};

// The answer to a preflight request, undefined if the request is none.
const preflight = (request) => {
  if (config === undefined || request.m !== 'OPTIONS') return undefined;
  if (own(request.h, 'origin') === undefined || own(request.h, 'access-control-request-method') === undefined) return undefined;
  const answer = m3m.respond.encode(204, undefined, undefined, undefined);
  apply(request, answer);
  const { h } = answer;
  if (h['access-control-allow-origin'] === undefined) return answer;
  h['access-control-allow-methods'] = config.methods;
  const headers = config.headers ?? own(request.h, 'access-control-request-headers');
  if (headers !== undefined) h['access-control-allow-headers'] = headers;
  if (config.maxAge !== undefined) h['access-control-max-age'] = `${config.maxAge}`;
  return answer;
};

m3m.cors = { __proto__: null, configure, apply, preflight };
