import { api } from './shared/api.js';
import { ask } from './shared/dialogs.js';
import { data, one, say } from './shared/page.js';
import { refreshParts } from './shared/parts.js';
import { begin } from './shared/project.js';
import { attempt, submit, toast } from './shared/toasts.js';

const form = one('[data-settings-form]');
form.addEventListener('submit', async (event) => {
  event.preventDefault();
  const { name, slug, color, auto_start: autoStart, keep_runs: keepRuns, time_zone: timeZone } = form.elements;
  const wanted = { name: name.value, slug: slug.value, color: color.value, auto_start: autoStart.checked, keep_runs: Number(keepRuns.value), time_zone: timeZone.value };
  const went = await submit(form, () => api('PUT', data.api, wanted));
  if (!went) return;
  // Name, colour and addresses stand all over the page.
  if (slug.value !== data.slug) location.assign(`${data.list}${slug.value}/settings/`);
  else location.reload();
});

const add = one('[data-member-form]');
add?.addEventListener('submit', async (event) => {
  event.preventDefault();
  const email = add.elements.email.value;
  const went = await submit(add, () => api('POST', `${data.api}/members`, { email }), one('[data-member-error]'));
  if (!went) return;
  toast(say('memberAdded', { email }));
  add.reset();
  await refreshParts();
});

document.addEventListener('click', async (event) => {
  const button = event.target.closest('[data-remove-member]');
  if (!button) return;
  const { removeMember, email } = button.dataset;
  await attempt(() => api('DELETE', `${data.api}/members/${removeMember}`), say('memberRemoved', { email }));
  button.blur();
  await refreshParts();
});

document.addEventListener('click', async (event) => {
  const button = event.target.closest('[data-new-owner]');
  if (!button || !(await ask(say('askOwner', { email: button.dataset.email })))) return;
  const went = await attempt(() => api('PUT', `${data.api}/owner`, { user_id: button.dataset.newOwner }));
  if (went) location.reload();
});

const shown = one('[data-new-key]');
const ending = one('[data-end-key]');
one('[data-make-key]')?.addEventListener('click', async () => {
  if (!ending.hidden && !(await ask(say('askNewKey')))) return;
  await attempt(async () => {
    const { api_key: key } = await api('POST', `${data.api}/regenerate-key`);
    one('[data-key-text]', shown).textContent = key;
    one('[data-copy]', shown).dataset.copy = key;
    shown.hidden = ending.hidden = false;
    await refreshParts();
  });
});
ending?.addEventListener('click', async () => {
  if (!(await ask(say('askEndKey')))) return;
  const went = await attempt(() => api('DELETE', `${data.api}/key`), say('keyEnded'));
  if (!went) return;
  shown.hidden = ending.hidden = true;
  await refreshParts();
});

// An unticked box is sent as no value at all, which would mean yes.
one('[data-records]')?.addEventListener('change', ({ target }) => {
  one('[data-no-records]').disabled = target.checked;
});

const end = one('[data-delete-form]');
end?.elements.slug.addEventListener('input', ({ target }) => {
  one('[type=submit]', end).disabled = target.value !== target.dataset.wanted;
});
end?.addEventListener('submit', async (event) => {
  event.preventDefault();
  const went = await submit(end, () => api('DELETE', data.api, { slug: end.elements.slug.value }), one('[data-delete-error]'));
  if (went) location.assign(data.list);
});

begin();
