// Any value as readable text, much like Node's util.inspect. Getters are not called; what throws is shown as unreadable.
const {
  ArrayIsArray, DateGetTime, DateToISOString, ErrorIsError, FunctionToString, JSONStringify, List, MapForEach, MapSize, NumberIsFinite, ObjectHasOwn,
  ObjectToString, BigIntToString, RegExp, RegExpExec, RegExpToString, ReflectGetOwnPropertyDescriptor, ReflectGetPrototypeOf,
  ReflectOwnKeys, SetForEach, SetSize, StringIndexOf, StringRepeat, StringSlice, StringStartsWith,
  SymbolToString, TypedArrayLength, TypedArrayTag, ArrayBufferByteLength, kindOf,
} = m3m.primordials;

const MAX_ITEMS = 100;
const MAX_LINE = 72;
const MAX_TEXT = 12_000;
const DEFAULT_DEPTH = 4;
const IDENTIFIER = new RegExp('^[A-Za-z_$][\\w$]*$');

const replaceAll = (text, from, to) => {
  let result = '';
  let start = 0;
  for (let at = StringIndexOf(text, from); at >= 0; at = StringIndexOf(text, from, start)) {
    result += StringSlice(text, start, at) + to;
    start = at + from.length;
  }
  return start === 0 ? text : result + StringSlice(text, start);
};
m3m.replaceAll = replaceAll;

const quote = (text) => {
  const cut = text.length > MAX_TEXT ? `${StringSlice(text, 0, MAX_TEXT)}…` : text;
  const json = JSONStringify(cut);
  if (StringIndexOf(cut, "'") >= 0) return json;
  return `'${replaceAll(StringSlice(json, 1, -1), '\\"', '"')}'`;
};

const primitive = (value) => {
  switch (typeof value) {
    case 'string': return quote(value);
    case 'bigint': return `${BigIntToString(value)}n`;
    case 'symbol': return SymbolToString(value);
    case 'number': return value === 0 && 1 / value < 0 ? '-0' : `${value}`;
    default: return `${value}`;
  }
};

// A data property found on the object or its prototypes, without running getters.
const dataProperty = (object, key) => {
  for (let holder = object, i = 0; holder !== null && i < 10; i++) {
    const descriptor = ReflectGetOwnPropertyDescriptor(holder, key);
    if (descriptor !== undefined) return ObjectHasOwn(descriptor, 'value') ? descriptor.value : undefined;
    holder = ReflectGetPrototypeOf(holder);
  }
  return undefined;
};

const className = (object) => {
  const constructor = dataProperty(object, 'constructor');
  if (typeof constructor !== 'function') return '';
  const name = dataProperty(constructor, 'name');
  return typeof name === 'string' ? name : '';
};

const keyText = (key) => {
  if (typeof key === 'symbol') return `[${SymbolToString(key)}]`;
  return RegExpExec(IDENTIFIER, key) === null ? quote(key) : key;
};

const add = (list, item) => { list[list.length] = item; };

const spent = (state, text) => {
  state.left -= text.length;
  return text;
};

const addProperties = (state, object, entries, depth, indent) => {
  const keys = ReflectOwnKeys(object);
  let shown = 0;
  let hidden = 0;
  for (let i = 0; i < keys.length; i++) {
    const descriptor = ReflectGetOwnPropertyDescriptor(object, keys[i]);
    if (descriptor === undefined || !descriptor.enumerable) continue;
    if (shown >= MAX_ITEMS || state.left <= 0) {
      hidden++;
      continue;
    }
    shown++;
    let text;
    if (ObjectHasOwn(descriptor, 'value')) text = inspectValue(state, descriptor.value, depth, indent);
    else if (descriptor.get === undefined) text = '[Setter]';
    else text = descriptor.set === undefined ? '[Getter]' : '[Getter/Setter]';
    add(entries, spent(state, `${keyText(keys[i])}: ${text}`));
  }
  if (hidden > 0) add(entries, `... ${hidden} more`);
};

const addItems = (state, object, length, entries, depth, indent) => {
  let i = 0;
  for (; i < length && i < MAX_ITEMS && state.left > 0; i++) {
    const descriptor = ReflectGetOwnPropertyDescriptor(object, i);
    if (descriptor === undefined) add(entries, '<empty>');
    else if (ObjectHasOwn(descriptor, 'value')) add(entries, spent(state, inspectValue(state, descriptor.value, depth, indent)));
    else add(entries, '[Getter]');
  }
  if (i < length) add(entries, `... ${length - i} more item${length - i > 1 ? 's' : ''}`);
};

const addCollection = (state, forEach, collection, size, show, entries) => {
  let seen = 0;
  forEach(collection, (value, key) => {
    if (seen++ < MAX_ITEMS && state.left > 0) add(entries, spent(state, show(key, value)));
  });
  if (seen > entries.length) add(entries, `... ${size - entries.length} more`);
};

const braces = (prefix, open, close, entries, indent) => {
  const head = prefix === '' ? '' : `${prefix} `;
  if (entries.length === 0) return `${head}${open}${close}`;
  let width = head.length + indent;
  let breaks = false;
  for (let i = 0; i < entries.length; i++) {
    width += entries[i].length + 2;
    if (StringIndexOf(entries[i], '\n') >= 0) breaks = true;
  }
  const inline = !breaks && width <= MAX_LINE;
  const space = inline ? ' ' : `\n${StringRepeat(' ', indent + 2)}`;
  let text = '';
  for (let i = 0; i < entries.length; i++) text += `${i === 0 ? '' : ','}${space}${entries[i]}`;
  return `${head}${open}${text}${inline ? ' ' : `\n${StringRepeat(' ', indent)}`}${close}`;
};

const functionText = (value) => {
  const name = dataProperty(value, 'name');
  const label = typeof name === 'string' && name !== '' ? name : '(anonymous)';
  if (StringStartsWith(FunctionToString(value), 'class')) {
    const parent = ReflectGetPrototypeOf(value);
    const parentName = typeof parent === 'function' ? dataProperty(parent, 'name') : '';
    return parentName ? `[class ${label} extends ${parentName}]` : `[class ${label}]`;
  }
  const tag = StringSlice(ObjectToString(value), 8, -1);
  return `[${tag === 'Function' || tag === 'AsyncFunction' || tag === 'GeneratorFunction' ? tag : 'Function'}: ${label}]`;
};

const errorText = (state, value, depth, indent) => {
  const text = replaceAll(m3m.toError(value).stack, '\n', `\n${StringRepeat(' ', indent)}`);
  const entries = List();
  const cause = ReflectGetOwnPropertyDescriptor(value, 'cause');
  if (cause !== undefined) add(entries, `[cause]: ${inspectValue(state, cause.value, depth, indent + 2)}`);
  addProperties(state, value, entries, depth, indent + 2);
  return entries.length === 0 ? text : `${text} ${braces('', '{', '}', entries, indent)}`;
};

const builtinText = (state, value, depth, indent) => {
  const name = className(value);
  const entries = List();
  const typed = TypedArrayTag(value);
  if (typed !== undefined) {
    const length = TypedArrayLength(value);
    addItems(state, value, length, entries, depth, indent + 2);
    return braces(`${typed}(${length})`, '[', ']', entries, indent);
  }
  switch (kindOf(value)) {
    case 'Date': return !NumberIsFinite(DateGetTime(value)) ? 'Invalid Date' : DateToISOString(value);
    case 'RegExp': return RegExpToString(value);
    case 'ArrayBuffer': return `ArrayBuffer { byteLength: ${ArrayBufferByteLength(value)} }`;
    case 'Map': {
      const size = MapSize(value);
      const show = (key, item) => `${inspectValue(state, key, depth, indent + 2)} => ${inspectValue(state, item, depth, indent + 2)}`;
      addCollection(state, MapForEach, value, size, show, entries);
      return braces(`${name || 'Map'}(${size})`, '{', '}', entries, indent);
    }
    case 'Set': {
      const size = SetSize(value);
      addCollection(state, SetForEach, value, size, (key) => inspectValue(state, key, depth, indent + 2), entries);
      return braces(`${name || 'Set'}(${size})`, '{', '}', entries, indent);
    }
    default: return undefined;
  }
};

const objectText = (state, value, depth, indent) => {
  if (typeof value === 'function') return functionText(value);
  if (ErrorIsError(value)) return errorText(state, value, depth, indent);
  const isArray = ArrayIsArray(value);
  if (depth < 0) return isArray ? '[Array]' : `[${className(value) || 'Object'}]`;
  if (isArray) {
    const entries = List();
    addItems(state, value, value.length, entries, depth - 1, indent + 2);
    return braces('', '[', ']', entries, indent);
  }
  const text = builtinText(state, value, depth - 1, indent);
  if (text !== undefined) return text;
  const entries = List();
  const { viewers } = m3m;
  for (let i = 0; i < viewers.length; i++) {
    const view = viewers[i](value);
    if (view !== undefined) addProperties(state, view, entries, depth - 1, indent + 2);
  }
  addProperties(state, value, entries, depth - 1, indent + 2);
  const name = className(value);
  return braces(name === 'Object' ? '' : name, '{', '}', entries, indent);
};

const inspectValue = (state, value, depth, indent) => {
  if (value === null || (typeof value !== 'object' && typeof value !== 'function')) return primitive(value);
  const { parents } = state;
  for (let i = 0; i < parents.length; i++) if (parents[i] === value) return '[Circular]';
  if (parents.length > 50) return '[…]';
  add(parents, value);
  try {
    return objectText(state, value, depth, indent);
  } catch {
    return '[unreadable]';
  } finally {
    parents.length--;
  }
};

m3m.inspect = (value, depth = DEFAULT_DEPTH) =>
  inspectValue({ __proto__: null, left: MAX_TEXT, parents: List() }, value, depth, 0);
