import { api } from './shared/api.js';
import { ask } from './shared/dialogs.js';
import { data, say } from './shared/page.js';
import { refreshParts } from './shared/parts.js';
import { begin, start } from './shared/project.js';
import { attempt } from './shared/toasts.js';

const path = (version) => `${data.api}/pipeline/releases/${version}`;
const verbs = {
  start: (version) => start({ version }, say('startedVersion', { version })),
  activate: (version) => attempt(() => api('POST', `${path(version)}/activate`, {}), say('activated', { version })),
  async delete(version) {
    if (!(await ask(say('deleteAsk', { version })))) return;
    await attempt(() => api('DELETE', path(version)), say('deleted', { version }));
  },
};

document.addEventListener('click', async (event) => {
  const button = event.target.closest('[data-release]');
  if (!button) return;
  const { version } = button.closest('[data-version]').dataset;
  await verbs[button.dataset.release](version);
  document.activeElement?.blur();
  await refreshParts();
});

begin({ changed: refreshParts });
