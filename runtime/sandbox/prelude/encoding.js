// TextEncoder, TextDecoder. atob and btoa are the engine's own.
const {
  RangeError, String, StringFromCharCode, StringSlice, StringToLowerCase, StringToWellFormed,
  StringTrim, StringCharCodeAt, TypedArrayLength, TypedArraySet, TypedArraySubarray, TypedArrayTag, TypeError, Uint8Array,
  ObjectCreate, bytesOf,
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
    if (bytes.length > room) bytes = TypedArraySubarray(bytes, 0, room - unfinished(TypedArraySubarray(bytes, 0, room)));
    TypedArraySet(target, bytes);
    return { read: decode(bytes, false).length, written: bytes.length };
  }
}

const decode1252 = (bytes) => {
  let text = '';
  for (let i = 0; i < bytes.length; i++) {
    const byte = bytes[i];
    text += byte >= 0x80 && byte < 0xa0 ? WINDOWS_1252[byte - 0x80] : StringFromCharCode(byte);
  }
  return text;
};

const decode16 = (bytes, fatal, last) => {
  let text = '';
  const even = bytes.length & ~1;
  for (let i = 0; i < even; i += 2) text += StringFromCharCode(bytes[i] | (bytes[i + 1] << 8));
  if (last && even < bytes.length) text += '\ud800';
  const clean = StringToWellFormed(text);
  if (fatal && clean !== text) throw new TypeError('the encoded data is not valid UTF-16');
  return clean;
};

// Bytes at the end that have to wait for the next piece.
const waiting = (encoding, bytes) => {
  if (encoding === 'utf-8') return unfinished(bytes);
  if (encoding !== 'utf-16le') return 0;
  const odd = bytes.length & 1;
  const high = bytes.length - odd - 1;
  return high > 0 && (bytes[high] & 0xfc) === 0xd8 ? odd + 2 : odd;
};

const joined = (first, second) => {
  if (first.length === 0) return second;
  const both = new Uint8Array(first.length + second.length);
  TypedArraySet(both, first);
  TypedArraySet(both, second, first.length);
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
    let bytes = joined(this.#rest, given);
    const kept = stream ? waiting(this.#encoding, bytes) : 0;
    this.#rest = EMPTY;
    const text = this.#text(TypedArraySubarray(bytes, 0, bytes.length - kept), !stream);
    if (kept > 0) TypedArraySet(this.#rest = new Uint8Array(kept), TypedArraySubarray(bytes, bytes.length - kept));
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
