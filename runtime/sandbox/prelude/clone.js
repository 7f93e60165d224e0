// structuredClone for the kinds of values that JavaScript itself has.
const {
  ArrayIsArray, Date, DateGetTime, DOMException, Error,
  ErrorIsError, Map, MapForEach, MapGet, MapSet, ObjectHasOwn, ObjectKeys, RegExp,
  ReflectConstruct, ReflectDefineProperty, ReflectGetOwnPropertyDescriptor, Set, SetAdd, SetForEach,
  TypedArrayBuffer, TypedArrayByteOffset, TypedArrayLength, TypedArrayTag, Uint8Array, DataViewBuffer, DataViewByteLength,
  DataViewByteOffset, copyBytes, kindOf, put, uncurry,
} = m3m.primordials;

const BooleanValue = uncurry(Boolean.prototype.valueOf);
const NumberValue = uncurry(Number.prototype.valueOf);
const StringValue = uncurry(String.prototype.valueOf);
const regExpSource = uncurry(Object.getOwnPropertyDescriptor(RegExp.prototype, 'source').get);
const regExpFlags = uncurry(Object.getOwnPropertyDescriptor(RegExp.prototype, 'flags').get);
const { DataView } = globalThis;
const boxed = globalThis.Object;

const ERRORS = { __proto__: null, Error, EvalError, RangeError, ReferenceError, SyntaxError, TypeError, URIError };
const VIEWS = {
  __proto__: null, Int8Array, Uint8Array, Uint8ClampedArray, Int16Array, Uint16Array, Int32Array, Uint32Array, Float16Array,
  Float32Array, Float64Array, BigInt64Array, BigUint64Array,
};

const refuse = (what) => { throw new DOMException(`structuredClone: ${what} cannot be cloned`, 'DataCloneError'); };

const remember = (seen, value, copy) => {
  MapSet(seen, value, copy);
  return copy;
};

const cloneProperties = (seen, value, copy) => {
  const keys = ObjectKeys(value);
  for (let i = 0; i < keys.length; i++) {
    if (ObjectHasOwn(value, keys[i])) put(copy, keys[i], clone(seen, value[keys[i]]));
  }
  return copy;
};

const cloneError = (seen, value) => {
  const { name, message } = m3m.toError(value);
  const copy = remember(seen, value, ReflectConstruct(ERRORS[name] ?? Error, [message]));
  const hide = (key, item) => ReflectDefineProperty(copy, key, { __proto__: null, value: item, writable: true, configurable: true });
  hide('stack', m3m.traceOf(value));
  const cause = ReflectGetOwnPropertyDescriptor(value, 'cause');
  if (cause !== undefined && ObjectHasOwn(cause, 'value')) hide('cause', clone(seen, cause.value));
  return copy;
};

const cloneView = (seen, value, tag) => {
  const buffer = clone(seen, TypedArrayBuffer(value));
  return remember(seen, value, ReflectConstruct(VIEWS[tag], [buffer, TypedArrayByteOffset(value), TypedArrayLength(value)]));
};

const cloneMap = (seen, value) => {
  const copy = remember(seen, value, new Map());
  const pairs = new Map();
  MapForEach(value, (item, key) => { MapSet(pairs, key, item); });
  MapForEach(pairs, (item, key) => { MapSet(copy, clone(seen, key), clone(seen, item)); });
  return copy;
};

const cloneSet = (seen, value) => {
  const copy = remember(seen, value, new Set());
  const items = new Set();
  SetForEach(value, (item) => { SetAdd(items, item); });
  SetForEach(items, (item) => { SetAdd(copy, clone(seen, item)); });
  return copy;
};

const cloneDataView = (seen, value) => {
  const offset = DataViewByteOffset(value);
  const length = DataViewByteLength(value);
  return remember(seen, value, new DataView(clone(seen, DataViewBuffer(value)), offset, length));
};

const cloneBuiltin = (seen, value) => {
  const tag = TypedArrayTag(value);
  if (tag !== undefined) return cloneView(seen, value, tag);
  const kind = kindOf(value);
  switch (kind) {
    case undefined: return undefined;
    case 'Date': return remember(seen, value, new Date(DateGetTime(value)));
    case 'RegExp': return remember(seen, value, new RegExp(regExpSource(value), regExpFlags(value)));
    case 'Map': return cloneMap(seen, value);
    case 'Set': return cloneSet(seen, value);
    case 'DataView': return cloneDataView(seen, value);
    case 'ArrayBuffer': return remember(seen, value, TypedArrayBuffer(copyBytes(new Uint8Array(value))));
    case 'Boolean': return remember(seen, value, boxed(BooleanValue(value)));
    case 'Number': return remember(seen, value, boxed(NumberValue(value)));
    case 'String': return remember(seen, value, boxed(StringValue(value)));
    default: return refuse(`a ${kind}`);
  }
};

const clone = (seen, value) => {
  if (typeof value === 'symbol') return refuse('a symbol');
  if (typeof value === 'function') return refuse('a function');
  if (value === null || typeof value !== 'object') return value;
  const known = MapGet(seen, value);
  if (known !== undefined) return known;
  if (ArrayIsArray(value)) {
    const copy = remember(seen, value, []);
    copy.length = value.length;
    return cloneProperties(seen, value, copy);
  }
  if (ErrorIsError(value)) return cloneError(seen, value);
  return cloneBuiltin(seen, value) ?? cloneProperties(seen, value, remember(seen, value, {}));
};

m3m.define('structuredClone', function structuredClone(value, options) {
  const transfer = options?.transfer;
  if (transfer !== undefined && transfer.length > 0) refuse('with a transfer list a value');
  return clone(new Map(), value);
});
