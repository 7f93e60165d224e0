import { api } from './shared/api.js';
import { all, allow, copyOf, data, isAllowed, label, one, say } from './shared/page.js';
import { begin } from './shared/project.js';
import { submit, toast } from './shared/toasts.js';

const form = one('[data-env-form]');
const list = one('[data-variables]');
const dirtyMark = one('[data-dirty]');
let dirty = false;

function touch(now = true) {
  dirty = now;
  dirtyMark.hidden = !now;
}

/** A stored value as text to edit. */
function textOf(type, value) {
  if (type === 'json') return JSON.stringify(value, null, 2);
  return value === null ? '' : String(value);
}

function control(type, text, isSet) {
  if (type === 'boolean') {
    const select = document.createElement('select');
    select.append(new Option(say('yes'), 'true'), new Option(say('no'), 'false'));
    select.value = text === 'false' ? 'false' : 'true';
    return select;
  }
  const many = type === 'text' || type === 'json';
  const input = document.createElement(many ? 'textarea' : 'input');
  if (many) input.rows = 3;
  else if (type === 'secret') input.type = 'password';
  else if (type === 'integer' || type === 'float') input.inputMode = 'decimal';
  if (type === 'secret') {
    input.placeholder = say(isSet ? 'secretSet' : 'secretNew');
    input.autocomplete = 'new-password';
  } else {
    input.autocomplete = 'off';
    input.value = text;
  }
  input.spellcheck = false;
  return input;
}

/** What stands in a row, as REST wants it; an untouched secret is left out and so keeps its value. */
function read(row) {
  const type = one('[data-type]', row).value;
  const value = one('[data-value]', row).firstElementChild.value;
  const variable = { key: one('[data-key]', row).value.trim(), type };
  if (type === 'secret' && value === '' && row.dataset.secret === 'set') return variable;
  return { ...variable, value };
}

function number() {
  const rows = [...list.children];
  rows.forEach((row, index) => {
    const values = { number: index + 1 };
    label(one('[data-key]', row), say('keyOf', values));
    label(one('[data-type]', row), say('typeOf', values));
    label(one('[data-value]', row).firstElementChild, say('valueOf', values));
    label(one('[data-up]', row), say('upOf', values));
    label(one('[data-down]', row), say('downOf', values));
    label(one('[data-remove]', row), say('removeOf', values));
    allow(one('[data-up]', row), index > 0);
    allow(one('[data-down]', row), index < rows.length - 1);
  });
  one('[data-nothing]').hidden = rows.length > 0;
  allow(one('[data-add]'), rows.length < data.most);
}

function fill(row, type, text) {
  one('[data-value]', row).replaceChildren(control(type, text, row.dataset.secret === 'set' && type === 'secret'));
}

function addRow({ key, type, value, is_set: isSet } = { key: '', type: 'string', value: '' }) {
  const row = copyOf(one('[data-row]'));
  one('[data-key]', row).value = key;
  const select = one('[data-type]', row);
  select.value = type;
  if (type === 'secret' && isSet) row.dataset.secret = 'set';
  fill(row, type, textOf(type, value));
  select.addEventListener('change', () => {
    const old = one('[data-value]', row).firstElementChild.value;
    fill(row, select.value, old);
    number();
  });
  one('[data-up]', row).addEventListener('click', ({ currentTarget }) => move(row, currentTarget, -1));
  one('[data-down]', row).addEventListener('click', ({ currentTarget }) => move(row, currentTarget, 1));
  one('[data-remove]', row).addEventListener('click', () => {
    const next = row.nextElementSibling ?? row.previousElementSibling;
    row.remove();
    touch();
    number();
    (next ? one('[data-remove]', next) : one('[data-add]')).focus();
  });
  list.append(row);
  return row;
}

function move(row, button, step) {
  if (!isAllowed(button)) return;
  if (step < 0) row.previousElementSibling.before(row);
  else row.nextElementSibling.after(row);
  touch();
  number();
  button.focus();
}

function show(variables) {
  list.replaceChildren();
  variables.forEach((variable) => addRow(variable));
  number();
  touch(false);
}

function clearFaults() {
  for (const row of list.children) {
    one('[data-row-error]', row).hidden = true;
    for (const field of all('[aria-invalid]', row)) field.removeAttribute('aria-invalid');
  }
}

/** Put each error beside the row that its JSON pointer names; whether all had a row. */
function showFaults(errors) {
  for (const { pointer, detail } of errors) {
    const [, index, part] = pointer.match(/^\/(\d+)(?:\/(\w+))?/) ?? [];
    const row = list.children[index];
    if (!row) continue;
    const words = one('[data-row-error]', row);
    words.textContent = detail;
    words.hidden = false;
    const field = part === 'value' ? one('[data-value]', row).firstElementChild : one(`[data-${part === 'type' ? 'type' : 'key'}]`, row);
    field.setAttribute('aria-invalid', 'true');
    field.focus();
  }
}

form.addEventListener('input', () => touch());
one('[data-add]').addEventListener('click', ({ currentTarget }) => {
  if (!isAllowed(currentTarget)) return;
  const row = addRow();
  touch();
  number();
  one('[data-key]', row).focus();
});

async function save() {
  clearFaults();
  const went = await submit(form, async () => {
    try {
      show(await api('PUT', `${data.api}/env`, [...list.children].map(read)));
    } catch (error) {
      showFaults(error.errors ?? []);
      throw error;
    }
  });
  if (went) toast(say('saved'));
}

form.addEventListener('submit', (event) => {
  event.preventDefault();
  save();
});
document.addEventListener('keydown', (event) => {
  if (!(event.ctrlKey || event.metaKey) || event.code !== 'KeyS') return;
  event.preventDefault();
  save();
});
window.addEventListener('beforeunload', (event) => {
  if (dirty) event.preventDefault();
});

show(data.variables);
begin();
