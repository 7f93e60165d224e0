// Native dialogs: the browser keeps the focus inside and gives it back.

import { all, one } from './page.js';

/** Wire a dialog's closing; returns a function that opens it. */
export function dialogOf(dialog) {
  for (const button of all('[data-close]', dialog)) button.addEventListener('click', () => dialog.close(''));
  // A click on the ground beside it closes as well.
  dialog.addEventListener('mousedown', (event) => {
    if (event.target === dialog) dialog.close('');
  });
  return () => {
    dialog.returnValue = '';
    dialog.showModal();
  };
}

let openAsk;

/** Ask for a yes, or with `value` for a text; resolves to true or the text, or to null for no. `refuse` names a fault. */
export function ask(text, { value, refuse = () => '' } = {}) {
  const dialog = one('[data-ask-dialog]');
  const form = one('form', dialog);
  const field = one('[data-ask-field]', dialog);
  const fault = one('[data-ask-error]', dialog);
  openAsk ??= dialogOf(dialog);
  one('[data-ask-text]', dialog).textContent = text;
  one('[data-ask-label]', dialog).textContent = text;
  field.hidden = value === undefined;
  form.elements.answer.disabled = value === undefined;
  form.elements.answer.value = value ?? '';
  fault.hidden = true;
  openAsk();
  form.elements.answer.select();
  return new Promise((resolve) => {
    const listening = new AbortController();
    const { signal } = listening;
    let answer = null;
    form.addEventListener('submit', (event) => {
      const given = value === undefined ? true : form.elements.answer.value.trim();
      const words = value === undefined ? '' : refuse(given);
      fault.textContent = words;
      fault.hidden = !words;
      if (words) event.preventDefault();
      else answer = given;
    }, { signal });
    dialog.addEventListener('close', () => {
      listening.abort();
      resolve(answer);
    }, { signal });
  });
}
