// The head of a project's page: live status, start, stop and restart.

import { api } from './api.js';
import { wireCopying } from './copy.js';
import { dialogOf } from './dialogs.js';
import { listen } from './live.js';
import { all, allow, data, isAllowed, localTimes, one, say } from './page.js';
import { attempt } from './toasts.js';

const WORDS = { start: 'started', stop: 'stopAsked', restart: 'restartAsked' };
// What may be asked for in which status.
const MAY = {
  start: new Set(['stopped', 'crashed']),
  restart: new Set(['running', 'starting', 'crashed']),
  stop: new Set(['running', 'starting']),
};

/** Whether a service of this status can be started, stopped or restarted. */
export const may = (verb, status) => MAY[verb].has(status);

/** Show a status by word and shape. */
export function showStatus(badge, status) {
  if (badge.dataset.status === status) return;
  badge.dataset.status = status;
  one('[data-status-word]', badge).textContent = say(status);
}

function showHead(status) {
  const head = one('[data-project-head]');
  head.dataset.status = status;
  showStatus(one('.m-status', head), status);
  for (const button of all('[data-service]', head)) allow(button, may(button.dataset.service, status));
}

/** Ask for a start of something, and show at once that it was asked for. */
export function start(what, words = say('started')) {
  return attempt(async () => {
    await api('POST', `${data.api}/start`, what);
    showHead('starting');
  }, words);
}

function wireActions() {
  for (const button of all('[data-project-head] [data-service]')) {
    button.addEventListener('click', async () => {
      if (!isAllowed(button)) return;
      const verb = button.dataset.service;
      allow(button, false);
      const went = await attempt(() => api('POST', `${data.api}/${verb}`, {}), say(WORDS[verb]));
      if (went && verb !== 'stop') showHead('starting');
      if (!went) allow(button, true);
    });
  }
}

function wireStartDialog() {
  const dialog = one('[data-start-dialog]');
  if (!dialog) return;
  const open = dialogOf(dialog);
  const choices = one('[data-start-choices]', dialog);
  one('[data-open-start]').addEventListener('click', () => attempt(async () => {
    const [releases, branches] = await Promise.all([
      api('GET', `${data.api}/pipeline/releases?page_size=100`),
      api('GET', `${data.api}/pipeline/branches?page_size=100`),
    ]);
    choices.replaceChildren(
      ...releases.results.map((release) => new Option(`${release.version} · ${release.tag}`, `version:${release.version}`, release.is_active, release.is_active)),
      ...branches.results.map((branch) => new Option(say('draftOf', { branch: branch.name }), `branch:${branch.name}`)),
    );
    open();
  }));
  dialog.addEventListener('close', () => {
    if (dialog.returnValue !== 'start' || !choices.value) return;
    const [kind, name] = choices.value.split(/:(.*)/s);
    start({ [kind]: name });
  });
}

/** Begin a project's page. `changed(status)` is called when the run or its status is another, `logged(message)` with log. */
export function begin({ changed = () => {}, logged = () => {}, connected = () => {} } = {}) {
  wireCopying();
  localTimes();
  wireActions();
  wireStartDialog();
  showHead(data.status);
  one('.m-tabs [aria-current]').scrollIntoView({ block: 'nearest', inline: 'center' });
  let shown = null;
  listen(data.socket, (message) => {
    if (message.type === 'log') logged(message);
    if (message.type !== 'status') return;
    showHead(message.status);
    const mark = `${message.run?.id} ${message.run?.status} ${message.run?.restarts}`;
    if (shown !== null && shown !== mark) changed(message);
    shown = mark;
  }, connected);
}
