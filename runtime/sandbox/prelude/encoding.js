// TextEncoder, TextDecoder. atob and btoa are the engine's own.
const {
  RangeError, String, StringFromCharCode, StringSlice, StringToLowerCase, StringToWellFormed,
  StringTrim, StringCharCodeAt, TypedArrayLength, TypedArraySet, TypedArrayTag, TypeError, Uint8Array,
  ObjectCreate, bytesOf, copyBytes, subarray,
} = m3m.primordials;
const { encode, decode, unfinished } = m3m.utf8;

const LABELS = {
  __proto__: null, 'utf-8': 'utf-8', utf8: 'utf-8', 'unicode-1-1-utf-8': 'utf-8', 'x-unicode20utf8': 'utf-8',
  'utf-16': 'utf-16le', 'utf-16le': 'utf-16le', ucs2: 'utf-16le', 'ucs-2': 'utf-16le', unicode: 'utf-16le',
  latin1: 'windows-1252', 'iso-8859-1': 'windows-1252', iso88591: 'windows-1252', ascii: 'windows-1252',
  'us-ascii': 'windows-1252', 'windows-1252': 'windows-1252', cp1252: 'windows-1252', l1: 'windows-1252',
};

// What windows-1252, which the standard means by latin1, has at 0x80–0x9F.
const WINDOWS_1252 = '€\x81‚ƒ„…†‡ˆ‰Š‹Œ\x8dŽ\x8f\x90‘’“”•–—˜™š›œ\x9džŸ';

class TextEncoder {
  get encoding() { return 'utf-8'; }

  encode(text = '') { return encode(String(text)); }

  encodeInto(text, target) {
    if (TypedArrayTag(target) !== 'Uint8Array') throw new TypeError('encodeInto: target must be a Uint8Array');
    const source = StringToWellFormed(String(text));
    const room = TypedArrayLength(target);
    let bytes = encode(StringSlice(source, 0, room));
    if (TypedArrayLength(bytes) > room) bytes = subarray(bytes, 0, room - unfinished(subarray(bytes, 0, room)));
    TypedArraySet(target, bytes);
    return { read: decode(bytes, false).length, written: TypedArrayLength(bytes) };
  }
}

const decode1252 = (bytes) => {
  const end = TypedArrayLength(bytes);
  let text = '';
  for (let i = 0; i < end; i++) {
    const byte = bytes[i];
    text += byte >= 0x80 && byte < 0xa0 ? WINDOWS_1252[byte - 0x80] : StringFromCharCode(byte);
  }
  return text;
};

const decode16 = (bytes, fatal, last) => {
  const end = TypedArrayLength(bytes);
  const even = end & ~1;
  let text = '';
  for (let i = 0; i < even; i += 2) text += StringFromCharCode(bytes[i] | (bytes[i + 1] << 8));
  if (last && even < end) text += '\ud800';
  const clean = StringToWellFormed(text);
  if (fatal && clean !== text) throw new TypeError('the encoded data is not valid UTF-16');
  return clean;
};

// Bytes at the end that have to wait for the next piece.
const waiting = (encoding, bytes) => {
  if (encoding === 'utf-8') return unfinished(bytes);
  if (encoding !== 'utf-16le') return 0;
  const odd = TypedArrayLength(bytes) & 1;
  const high = TypedArrayLength(bytes) - odd - 1;
  return high > 0 && (bytes[high] & 0xfc) === 0xd8 ? odd + 2 : odd;
};

const joined = (first, second) => {
  const length = TypedArrayLength(first);
  if (length === 0) return second;
  const both = new Uint8Array(length + TypedArrayLength(second));
  TypedArraySet(both, first);
  TypedArraySet(both, second, length);
  return both;
};

const EMPTY = new Uint8Array(0);

class TextDecoder {
  #encoding;
  #fatal;
  #ignoreBOM;
  #rest = EMPTY;
  #started = false;

  constructor(label = 'utf-8', options = ObjectCreate(null)) {
    const encoding = LABELS[StringToLowerCase(StringTrim(String(label)))];
    if (encoding === undefined) throw new RangeError(`TextDecoder: the encoding '${label}' is not supported`);
    this.#encoding = encoding;
    this.#fatal = !!options?.fatal;
    this.#ignoreBOM = !!options?.ignoreBOM;
  }

  get encoding() { return this.#encoding; }
  get fatal() { return this.#fatal; }
  get ignoreBOM() { return this.#ignoreBOM; }

  decode(input, options = ObjectCreate(null)) {
    const stream = !!options?.stream;
    const given = input === undefined ? EMPTY : bytesOf(input);
    if (given === undefined) throw new TypeError('decode: input must be an ArrayBuffer or a view of one');
    const bytes = joined(this.#rest, given);
    const length = TypedArrayLength(bytes);
    const whole = length - (stream ? waiting(this.#encoding, bytes) : 0);
    this.#rest = EMPTY;
    const text = this.#text(subarray(bytes, 0, whole), !stream);
    if (whole < length) this.#rest = copyBytes(subarray(bytes, whole, length));
    const first = !this.#started;
    this.#started = stream && (this.#started || text !== '');
    return first && !this.#ignoreBOM && this.#encoding !== 'windows-1252' && StringCharCodeAt(text, 0) === 0xfeff
      ? StringSlice(text, 1) : text;
  }

  #text(bytes, last) {
    if (this.#encoding === 'utf-8') return decode(bytes, this.#fatal);
    return this.#encoding === 'utf-16le' ? decode16(bytes, this.#fatal, last) : decode1252(bytes);
  }
}

m3m.defineClass(TextEncoder);
m3m.defineClass(TextDecoder);
