// Errors and values as plain text, however hostile they are: each access may run guest code or throw.
const {
  ArrayIsArray, BigIntToString, JSONStringify, NumberIsFinite, ObjectCreate, ObjectKeys, StringSlice, StringTrim,
  SymbolToString,
} = m3m.primordials;

const MAX_MESSAGE = 10_000;
const MAX_STACK = 20_000;
const MAX_NAME = 200;
const MAX_DEPTH = 64;

// The node masks the beginning of a secret before the sign of a cut.
const cut = (text, limit) => (text.length > limit ? `${StringSlice(text, 0, limit - 1)}…` : text);

const primitiveText = (value) => {
  switch (typeof value) {
    case 'string': return value;
    case 'symbol': return SymbolToString(value);
    case 'bigint': return `${BigIntToString(value)}n`;
    case 'object':
    case 'function': return undefined;
    default: return `${value}`;
  }
};

// The property as text when it is a string (or, for messages and codes, another primitive), else undefined.
const textOf = (value, key, limit, onlyString) => {
  try {
    const found = value[key];
    if (found === undefined || found === null || (onlyString && typeof found !== 'string')) return undefined;
    const text = primitiveText(found);
    return text === undefined ? undefined : cut(text, limit);
  } catch {
    return undefined;
  }
};

const describe = (value) => {
  try {
    return cut(m3m.inspect(value), MAX_MESSAGE);
  } catch {
    return 'a value that cannot be shown';
  }
};

// The engine's own stack: the lines `    at …` only.
m3m.traceOf = (value) => textOf(value, 'stack', MAX_STACK, true) ?? '';

const errorText = (name, message, trace) => {
  const head = message === '' ? name : `${name}: ${message}`;
  return cut(StringTrim(trace) === '' ? head : `${head}\n    ${StringTrim(trace)}`, MAX_STACK);
};

// {name, message, stack, code?} of anything thrown, as plain strings; never throws itself. The stack begins with name and
// message, as in V8; the engine's does not.
m3m.toError = (value) => {
  const result = ObjectCreate(null);
  if (value === null || (typeof value !== 'object' && typeof value !== 'function')) {
    result.name = 'Error';
    result.message = cut(primitiveText(value) ?? 'null', MAX_MESSAGE);
    result.stack = `Uncaught ${result.message}`;
    return result;
  }
  result.name = textOf(value, 'name', MAX_NAME, true) || 'Error';
  result.message = textOf(value, 'message', MAX_MESSAGE, false) ?? describe(value);
  result.stack = errorText(result.name, result.message, m3m.traceOf(value));
  const code = textOf(value, 'code', MAX_NAME, false);
  if (code !== undefined) result.code = code;
  return result;
};

const jsonMembers = (value, depth) => {
  let text = '';
  const keys = ObjectKeys(value);
  for (let i = 0; i < keys.length; i++) {
    const member = jsonOf(value[keys[i]], depth);
    if (member !== undefined) text += `${text === '' ? '' : ','}${JSONStringify(keys[i])}:${member}`;
  }
  return `{${text}}`;
};

const jsonItems = (value, depth) => {
  let text = '';
  for (let i = 0; i < value.length; i++) text += `${i === 0 ? '' : ','}${jsonOf(value[i], depth) ?? 'null'}`;
  return `[${text}]`;
};

const jsonOf = (value, depth) => {
  switch (typeof value) {
    case 'string': return JSONStringify(value);
    case 'number': return NumberIsFinite(value) ? `${value}` : 'null';
    case 'boolean': return value ? 'true' : 'false';
    case 'object':
      if (value === null || depth > MAX_DEPTH) return 'null';
      return ArrayIsArray(value) ? jsonItems(value, depth + 1) : jsonMembers(value, depth + 1);
    default: return undefined;
  }
};

// JSON of the platform's own data: always a string, never throws, and no toJSON, however the guest has changed prototypes.
// What JSON cannot hold becomes null.
m3m.stringify = (value) => {
  try {
    return jsonOf(value, 0) ?? 'null';
  } catch {
    return 'null';
  }
};
