import { api } from './shared/api.js';
import { dialogOf } from './shared/dialogs.js';
import { fileList } from './shared/files.js';
import { liveLog } from './shared/livelog.js';
import { allow, data, isAllowed, one, say } from './shared/page.js';
import { refreshParts } from './shared/parts.js';
import { begin, start } from './shared/project.js';
import { attempt, submit, toast } from './shared/toasts.js';
import { showVersions } from './shared/versions.js';

const root = one('[data-code]');
const state = one('[data-saved]');
const warnings = one('[data-warnings]');
const saveButton = one('[data-save]');
const stale = one('[data-stale-dialog]');
const releaseDialog = one('[data-release-dialog]');
const releaseForm = one('[data-release-form]');
const openStale = dialogOf(stale);
const openRelease = dialogOf(releaseDialog);
const { name: branch } = data.branch;
const path = `${data.api}/pipeline/branches/${encodeURIComponent(branch)}`;
let { etag } = data.branch;
let savedAt = '';
let saving = null;

const files = fileList(root, () => {
  const dirty = files.isDirty();
  const clean = savedAt ? say('saved', { time: savedAt }) : say('clean');
  state.textContent = dirty ? say('unsaved') : clean;
  state.dataset.dirty = String(dirty);
  allow(saveButton, dirty);
});

/** Syntax errors of what was saved: it is saved all the same, but would not run. */
function warn(faults = []) {
  warnings.replaceChildren(...faults.map(({ file, line, message }) => {
    const row = document.createElement('li');
    row.textContent = say('fault', { file, line, message });
    return row;
  }));
}

function took(saved, kept) {
  warn(saved.warnings);
  etag = saved.etag;
  savedAt = new Date(saved.updated_at).toLocaleTimeString(document.documentElement.lang);
  files.keep(kept);
}

async function put(match) {
  const mine = files.current();
  took(await api('PUT', path, { files: mine }, { headers: match ? { 'If-Match': match } : {} }), mine);
}

/** Which of both versions shall stand: mine, theirs, or neither for now. */
function choose(newer) {
  showVersions(stale, newer.files, files.current());
  openStale();
  return new Promise((resolve) => {
    stale.addEventListener('close', () => resolve(stale.returnValue), { once: true });
  });
}

async function saveOnce() {
  if (!files.isDirty()) return true;
  try {
    await put(etag);
    return true;
  } catch (error) {
    const newer = error.body?.newer;
    if (error.status !== 412 || !newer) throw error;
    const choice = await choose(newer);
    if (choice === 'mine') await put(newer.etag);
    if (choice === 'theirs') {
      files.load(newer.files);
      took(newer, newer.files);
    }
    return choice === 'mine' || choice === 'theirs';
  }
}

/** Save what is unsaved, one save after the other; whether everything is saved now. */
async function save() {
  while (saving) await saving.catch(() => {});
  saving = saveOnce();
  try {
    return await saving;
  } finally {
    saving = null;
  }
}

const saveByHand = () => attempt(save);

function runDraft() {
  return attempt(async () => {
    if (await save()) await start({ branch }, say('draftStarted', { branch }));
  });
}

saveButton.addEventListener('click', () => isAllowed(saveButton) && saveByHand());
one('[data-run-draft]').addEventListener('click', runDraft);

document.addEventListener('keydown', (event) => {
  if (!(event.ctrlKey || event.metaKey) || event.altKey || one('dialog[open]')) return;
  if (event.code === 'KeyS') saveByHand();
  else if (event.key === 'Enter') runDraft();
  else return;
  event.preventDefault();
});

window.addEventListener('beforeunload', (event) => {
  if (files.isDirty()) event.preventDefault();
});

one('[data-branch]').addEventListener('change', ({ target }) => {
  const wanted = target.value;
  // Whoever stays because of unsaved changes is still on this branch.
  target.value = branch;
  location.assign(`?branch=${encodeURIComponent(wanted)}`);
});

function showRelease() {
  one('[data-form-error]', releaseForm).hidden = true;
  openRelease();
}

async function publish({ bump, tag, comment, start: wanted }) {
  if (!(await save())) return;
  const release = await api('POST', `${data.api}/pipeline/releases`, {
    branch, bump: bump.value, tag: tag.value, comment: comment.value, activate: wanted.checked,
  });
  const { version } = release;
  toast(say('released', { version }));
  const [major, minor] = version.split('.').map(Number);
  one('[data-next="minor"]').textContent = `${major}.${minor + 1}`;
  one('[data-next="major"]').textContent = `${major + 1}.0`;
  const startIt = wanted.checked;
  releaseForm.reset();
  releaseDialog.close();
  if (startIt) await start({ version });
  refreshParts();
}

one('[data-open-release]').addEventListener('click', showRelease);
releaseForm.addEventListener('submit', (event) => {
  event.preventDefault();
  submit(releaseForm, () => publish(releaseForm.elements));
});

files.load(data.branch.files);
begin({ changed: refreshParts, ...liveLog() });
if (location.hash === '#release') showRelease();
