// env: the project's variables, typed by their declaration. The host replaces all of them when they change.
const {
  JSONStringify, MathTrunc, NumberIsFinite, ObjectCreate, ObjectFreeze, ObjectKeys, Number, StringToLowerCase,
  StringTrim, own, put,
} = m3m.primordials;

let values = ObjectCreate(null);

const freeze = (value) => {
  if (value === null || typeof value !== 'object') return value;
  const keys = ObjectKeys(value);
  for (let i = 0; i < keys.length; i++) freeze(value[keys[i]]);
  return ObjectFreeze(value);
};

m3m.env = {
  __proto__: null,

  // Replaces all values. They come from JSON; json variables are frozen, since every reader gets the same object.
  set: (source) => {
    const fresh = ObjectCreate(null);
    const keys = ObjectKeys(source);
    for (let i = 0; i < keys.length; i++) fresh[keys[i]] = freeze(own(source, keys[i]));
    values = fresh;
  },
};

const lookup = (name, key) => {
  if (typeof key !== 'string') throw m3m.newError('invalid_argument', `env.${name}: key must be a string`);
  return values[key];
};

const numberOf = (value) => {
  if (typeof value === 'string') value = StringTrim(value) === '' ? NaN : Number(value);
  return typeof value === 'number' && NumberIsFinite(value) ? value : undefined;
};

const booleanOf = (value) => {
  if (typeof value === 'boolean') return value;
  if (typeof value === 'number') return value !== 0;
  if (typeof value !== 'string') return undefined;
  switch (StringToLowerCase(StringTrim(value))) {
    case 'true': case '1': case 'yes': case 'on': return true;
    case 'false': case '0': case 'no': case 'off': return false;
    default: return undefined;
  }
};

const stringOf = (value) => {
  if (value === undefined || typeof value === 'string') return value;
  if (value !== null && typeof value === 'object') {
    return JSONStringify(value);
  }
  return `${value}`;
};

const env = {
  get(key) { return lookup('get', key); },
  has(key) { return lookup('has', key) !== undefined; },
  keys() { return ObjectKeys(values); },
  getString(key, defaultValue) { return stringOf(lookup('getString', key)) ?? defaultValue; },
  getInt(key, defaultValue) {
    const number = numberOf(lookup('getInt', key));
    return number === undefined ? defaultValue : MathTrunc(number);
  },
  getFloat(key, defaultValue) { return numberOf(lookup('getFloat', key)) ?? defaultValue; },
  getBool(key, defaultValue) { return booleanOf(lookup('getBool', key)) ?? defaultValue; },
  getAll() {
    const all = {};
    const keys = ObjectKeys(values);
    for (let i = 0; i < keys.length; i++) put(all, keys[i], values[keys[i]]);
    return all;
  },
};

m3m.define('env', env);
m3m.define('$env', env);
