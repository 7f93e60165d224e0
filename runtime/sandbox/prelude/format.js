// Arguments of a log call as one text: printf forms in a first string, everything else inspected.
const {
  BigIntToString, JSONStringify, StringIndexOf, StringSlice, SymbolToString, parseFloat, parseInt, Number,
} = m3m.primordials;

const isObject = (value) => value !== null && (typeof value === 'object' || typeof value === 'function');

const plain = (value) => {
  if (typeof value === 'string') return value;
  return isObject(value) ? m3m.inspect(value, 1) : m3m.inspect(value);
};

const number = (value, convert) => {
  if (typeof value === 'bigint') return `${BigIntToString(value)}n`;
  if (isObject(value) || typeof value === 'symbol') return 'NaN';
  return `${convert(value)}`;
};

const json = (value) => {
  try {
    return `${JSONStringify(value)}`;
  } catch {
    return '[Circular]';
  }
};

const convert = (form, value) => {
  switch (form) {
    case 's': return typeof value === 'symbol' ? SymbolToString(value) : plain(value);
    case 'd': return number(value, Number);
    case 'i': return number(value, parseInt);
    case 'f': return number(value, parseFloat);
    case 'j': return json(value);
    case 'o':
    case 'O': return m3m.inspect(value);
    case 'c': return '';
    default: return undefined;
  }
};

m3m.format = (args) => {
  let text = '';
  let used = 0;
  if (args.length > 0 && typeof args[0] === 'string') {
    const template = args[0];
    used = 1;
    let start = 0;
    for (let at = StringIndexOf(template, '%'); at >= 0 && args.length > 1; at = StringIndexOf(template, '%', at + 2)) {
      const form = template[at + 1];
      let piece;
      if (form === '%') piece = '%';
      else if (used < args.length) piece = convert(form, args[used]);
      if (piece === undefined) continue;
      if (form !== '%') used++;
      text += StringSlice(template, start, at) + piece;
      start = at + 2;
    }
    text += StringSlice(template, start);
  }
  for (; used < args.length; used++) text += `${used === 0 ? '' : ' '}${typeof args[used] === 'string' ? args[used] : m3m.inspect(args[used])}`;
  return text;
};
