// What the server hands to a page's module, and the few things every module does with it.

export const data = JSON.parse(document.getElementById('page-data').textContent);

export const one = (selector, root = document) => root.querySelector(selector);
export const all = (selector, root = document) => [...root.querySelectorAll(selector)];

/** A text of the page in the reader's language, with {names} filled in. */
export function say(key, values = {}) {
  const text = data.words[key] ?? key;
  return text.replace(/\{(\w+)\}/g, (braces, name) => (name in values ? String(values[name]) : braces));
}

/** A copy of what stands in a <template>. */
export const copyOf = (template) => template.content.firstElementChild.cloneNode(true);

/** Give a control a name that is read aloud and shown on hover. */
export function label(control, text) {
  control.setAttribute('aria-label', text);
  control.title = text;
}

/** Refuse a control without taking the focus away from it. */
export function allow(control, allowed) {
  if (control) control.setAttribute('aria-disabled', String(!allowed));
}

export const isAllowed = (control) => control.getAttribute('aria-disabled') !== 'true';

/** Show moments in the reader's own time zone. */
export function localTimes(root = document) {
  const format = new Intl.DateTimeFormat(document.documentElement.lang, { dateStyle: 'medium', timeStyle: 'medium' });
  for (const element of all('time[data-time]', root)) {
    const moment = new Date(element.dateTime);
    element.title = element.textContent;
    element.textContent = format.format(moment);
    delete element.dataset.time;
  }
}

/** Keep Unfold's script away from a file field: it would look for a text field beside it, and fail without one. */
export function ownFileField(field) {
  field.hasChangeListener = true;
}
