// URLSearchParams. A URL's own one writes each change back to the URL.
const {
  ArrayFrom, List, ObjectCreate, ObjectKeys, ReflectApply, String, StringSlice, StringStartsWith, StringToWellFormed, TypeError, toArray,
} = m3m.primordials;
const { IN_COMPONENT, escapeAll } = m3m.urls;
const { eachPair } = m3m.utf8;
const iteratorOf = Symbol.iterator;

const IN_FORM = `${IN_COMPONENT}!'()~`;
const encode = (text) => m3m.replaceAll(escapeAll(text, IN_FORM), '%20', '+');
const textOf = (value) => StringToWellFormed(String(value));

class URLSearchParams {
  #pairs = List();
  #changed;

  constructor(init = '') {
    if (init === null || (typeof init !== 'object' && typeof init !== 'function')) this.#parse(textOf(init));
    else if (#pairs in init) this.#copy(init.#pairs);
    else if (typeof init[iteratorOf] === 'function') this.#fill(ArrayFrom(init));
    else {
      const keys = ObjectKeys(init);
      for (let i = 0; i < keys.length; i++) this.#add(textOf(keys[i]), textOf(init[keys[i]]));
    }
  }

  #add(name, value) { this.#pairs[this.#pairs.length] = { __proto__: null, name, value }; }

  #copy(pairs) { for (let i = 0; i < pairs.length; i++) this.#add(pairs[i].name, pairs[i].value); }

  #fill(pairs) {
    for (let i = 0; i < pairs.length; i++) {
      const pair = ArrayFrom(pairs[i]);
      if (pair.length !== 2) throw new TypeError('URLSearchParams: each pair must have a name and a value');
      this.#add(textOf(pair[0]), textOf(pair[1]));
    }
  }

  #parse(text) {
    eachPair(StringStartsWith(text, '?') ? StringSlice(text, 1) : text, (name, value) => this.#add(name, value));
  }

  #update() { this.#changed?.(this.#text()); }

  #text() {
    let text = '';
    for (let i = 0; i < this.#pairs.length; i++) {
      text += `${i === 0 ? '' : '&'}${encode(this.#pairs[i].name)}=${encode(this.#pairs[i].value)}`;
    }
    return text;
  }

  #without(name, value) {
    const rest = List();
    for (let i = 0; i < this.#pairs.length; i++) {
      const pair = this.#pairs[i];
      if (pair.name !== name || (value !== undefined && pair.value !== value)) rest[rest.length] = pair;
    }
    this.#pairs = rest;
  }

  #find(name, value) {
    for (let i = 0; i < this.#pairs.length; i++) {
      if (this.#pairs[i].name === name && (value === undefined || this.#pairs[i].value === value)) return this.#pairs[i];
    }
    return undefined;
  }

  get size() { return this.#pairs.length; }

  append(name, value) {
    this.#add(textOf(name), textOf(value));
    this.#update();
  }

  delete(name, value) {
    this.#without(textOf(name), value === undefined ? undefined : textOf(value));
    this.#update();
  }

  get(name) { return this.#find(textOf(name))?.value ?? null; }

  getAll(name) {
    const wanted = textOf(name);
    const found = List();
    for (let i = 0; i < this.#pairs.length; i++) if (this.#pairs[i].name === wanted) found[found.length] = this.#pairs[i].value;
    return toArray(found);
  }

  has(name, value) { return this.#find(textOf(name), value === undefined ? undefined : textOf(value)) !== undefined; }

  set(name, value) {
    const wanted = textOf(name);
    const rest = List();
    let kept;
    for (let i = 0; i < this.#pairs.length; i++) {
      const pair = this.#pairs[i];
      if (pair.name !== wanted) rest[rest.length] = pair;
      else if (kept === undefined) rest[rest.length] = kept = pair;
    }
    this.#pairs = rest;
    if (kept === undefined) this.#add(wanted, textOf(value));
    else kept.value = textOf(value);
    this.#update();
  }

  // Stable, by code units of the names.
  sort() {
    const sorted = List();
    for (let i = 0; i < this.#pairs.length; i++) {
      let at = i;
      for (; at > 0 && sorted[at - 1].name > this.#pairs[i].name; at--) sorted[at] = sorted[at - 1];
      sorted[at] = this.#pairs[i];
    }
    this.#pairs = sorted;
    this.#update();
  }

  forEach(callback, receiver) {
    for (let i = 0; i < this.#pairs.length; i++) {
      ReflectApply(callback, receiver, [this.#pairs[i].value, this.#pairs[i].name, this]);
    }
  }

  * entries() { for (let i = 0; i < this.#pairs.length; i++) yield [this.#pairs[i].name, this.#pairs[i].value]; }
  * keys() { for (let i = 0; i < this.#pairs.length; i++) yield this.#pairs[i].name; }
  * values() { for (let i = 0; i < this.#pairs.length; i++) yield this.#pairs[i].value; }
  toString() { return this.#text(); }

  // For the URL it belongs to: new content that is not reported back, and who is told of changes.
  static reset(params, text) {
    params.#pairs = List();
    params.#parse(text);
  }

  static attach(params, changed) { params.#changed = changed; }
  static isParams(value) { return #pairs in value; }
  static eachOf(params, each) { for (let i = 0; i < params.#pairs.length; i++) each(params.#pairs[i].name, params.#pairs[i].value); }
  static textOf(params) { return params.#text(); }
}
m3m.defineIterator(URLSearchParams, 'entries');
const { reset, attach, isParams, eachOf, textOf: paramsText } = m3m.takeStatics(URLSearchParams, ['reset', 'attach', 'isParams', 'eachOf', 'textOf']);

m3m.searchParams = { __proto__: null, URLSearchParams, attach, is: isParams, reset, text: paramsText };
m3m.viewers[m3m.viewers.length] = (value) => {
  if (!isParams(value)) return undefined;
  const shown = ObjectCreate(null);
  eachOf(value, (name, text) => { shown[name] = shown[name] === undefined ? text : `${shown[name]}, ${text}`; });
  return shown;
};
m3m.defineClass(URLSearchParams);
