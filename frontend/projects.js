import { api, poll } from './shared/api.js';
import { wireCopying } from './shared/copy.js';
import { dialogOf } from './shared/dialogs.js';
import { all, allow, copyOf, data, isAllowed, label, one, ownFileField, say } from './shared/page.js';
import { may, showStatus } from './shared/project.js';
import { slugOf } from './shared/slugs.js';
import { attempt, submit, toast } from './shared/toasts.js';

const PAUSE = 2500;
const list = one('[data-projects]');
const template = one('[data-row]');
const search = one('[data-search]');
const pager = one('[data-pager]');
const rows = new Map();
let page = 1;

const pageOf = (project) => `${data.base}${data.taken.includes(project.slug) ? project.id : project.slug}/`;

function set(element, text) {
  if (element.textContent !== text) element.textContent = text;
}

function rowOf(project) {
  if (!rows.has(project.id)) {
    const row = copyOf(template);
    row.dataset.id = project.id;
    rows.set(project.id, row);
  }
  return rows.get(project.id);
}

function show(project) {
  const row = rowOf(project);
  const { name } = project;
  row.dataset.status = project.status;
  one('[data-dot]', row).dataset.color = project.color;
  const link = one('[data-name]', row);
  set(link, name);
  link.href = pageOf(project);
  set(one('[data-slug]', row), project.slug);
  showStatus(one('[data-badge]', row), project.status);
  set(one('[data-release]', row), project.active_release ?? say('noRelease'));
  const url = one('[data-url]', row);
  set(url, project.route_url);
  url.href = project.route_url;
  const copy = one('[data-copy]', row);
  copy.dataset.copy = project.route_url;
  label(copy, say('copyOf', { name }));
  const error = one('[data-error]', row);
  set(error, project.last_error ?? '');
  error.hidden = !project.last_error;
  const logs = one('[data-logs]', row);
  logs.href = `${pageOf(project)}logs/`;
  label(logs, say('logsOf', { name }));
  for (const button of all('[data-service]', row)) {
    label(button, say(`${button.dataset.service}Of`, { name }));
    allow(button, may(button.dataset.service, project.status));
  }
  return row;
}

function showAll({ results, count, next, previous }) {
  const wanted = results.map(show);
  for (const [id, row] of rows) {
    if (wanted.includes(row)) continue;
    row.remove();
    rows.delete(id);
  }
  wanted.forEach((row, index) => {
    if (list.children[index] !== row) list.insertBefore(row, list.children[index] ?? null);
  });
  const searched = search.value.trim();
  set(one('[data-count]'), count ? say('count', { count }) : '');
  one('[data-empty]').hidden = count > 0 || searched !== '';
  const nothing = one('[data-nothing]');
  nothing.hidden = count > 0 || searched === '';
  set(nothing, say('nothingFound', { search: searched }));
  pager.hidden = !next && !previous;
  allow(one('[data-step="-1"]', pager), Boolean(previous));
  allow(one('[data-step="1"]', pager), Boolean(next));
}

async function look(signal) {
  const query = new URLSearchParams({ search: search.value.trim(), page, page_size: data.pageSize });
  showAll(await api('GET', `/api/projects?${query}`, undefined, { signal }));
}

list.addEventListener('click', async (event) => {
  const button = event.target.closest('[data-service]');
  if (!button || !isAllowed(button)) return;
  const { id } = button.closest('[data-id]').dataset;
  allow(button, false);
  await attempt(() => api('POST', `/api/projects/${id}/${button.dataset.service}`, {}));
  now();
});

for (const button of all('[data-step]', pager)) {
  button.addEventListener('click', () => {
    if (!isAllowed(button)) return;
    page += Number(button.dataset.step);
    now();
  });
}

let typing = 0;
search.addEventListener('input', () => {
  clearTimeout(typing);
  typing = setTimeout(() => {
    page = 1;
    now();
  }, 200);
});

const dialog = one('[data-new-dialog]');
if (dialog) {
  const form = one('[data-new-form]', dialog);
  const preview = one('[data-slug-preview]', dialog);
  const open = dialogOf(dialog);
  const guess = () => {
    const slug = form.elements.slug.value || slugOf(form.elements.name.value);
    form.elements.slug.placeholder = slugOf(form.elements.name.value) || say('slugOfName');
    preview.textContent = `${location.origin}/r/${slug || '…'}/`;
  };
  form.addEventListener('input', guess);
  for (const button of all('[data-open-new]')) {
    button.addEventListener('click', () => {
      form.reset();
      guess();
      one('[data-form-error]', form).hidden = true;
      open();
    });
  }
  form.addEventListener('submit', async (event) => {
    event.preventDefault();
    const { name, slug, color } = form.elements;
    await submit(form, async () => {
      const made = await api('POST', '/api/projects', { name: name.value, slug: slug.value, color: color.value });
      location.assign(`${pageOf(made)}code/`);
    });
  });
}

const importDialog = one('[data-import-dialog]');
if (importDialog) {
  const form = one('[data-import-form]', importDialog);
  const open = dialogOf(importDialog);
  ownFileField(form.elements.archive);
  const send = one('[type=submit]', form);
  one('[data-open-import]').addEventListener('click', () => {
    form.reset();
    one('[data-form-error]', form).hidden = true;
    open();
  });
  form.addEventListener('submit', async (event) => {
    event.preventDefault();
    if (send.disabled) return;
    const { archive, name, slug } = form.elements;
    const query = new URLSearchParams({ name: name.value, slug: slug.value });
    const words = send.textContent;
    // Browsers know the type of a zip file by different names, or by none.
    const body = new Blob([archive.files[0]], { type: 'application/zip' });
    send.disabled = true;
    send.textContent = say('importing');
    await submit(form, async () => {
      const { project, missing_secrets: keys } = await api('POST', `/api/projects/import?${query}`, body);
      if (!keys.length) {
        location.assign(`${pageOf(project)}code/`);
        return;
      }
      importDialog.close();
      toast(say('missingSecrets', { keys: keys.join(', ') }));
      now();
    });
    send.disabled = false;
    send.textContent = words;
  });
}

wireCopying();
showAll({ results: data.projects, count: data.count, next: data.count > data.projects.length, previous: null });
const now = poll(look, PAUSE);
