// crypto.randomUUID and crypto.getRandomValues; the host's randomness, since the sandbox has none of its own.
const {
  DOMException, StringSlice, TypedArrayBuffer, TypedArrayByteLength, TypedArrayByteOffset, TypedArraySet, TypedArrayTag,
  Uint8Array, Uint8ArrayFromHex, NumberToString, parseInt,
} = m3m.primordials;

const MAX_BYTES = 65_536;

const crypto = {
  getRandomValues(array) {
    const tag = array !== null && typeof array === 'object' ? TypedArrayTag(array) : undefined;
    if (tag === undefined || tag === 'Float32Array' || tag === 'Float64Array' || tag === 'Float16Array') {
      throw new DOMException('getRandomValues: array must be a typed array of integers', 'TypeMismatchError');
    }
    const length = TypedArrayByteLength(array);
    if (length > MAX_BYTES) {
      throw new DOMException(`getRandomValues: at most ${MAX_BYTES} bytes at once, not ${length}`, 'QuotaExceededError');
    }
    const target = new Uint8Array(TypedArrayBuffer(array), TypedArrayByteOffset(array), length);
    TypedArraySet(target, Uint8ArrayFromHex(m3m.host.random(length)));
    return array;
  },

  randomUUID() {
    const hex = m3m.host.random(16);
    const variant = NumberToString((parseInt(hex[16], 16) & 3) | 8, 16);
    return `${StringSlice(hex, 0, 8)}-${StringSlice(hex, 8, 12)}-4${StringSlice(hex, 13, 16)}-${variant}${StringSlice(hex, 17, 20)}-${StringSlice(hex, 20, 32)}`;
  },
};

m3m.define('crypto', crypto);
m3m.define('$crypto', crypto);
