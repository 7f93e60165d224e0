// UTF-8 and percent-encoding. The engine has no codec, but its native escape, encodeURIComponent and base64 functions add
// up to one; they work on pieces, for their intermediate texts are three times as long.
const {
  StringCharCodeAt, StringFromCharCode, StringFromCodePoint, StringIndexOf, StringSlice, StringToWellFormed, TypedArrayLength, TypedArraySet,
  Uint8Array, Uint8ArrayFromBase64, Uint8ArrayToBase64, List, decodeURIComponent, encodeURIComponent,
  parseInt, subarray, TypeError,
} = m3m.primordials;
const { atob, btoa, escape, unescape } = globalThis;

const PIECE = 32_768;

const isHigh = (unit) => unit >= 0xd800 && unit <= 0xdbff;
const isContinuation = (byte) => (byte & 0xc0) === 0x80;

// Bytes of a string; lone surrogates become U+FFFD.
const encode = (text) => {
  const pieces = List();
  let total = 0;
  for (let start = 0; start < text.length;) {
    let end = start + PIECE;
    if (end < text.length && isHigh(StringCharCodeAt(text, end - 1))) end++;
    const piece = StringToWellFormed(StringSlice(text, start, end));
    const bytes = Uint8ArrayFromBase64(btoa(unescape(encodeURIComponent(piece))));
    pieces[pieces.length] = bytes;
    total += TypedArrayLength(bytes);
    start = end;
  }
  if (pieces.length === 1) return pieces[0];
  const result = new Uint8Array(total);
  for (let i = 0, at = 0; i < pieces.length; at += TypedArrayLength(pieces[i]), i++) TypedArraySet(result, pieces[i], at);
  return result;
};

// How many bytes the lead byte announces, with the bounds of the second byte; 0 for no lead byte.
const sequenceOf = (lead) => {
  if (lead >= 0xc2 && lead <= 0xdf) return 2;
  if (lead >= 0xe0 && lead <= 0xef) return 3;
  return lead >= 0xf0 && lead <= 0xf4 ? 4 : 0;
};

const secondFits = (lead, second) => {
  if (!isContinuation(second)) return false;
  if (lead === 0xe0) return second >= 0xa0;
  if (lead === 0xed) return second <= 0x9f;
  if (lead === 0xf0) return second >= 0x90;
  return lead !== 0xf4 || second <= 0x8f;
};

// Length of the valid beginning of a sequence at `at` (1 for a lone byte), as the Encoding standard counts it.
const goodPrefix = (bytes, at, size) => {
  const end = TypedArrayLength(bytes);
  let length = 1;
  while (length < size && at + length < end) {
    const byte = bytes[at + length];
    if (!(length === 1 ? secondFits(bytes[at], byte) : isContinuation(byte))) break;
    length++;
  }
  return length;
};

const decodeSlowly = (bytes) => {
  const end = TypedArrayLength(bytes);
  let text = '';
  for (let i = 0; i < end;) {
    const lead = bytes[i];
    const size = lead < 0x80 ? 1 : sequenceOf(lead);
    const length = size < 2 ? 1 : goodPrefix(bytes, i, size);
    if (length !== size) text += '\ufffd';
    else if (size === 1) text += StringFromCharCode(lead);
    else {
      let point = lead & (0xff >> (size + 1));
      for (let k = 1; k < size; k++) point = (point << 6) | (bytes[i + k] & 0x3f);
      text += StringFromCodePoint(point);
    }
    i += length;
  }
  return text;
};

// Bytes at the end that begin a sequence which may still be completed.
const unfinished = (bytes) => {
  const end = TypedArrayLength(bytes);
  for (let back = 1; back <= 3 && back <= end; back++) {
    const at = end - back;
    if (isContinuation(bytes[at])) continue;
    const size = sequenceOf(bytes[at]);
    return size > back && goodPrefix(bytes, at, size) === back ? back : 0;
  }
  return 0;
};

// Text of UTF-8 bytes. Broken sequences become U+FFFD, or throw a TypeError when `fatal`.
const decode = (bytes, fatal) => {
  const total = TypedArrayLength(bytes);
  let text = '';
  for (let start = 0, end; start < total; start = end) {
    end = start + PIECE < total ? start + PIECE : total;
    let piece = subarray(bytes, start, end);
    if (end < total) {
      end -= unfinished(piece);
      piece = subarray(bytes, start, end);
    }
    let part;
    try {
      part = decodeURIComponent(escape(atob(Uint8ArrayToBase64(piece))));
    } catch {
      if (fatal) throw new TypeError('the encoded data is not valid UTF-8');
      part = decodeSlowly(piece);
    }
    text += part;
  }
  return text;
};

const hexDigit = (unit) => (unit >= 48 && unit <= 57) || (unit >= 65 && unit <= 70) || (unit >= 97 && unit <= 102);

// Percent-decodes to bytes; anything that is no escape stays.
const percentDecodeBytes = (text) => {
  const source = encode(text);
  const end = TypedArrayLength(source);
  const result = new Uint8Array(end);
  let length = 0;
  for (let i = 0; i < end; i++) {
    if (source[i] === 37 && i + 2 < end && hexDigit(source[i + 1]) && hexDigit(source[i + 2])) {
      result[length++] = parseInt(StringFromCharCode(source[i + 1], source[i + 2]), 16);
      i += 2;
    } else {
      result[length++] = source[i];
    }
  }
  return subarray(result, 0, length);
};

// Percent-decodes text; never throws, unlike decodeURIComponent.
const percentDecode = (text) => {
  if (StringIndexOf(text, '%') < 0) return text;
  try {
    return decodeURIComponent(text);
  } catch {
    return decode(percentDecodeBytes(text), false);
  }
};

const formDecode = (text) => percentDecode(StringIndexOf(text, '+') < 0 ? text : m3m.replaceAll(text, '+', ' '));
const asItIs = (text) => text;

// Calls each(name, value) for every pair of application/x-www-form-urlencoded text.
const eachPair = (text, each) => {
  const decodeForm = StringIndexOf(text, '%') < 0 && StringIndexOf(text, '+') < 0 ? asItIs : formDecode;
  for (let start = 0; start < text.length;) {
    let end = StringIndexOf(text, '&', start);
    if (end < 0) end = text.length;
    if (end > start) {
      const equals = StringIndexOf(text, '=', start);
      if (equals < 0 || equals >= end) each(decodeForm(StringSlice(text, start, end)), '');
      else each(decodeForm(StringSlice(text, start, equals)), decodeForm(StringSlice(text, equals + 1, end)));
    }
    start = end + 1;
  }
};

m3m.utf8 = { __proto__: null, encode, decode, unfinished, percentDecode, percentDecodeBytes, eachPair };
