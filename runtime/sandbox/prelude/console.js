// logger and console are one object under four names; it writes lines to the run's log.
const {
  JSONStringify, List, MathMax, NumberToFixed, ObjectCreate, ObjectKeys, ReflectApply, ReflectDefineProperty, RangeError,
  StringCharCodeAt, StringIndexOf, StringPadEnd, StringRepeat, StringSlice, StringTrim, put,
} = m3m.primordials;
const captureStackTrace = Error.captureStackTrace;

const MARK = 40; // room for the mark of a cut line
const MAX_ROWS = 100;
const LEVELS = { __proto__: null, debug: 0, info: 1, warn: 2, error: 3 };

let maxLine = 10_000;
let groupIndent = '';

m3m.setLineLimit = (characters) => {
  maxLine = characters;
};

const cut = (text) => {
  if (text.length <= maxLine) return text;
  let end = MathMax(0, maxLine - MARK);
  const last = StringCharCodeAt(text, end - 1);
  if (last >= 0xd800 && last <= 0xdbff) end--;
  return `${StringSlice(text, 0, end)}… (${text.length - end} more)`;
};

const write = (level, text) => {
  const indented = groupIndent === '' ? text : groupIndent + m3m.replaceAll(text, '\n', `\n${groupIndent}`);
  m3m.host.log(level, cut(indented));
};

const fieldText = (value) => {
  if (typeof value !== 'string') return m3m.inspect(value, 1);
  return value === '' || StringIndexOf(value, ' ') >= 0 || StringIndexOf(value, '=') >= 0 ? JSONStringify(value) : value;
};

const prefixOf = (fields) => {
  if (fields === null || typeof fields !== 'object') {
    throw m3m.newError('invalid_argument', 'logger.child: fields must be an object');
  }
  let prefix = '';
  const keys = ObjectKeys(fields);
  for (let i = 0; i < keys.length; i++) prefix += `${keys[i]}=${fieldText(fields[keys[i]])} `;
  return prefix;
};

// A logger whose lines begin with `prefix`; its level is its own once set, else its parent's.
const makeLogger = (prefix, parentLevel) => {
  let ownLevel;
  const level = () => ownLevel ?? parentLevel();
  const log = (name, args) => {
    if (LEVELS[name] >= LEVELS[level()]) write(name, prefix + m3m.format(args));
  };
  const logger = {
    debug(...args) { log('debug', args); },
    info(...args) { log('info', args); },
    log(...args) { log('info', args); },
    warn(...args) { log('warn', args); },
    error(...args) { log('error', args); },
    child(fields) { return makeLogger(prefix + prefixOf(fields), level); },
  };
  ReflectDefineProperty(logger, 'level', {
    __proto__: null,
    get: level,
    set(value) {
      if (typeof value !== 'string' || LEVELS[value] === undefined) {
        throw m3m.newError('invalid_argument', 'logger.level must be debug, info, warn or error', RangeError);
      }
      ownLevel = value;
    },
    enumerable: true,
    configurable: true,
  });
  return logger;
};

const logger = makeLogger('', () => 'debug');
const { debug, info, warn, error } = logger;

const counts = ObjectCreate(null);
const starts = ObjectCreate(null);
const labelOf = (label) => (label === undefined ? 'default' : m3m.format([label]));

const elapsed = (method, label) => {
  if (starts[label] === undefined) {
    warn(`${method}: no timer '${label}'`);
    return undefined;
  }
  return `${label}: ${NumberToFixed(m3m.host.now() - starts[label], 3)}ms`;
};

const cells = (row, columns) => {
  const result = ObjectCreate(null);
  if (row === null || typeof row !== 'object') {
    result.Values = m3m.inspect(row, 0);
    columns.Values = true;
    return result;
  }
  const keys = ObjectKeys(row);
  for (let i = 0; i < keys.length && i < MAX_ROWS; i++) {
    result[keys[i]] = m3m.inspect(row[keys[i]], 0);
    columns[keys[i]] = true;
  }
  return result;
};

const tableText = (data) => {
  const columns = ObjectCreate(null);
  columns['(index)'] = true;
  const rows = List();
  const keys = ObjectKeys(data);
  for (let i = 0; i < keys.length && i < MAX_ROWS; i++) {
    const row = cells(data[keys[i]], columns);
    row['(index)'] = keys[i];
    rows[i] = row;
  }
  const names = ObjectKeys(columns);
  const lines = List();
  for (let r = -1; r <= rows.length; r++) lines[r + 1] = '|';
  for (let c = 0; c < names.length; c++) {
    let width = names[c].length;
    for (let r = 0; r < rows.length; r++) width = MathMax(width, (rows[r][names[c]] ?? '').length);
    lines[0] += ` ${StringPadEnd(names[c], width)} |`;
    lines[1] += `${StringRepeat('-', width + 2)}|`;
    for (let r = 0; r < rows.length; r++) lines[r + 2] += ` ${StringPadEnd(rows[r][names[c]] ?? '', width)} |`;
  }
  let text = '';
  for (let i = 0; i < lines.length; i++) text += `${i === 0 ? '' : '\n'}${lines[i]}`;
  return text;
};

const functions = {
  __proto__: null,
  trace(...args) {
    const holder = {};
    captureStackTrace(holder, functions.trace);
    debug(`Trace${args.length > 0 ? `: ${m3m.format(args)}` : ''}\n    ${StringTrim(m3m.traceOf(holder))}`);
  },
  assert(condition, ...args) {
    if (!condition) error(`Assertion failed${args.length > 0 ? `: ${m3m.format(args)}` : ''}`);
  },
  count(label) {
    const name = labelOf(label);
    counts[name] = (counts[name] ?? 0) + 1;
    info(`${name}: ${counts[name]}`);
  },
  countReset(label) { delete counts[labelOf(label)]; },
  time(label) { starts[labelOf(label)] = m3m.host.now(); },
  timeLog(label, ...args) {
    const text = elapsed('timeLog', labelOf(label));
    if (text !== undefined) info(args.length > 0 ? `${text} ${m3m.format(args)}` : text);
  },
  timeEnd(label) {
    const name = labelOf(label);
    const text = elapsed('timeEnd', name);
    delete starts[name];
    if (text !== undefined) info(text);
  },
  table(data) {
    if (data === null || typeof data !== 'object') info(data);
    else info(tableText(data));
  },
  dir(value) { info(m3m.inspect(value)); },
  group(...args) {
    if (args.length > 0) ReflectApply(info, undefined, args);
    if (groupIndent.length < 40) groupIndent += '  ';
  },
  groupEnd() { groupIndent = StringSlice(groupIndent, 2); },
};
const names = ObjectKeys(functions);
for (let i = 0; i < names.length; i++) put(logger, names[i], functions[names[i]]);
put(logger, 'groupCollapsed', functions.group);

m3m.define('logger', logger);
m3m.define('$logger', logger);
m3m.define('console', logger);
