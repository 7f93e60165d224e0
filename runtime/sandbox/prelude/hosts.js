// Hosts of URLs after the URL standard: domains, IPv4, IPv6, opaque hosts. International names become punycode; their
// mapping is NFKC and lower case, which is what UTS 46 does to all but rare characters, without its tables.
const {
  List, MathFloor, NumberToString, RegExp, RegExpExec, StringCodePointAt, StringFromCharCode, StringFromCodePoint,
  StringIndexOf, StringNormalize, StringSlice, StringStartsWith, StringToLowerCase, parseInt,
} = m3m.primordials;
const { replaceAll } = m3m;

const FORBIDDEN = new RegExp('[\\x00\\t\\n\\r #/:<>?@\\[\\\\\\]^|]');
const FORBIDDEN_IN_DOMAIN = new RegExp('[\\x00-\\x20#%/:<>?@\\[\\\\\\]^|\\x7f]');
const NOT_ASCII = new RegExp('[^\\x00-\\x7f]');
const NUMBER = new RegExp('^([0-9]+|0[xX][0-9A-Fa-f]*)$');
const OCTAL = new RegExp('^0[0-7]+$');
const DECIMAL = new RegExp('^[0-9]+$');
const HEX_PIECE = new RegExp('^[0-9A-Fa-f]{1,4}$');
const DOTTED = new RegExp('^(0|[1-9][0-9]{0,2})\\.(0|[1-9][0-9]{0,2})\\.(0|[1-9][0-9]{0,2})\\.(0|[1-9][0-9]{0,2})$');

const matches = (pattern, text) => RegExpExec(pattern, text) !== null;

const split = (text, separator) => {
  const parts = List();
  let start = 0;
  for (let at = StringIndexOf(text, separator); at >= 0; at = StringIndexOf(text, separator, start)) {
    parts[parts.length] = StringSlice(text, start, at);
    start = at + separator.length;
  }
  parts[parts.length] = StringSlice(text, start);
  return parts;
};

// Punycode, RFC 3492.
const adapt = (delta, points, first) => {
  let rest = first ? MathFloor(delta / 700) : delta >> 1;
  rest += MathFloor(rest / points);
  let k = 0;
  for (; rest > 455; k += 36) rest = MathFloor(rest / 35);
  return k + MathFloor((36 * rest) / (rest + 38));
};

const digit = (value) => StringFromCharCode(value < 26 ? value + 97 : value + 22);

const variableLength = (delta, bias) => {
  let text = '';
  let rest = delta;
  for (let k = 36; ; k += 36) {
    const limit = k <= bias ? 1 : k >= bias + 26 ? 26 : k - bias;
    if (rest < limit) return text + digit(rest);
    text += digit(limit + ((rest - limit) % (36 - limit)));
    rest = MathFloor((rest - limit) / (36 - limit));
  }
};

const punycode = (label) => {
  const points = List();
  let text = '';
  for (let i = 0; i < label.length;) {
    const point = StringCodePointAt(label, i);
    points[points.length] = point;
    if (point < 128) text += StringFromCodePoint(point);
    i += point > 0xffff ? 2 : 1;
  }
  const basic = text.length;
  if (basic > 0) text += '-';
  for (let current = 128, delta = 0, bias = 72, done = basic; done < points.length; current++, delta++) {
    let next = 0x10ffff;
    for (let i = 0; i < points.length; i++) if (points[i] >= current && points[i] < next) next = points[i];
    delta += (next - current) * (done + 1);
    current = next;
    for (let i = 0; i < points.length; i++) {
      if (points[i] < current) delta++;
      if (points[i] !== current) continue;
      text += variableLength(delta, bias);
      bias = adapt(delta, done + 1, done === basic);
      delta = 0;
      done++;
    }
  }
  return text;
};

const toAscii = (domain) => {
  if (!matches(NOT_ASCII, domain)) return StringToLowerCase(domain);
  const dotted = replaceAll(replaceAll(domain, '\u3002', '.'), '\u00ad', '');
  const mapped = StringNormalize(StringToLowerCase(StringNormalize(dotted, 'NFKC')), 'NFKC');
  const labels = split(mapped, '.');
  let text = '';
  for (let i = 0; i < labels.length; i++) {
    text += `${i === 0 ? '' : '.'}${matches(NOT_ASCII, labels[i]) ? `xn--${punycode(labels[i])}` : labels[i]}`;
  }
  return text;
};

const ipv4Number = (part) => {
  if (part === '') return undefined;
  const lead = StringSlice(part, 0, 2);
  if (lead === '0x' || lead === '0X') {
    if (part.length === 2) return 0;
    return matches(NUMBER, part) ? parseInt(StringSlice(part, 2), 16) : undefined;
  }
  if (part.length > 1 && part[0] === '0') return matches(OCTAL, part) ? parseInt(part, 8) : undefined;
  return matches(DECIMAL, part) ? parseInt(part, 10) : undefined;
};

const labelsOf = (domain) => {
  const labels = split(domain, '.');
  if (labels.length > 1 && labels[labels.length - 1] === '') labels.length--;
  return labels;
};

const ipv4 = (domain) => {
  const labels = labelsOf(domain);
  if (labels.length > 4) return undefined;
  let address = 0;
  for (let i = 0; i < labels.length; i++) {
    const value = ipv4Number(labels[i]);
    const last = i === labels.length - 1;
    if (value === undefined || value >= (last ? 256 ** (5 - labels.length) : 256)) return undefined;
    address += last ? value : value * 256 ** (3 - i);
  }
  return `${MathFloor(address / 0x1000000)}.${MathFloor(address / 0x10000) & 255}.${MathFloor(address / 256) & 255}.${address % 256}`;
};

const endsInNumber = (domain) => {
  const labels = labelsOf(domain);
  return matches(NUMBER, labels[labels.length - 1]);
};

// The pieces of one side of '::' as numbers; undefined if one is wrong. Only the last may be dotted decimal.
const ipv6Side = (text, dottedAllowed) => {
  const pieces = List();
  if (text === '') return pieces;
  const parts = split(text, ':');
  for (let i = 0; i < parts.length; i++) {
    if (matches(HEX_PIECE, parts[i])) {
      pieces[pieces.length] = parseInt(parts[i], 16);
      continue;
    }
    const dotted = RegExpExec(DOTTED, parts[i]);
    if (dotted === null || !dottedAllowed || i < parts.length - 1) return undefined;
    for (let k = 1; k <= 3; k += 2) {
      const high = +dotted[k];
      const low = +dotted[k + 1];
      if (high > 255 || low > 255) return undefined;
      pieces[pieces.length] = high * 256 + low;
    }
  }
  return pieces;
};

const ipv6Pieces = (text) => {
  const gap = StringIndexOf(text, '::');
  if (gap < 0) {
    const all = ipv6Side(text, true);
    return all !== undefined && all.length === 8 ? all : undefined;
  }
  const tail = StringSlice(text, gap + 2);
  const left = ipv6Side(StringSlice(text, 0, gap), false);
  const right = ipv6Side(tail, true);
  if (left === undefined || right === undefined || left.length + right.length > 7) return undefined;
  const pieces = List();
  for (let i = 0; i < 8; i++) {
    const fromRight = i - (8 - right.length);
    pieces[i] = i < left.length ? left[i] : fromRight >= 0 ? right[fromRight] : 0;
  }
  return pieces;
};

// Where the longest run of two or more zero pieces begins and ends.
const longestGap = (pieces) => {
  let best = 8;
  let bestEnd = 8;
  for (let i = 0; i < 8; i++) {
    let end = i;
    while (end < 8 && pieces[end] === 0) end++;
    if (end - i > 1 && end - i > bestEnd - best) {
      best = i;
      bestEnd = end;
    }
    if (end > i) i = end;
  }
  return { __proto__: null, start: best, end: bestEnd };
};

const ipv6 = (text) => {
  const pieces = text === '' ? undefined : ipv6Pieces(text);
  if (pieces === undefined) return undefined;
  const gap = longestGap(pieces);
  let result = '';
  for (let i = 0; i < 8; i++) {
    if (i === gap.start) {
      result += '::';
      i = gap.end - 1;
    } else {
      result += (result === '' || i === gap.end ? '' : ':') + NumberToString(pieces[i], 16);
    }
  }
  return `[${result}]`;
};

// The host as a URL shows it; undefined for one that cannot be.
m3m.parseHost = (input, special, encodeOpaque) => {
  if (StringStartsWith(input, '[')) {
    return input[input.length - 1] === ']' ? ipv6(StringSlice(input, 1, -1)) : undefined;
  }
  if (!special) return matches(FORBIDDEN, input) ? undefined : encodeOpaque(input);
  const decoded = m3m.utf8.percentDecode(input);
  if (StringIndexOf(decoded, '\ufffd') >= 0) return undefined;
  const domain = toAscii(decoded);
  if (domain === '' || matches(FORBIDDEN_IN_DOMAIN, domain)) return undefined;
  return endsInNumber(domain) ? ipv4(domain) : domain;
};
m3m.split = split;
