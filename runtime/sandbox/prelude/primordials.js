// Built-ins as they were before guest code ran. Later prelude code that a guest can reach uses only these: guest code may
// replace JSON, prototypes' methods, iterators, or put accessors on Object.prototype. Hence also no for-of, no array
// spread, no array destructuring there, and objects without a prototype wherever keys are looked up or text is made.
//
// This engine compiles `${…}` to a call of String.prototype.concat, looked up each time; so that one is fixed for good.
Object.defineProperty(String.prototype, 'concat', { writable: false, configurable: false });

const uncurry = Function.prototype.bind.bind(Function.prototype.call);
const getter = (prototype, key) => uncurry(Object.getOwnPropertyDescriptor(prototype, key).get);
const TypedArray = Object.getPrototypeOf(Uint8Array);

const p = {
  __proto__: null,
  uncurry,
  // statics
  ArrayFrom: Array.from,
  ArrayIsArray: Array.isArray,
  ArrayBufferIsView: ArrayBuffer.isView,
  ErrorIsError: Error.isError,
  JSONParse: JSON.parse,
  JSONStringify: JSON.stringify,
  MathFloor: Math.floor,
  MathMax: Math.max,
  MathTrunc: Math.trunc,
  NumberIsInteger: Number.isInteger,
  NumberIsFinite: Number.isFinite,
  ObjectCreate: Object.create,
  ObjectFreeze: Object.freeze,
  ObjectHasOwn: Object.hasOwn,
  ObjectKeys: Object.keys,
  ReflectApply: Reflect.apply,
  ReflectConstruct: Reflect.construct,
  ReflectDefineProperty: Reflect.defineProperty,
  ReflectGetOwnPropertyDescriptor: Reflect.getOwnPropertyDescriptor,
  ReflectGetPrototypeOf: Reflect.getPrototypeOf,
  ReflectOwnKeys: Reflect.ownKeys,
  ReflectSetPrototypeOf: Reflect.setPrototypeOf,
  StringFromCharCode: String.fromCharCode,
  StringFromCodePoint: String.fromCodePoint,
  Uint8ArrayFromBase64: Uint8Array.fromBase64.bind(Uint8Array),
  Uint8ArrayFromHex: Uint8Array.fromHex.bind(Uint8Array),
  decodeURIComponent,
  encodeURIComponent,
  encodeURI,
  parseInt,
  parseFloat,
  // constructors
  ArrayBuffer, Date, DOMException, Error, Map, Number, Promise, Proxy, RangeError, RegExp, Set, String, SyntaxError,
  TypeError, Uint8Array, Uint32Array, WeakRef,
  // methods, called as Method(receiver, …)
  BigIntToString: uncurry(BigInt.prototype.toString),
  DateGetTime: uncurry(Date.prototype.getTime),
  DateToISOString: uncurry(Date.prototype.toISOString),
  DateToUTCString: uncurry(Date.prototype.toUTCString),
  FunctionToString: uncurry(Function.prototype.toString),
  MapDelete: uncurry(Map.prototype.delete),
  MapForEach: uncurry(Map.prototype.forEach),
  MapGet: uncurry(Map.prototype.get),
  MapSet: uncurry(Map.prototype.set),
  NumberToString: uncurry(Number.prototype.toString),
  NumberToFixed: uncurry(Number.prototype.toFixed),
  ObjectToString: uncurry(Object.prototype.toString),
  RegExpExec: uncurry(RegExp.prototype.exec),
  RegExpToString: uncurry(RegExp.prototype.toString),
  SetAdd: uncurry(Set.prototype.add),
  SetForEach: uncurry(Set.prototype.forEach),
  StringCharCodeAt: uncurry(String.prototype.charCodeAt),
  StringCodePointAt: uncurry(String.prototype.codePointAt),
  StringEndsWith: uncurry(String.prototype.endsWith),
  StringIndexOf: uncurry(String.prototype.indexOf),
  StringLastIndexOf: uncurry(String.prototype.lastIndexOf),
  StringNormalize: uncurry(String.prototype.normalize),
  StringPadEnd: uncurry(String.prototype.padEnd),
  StringPadStart: uncurry(String.prototype.padStart),
  StringRepeat: uncurry(String.prototype.repeat),
  StringSlice: uncurry(String.prototype.slice),
  StringStartsWith: uncurry(String.prototype.startsWith),
  StringToLowerCase: uncurry(String.prototype.toLowerCase),
  StringToUpperCase: uncurry(String.prototype.toUpperCase),
  StringToWellFormed: uncurry(String.prototype.toWellFormed),
  StringTrim: uncurry(String.prototype.trim),
  SymbolToString: uncurry(Symbol.prototype.toString),
  TypedArraySet: uncurry(TypedArray.prototype.set),
  Uint8ArrayToBase64: uncurry(Uint8Array.prototype.toBase64),
  WeakRefDeref: uncurry(WeakRef.prototype.deref),
  // accessors, called as Get(receiver); they throw for a foreign receiver, which serves as a brand check
  ArrayBufferByteLength: getter(ArrayBuffer.prototype, 'byteLength'),
  DataViewBuffer: getter(DataView.prototype, 'buffer'),
  DataViewByteLength: getter(DataView.prototype, 'byteLength'),
  DataViewByteOffset: getter(DataView.prototype, 'byteOffset'),
  MapSize: getter(Map.prototype, 'size'),
  SetSize: getter(Set.prototype, 'size'),
  TypedArrayBuffer: getter(TypedArray.prototype, 'buffer'),
  TypedArrayByteLength: getter(TypedArray.prototype, 'byteLength'),
  TypedArrayByteOffset: getter(TypedArray.prototype, 'byteOffset'),
  TypedArrayLength: getter(TypedArray.prototype, 'length'),
  TypedArrayTag: getter(TypedArray.prototype, Symbol.toStringTag),
};

// An array without a prototype: list[list.length] = x meets no setter that a guest put on Array.prototype.
p.List = () => {
  const list = [];
  p.ReflectSetPrototypeOf(list, null);
  return list;
};

// An ordinary array made of a list, for the guest.
p.toArray = (list) => {
  const array = [];
  for (let i = 0; i < list.length; i++) {
    p.ReflectDefineProperty(array, i, { __proto__: null, value: list[i], writable: true, enumerable: true, configurable: true });
  }
  return array;
};

// Parts and copies of Uint8Arrays; the methods of that name ask the constructor for its species, which is the guest's.
p.subarray = (bytes, start, end) => new p.Uint8Array(p.TypedArrayBuffer(bytes), p.TypedArrayByteOffset(bytes) + start, end - start);
p.copyBytes = (bytes) => {
  const copy = new p.Uint8Array(p.TypedArrayLength(bytes));
  p.TypedArraySet(copy, bytes);
  return copy;
};

p.isThenable = (value) => value !== null && typeof value === 'object' && typeof value.then === 'function';

// Own property or undefined: what stands on Object.prototype does not count.
p.own = (object, key) => (p.ObjectHasOwn(object, key) ? object[key] : undefined);

// Defines a plain data property, whatever setters the prototype has.
p.put = (object, key, value) => p.ReflectDefineProperty(
  object, key, { __proto__: null, value, writable: true, enumerable: true, configurable: true });

// The bytes behind a Uint8Array, another view or an ArrayBuffer; undefined for anything else. The prototype is looked at
// first because a failed brand check costs an exception with its stack, and most values are plain objects.
const ObjectPrototype = Object.prototype;
const ArrayPrototype = Array.prototype;
p.bytesOf = (value) => {
  if (value === null || typeof value !== 'object') return undefined;
  const prototype = p.ReflectGetPrototypeOf(value);
  if (prototype === ObjectPrototype || prototype === ArrayPrototype || prototype === null) return undefined;
  if (p.TypedArrayTag(value) !== undefined) {
    return new p.Uint8Array(p.TypedArrayBuffer(value), p.TypedArrayByteOffset(value), p.TypedArrayByteLength(value));
  }
  try {
    if (p.ArrayBufferIsView(value)) {
      return new p.Uint8Array(p.DataViewBuffer(value), p.DataViewByteOffset(value), p.DataViewByteLength(value));
    }
    p.ArrayBufferByteLength(value);
    return new p.Uint8Array(value);
  } catch {
    return undefined;
  }
};

// Which built-in kind an object is, by its internal slots: the tag it shows is only a hint, for a guest can set it, and a
// captured method throws for an object that only pretends. Undefined for everything else.
const brands = {
  __proto__: null,
  ArrayBuffer: p.ArrayBufferByteLength,
  Boolean: uncurry(Boolean.prototype.valueOf),
  DataView: p.DataViewByteLength,
  Date: p.DateGetTime,
  Map: p.MapSize,
  Number: uncurry(Number.prototype.valueOf),
  RegExp: getter(RegExp.prototype, 'source'),
  Set: p.SetSize,
  String: uncurry(String.prototype.valueOf),
  WeakMap: uncurry(WeakMap.prototype.has),
  WeakSet: uncurry(WeakSet.prototype.has),
};
p.kindOf = (value) => {
  const kind = p.StringSlice(p.ObjectToString(value), 8, -1);
  if (brands[kind] === undefined) return undefined;
  try {
    brands[kind](value);
    return kind;
  } catch {
    return undefined;
  }
};

m3m.primordials = p;

m3m.define = (name, value) => p.ReflectDefineProperty(
  globalThis, name, { __proto__: null, value, writable: true, enumerable: false, configurable: true });

// Makes a class look like the engine's own: its methods are not replaced by what a guest does to the prototype, because
// prelude code never calls them through it; the tag is what Object.prototype.toString shows.
m3m.defineClass = (value, tag = value.name) => {
  p.ReflectDefineProperty(value.prototype, Symbol.toStringTag, { __proto__: null, value: tag, configurable: true });
  m3m.define(value.name, value);
};

// Removes static methods that only the prelude may have, and returns them: they reach private fields from outside the class.
m3m.takeStatics = (value, names) => {
  const taken = { __proto__: null };
  for (const name of names) {
    taken[name] = value[name];
    delete value[name];
  }
  return taken;
};

m3m.defineIterator = (value, method) => p.ReflectDefineProperty(
  value.prototype, Symbol.iterator, { __proto__: null, value: value.prototype[method], writable: true, configurable: true });

// Functions that give the properties by which the log shows an object of the prelude's classes, or undefined.
m3m.viewers = p.List();

// An error of the platform's functions: `code` is stable, the message names the argument.
m3m.newError = (code, message, Type = p.TypeError) => {
  const error = new Type(message);
  p.put(error, 'code', code);
  return error;
};
