// Headers of Request and Response.
const {
  ArrayFrom, List, ObjectCreate, ObjectKeys, ReflectApply, RegExp, RegExpExec, String, StringToLowerCase, StringTrim, TypeError,
  toArray,
} = m3m.primordials;
const iteratorOf = Symbol.iterator;

const NAME = new RegExp("^[!#$%&'*+.^_`|~0-9A-Za-z-]+$");
const VALUE = new RegExp('^[\\t\\x20-\\x7e\\x80-\\xff]*$');

const nameOf = (name) => {
  const text = String(name);
  if (RegExpExec(NAME, text) === null) throw new TypeError(`Headers: ${m3m.inspect(text)} is not a header name`);
  return StringToLowerCase(text);
};

const valueOf = (name, value) => {
  const text = StringTrim(String(value));
  if (RegExpExec(VALUE, text) === null) throw new TypeError(`Headers: the value of ${name} has characters that a header cannot carry`);
  return text;
};

const sortedKeys = (map) => {
  const keys = ObjectKeys(map);
  const sorted = List();
  for (let i = 0; i < keys.length; i++) {
    let at = i;
    for (; at > 0 && sorted[at - 1] > keys[i]; at--) sorted[at] = sorted[at - 1];
    sorted[at] = keys[i];
  }
  return sorted;
};

class Headers {
  #map = ObjectCreate(null); // by lower-case name; the value of set-cookie is a list

  constructor(init) {
    if (init === undefined) return;
    if (init === null || typeof init !== 'object') throw new TypeError('Headers: init must be an object, pairs or Headers');
    if (#map in init) {
      this.#copy(init);
    } else if (typeof init[iteratorOf] === 'function') {
      const pairs = ArrayFrom(init);
      for (let i = 0; i < pairs.length; i++) {
        const pair = ArrayFrom(pairs[i]);
        if (pair.length !== 2) throw new TypeError('Headers: each pair must have a name and a value');
        this.#append(pair[0], pair[1]);
      }
    } else {
      const keys = ObjectKeys(init);
      for (let i = 0; i < keys.length; i++) this.#append(keys[i], init[keys[i]]);
    }
  }

  #copy(other) {
    const keys = ObjectKeys(other.#map);
    for (let i = 0; i < keys.length; i++) {
      const value = other.#map[keys[i]];
      if (typeof value === 'string') this.#map[keys[i]] = value;
      else for (let k = 0; k < value.length; k++) this.#append(keys[i], value[k]);
    }
  }

  #append(rawName, rawValue) {
    const name = nameOf(rawName);
    const value = valueOf(name, rawValue);
    if (name === 'set-cookie') {
      const list = this.#map[name] ??= List();
      list[list.length] = value;
    } else {
      this.#map[name] = this.#map[name] === undefined ? value : `${this.#map[name]}, ${value}`;
    }
  }

  append(name, value) { this.#append(name, value); }
  delete(name) { delete this.#map[nameOf(name)]; }
  has(name) { return this.#map[nameOf(name)] !== undefined; }
  set(name, value) {
    delete this.#map[nameOf(name)];
    this.#append(name, value);
  }

  get(name) {
    const value = this.#map[nameOf(name)];
    if (value === undefined || typeof value === 'string') return value ?? null;
    let text = '';
    for (let i = 0; i < value.length; i++) text += `${i === 0 ? '' : ', '}${value[i]}`;
    return text;
  }

  getSetCookie() { return toArray(this.#map['set-cookie'] ?? List()); }

  forEach(callback, receiver) {
    const keys = sortedKeys(this.#map);
    for (let i = 0; i < keys.length; i++) {
      const value = this.#map[keys[i]];
      if (typeof value === 'string') ReflectApply(callback, receiver, [value, keys[i], this]);
      else for (let k = 0; k < value.length; k++) ReflectApply(callback, receiver, [value[k], keys[i], this]);
    }
  }

  * entries() {
    const keys = sortedKeys(this.#map);
    for (let i = 0; i < keys.length; i++) {
      const value = this.#map[keys[i]];
      if (typeof value === 'string') yield [keys[i], value];
      else for (let k = 0; k < value.length; k++) yield [keys[i], value[k]];
    }
  }

  * keys() {
    const keys = sortedKeys(this.#map);
    for (let i = 0; i < keys.length; i++) {
      const times = typeof this.#map[keys[i]] === 'string' ? 1 : this.#map[keys[i]].length;
      for (let k = 0; k < times; k++) yield keys[i];
    }
  }

  * values() {
    const keys = sortedKeys(this.#map);
    for (let i = 0; i < keys.length; i++) {
      const value = this.#map[keys[i]];
      if (typeof value === 'string') yield value;
      else for (let k = 0; k < value.length; k++) yield value[k];
    }
  }

  static mapOf(headers) { return headers.#map; }
  static isHeaders(value) { return #map in value; }
}
m3m.defineIterator(Headers, 'entries');
const { mapOf, isHeaders } = m3m.takeStatics(Headers, ['mapOf', 'isHeaders']);

m3m.headers = { __proto__: null, Headers, mapOf };
m3m.viewers[m3m.viewers.length] = (value) => (isHeaders(value) ? mapOf(value) : undefined);
m3m.defineClass(Headers);
