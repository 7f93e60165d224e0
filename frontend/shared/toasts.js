// Short messages at the edge of the page. Errors stay until they are closed.

import { one, say } from './page.js';

const SECONDS = 6;

export function toast(text, kind = 'good') {
  const box = document.createElement('div');
  box.className = 'm-toast';
  box.dataset.kind = kind;
  if (kind === 'bad') box.setAttribute('role', 'alert');
  const words = document.createElement('p');
  words.textContent = text;
  const close = document.createElement('button');
  close.type = 'button';
  close.className = 'm-icon';
  close.setAttribute('aria-label', say('close'));
  close.textContent = '✕';
  close.addEventListener('click', () => box.remove());
  box.append(words, close);
  const place = one('[data-toasts]');
  while (place.children.length > 3) place.firstElementChild.remove();
  place.append(box);
  if (kind !== 'bad') setTimeout(() => box.remove(), SECONDS * 1000);
}

/** Do something that may fail; whether it went well. Failures become messages. */
export async function attempt(task, done = '') {
  try {
    await task();
  } catch (error) {
    toast(error.words ?? error.message, 'bad');
    if (!error.words) throw error;
    return false;
  }
  if (done) toast(done);
  return true;
}

/** As attempt, with the failure beside the form. */
export async function submit(form, task, place = one('[data-form-error]', form)) {
  place.hidden = true;
  try {
    await task();
    return true;
  } catch (error) {
    place.textContent = error.words ?? error.message;
    place.hidden = false;
    if (!error.words) throw error;
    return false;
  }
}
