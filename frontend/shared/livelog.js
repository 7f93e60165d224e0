// A log viewer that follows the newest run, or shows an earlier one.

import { api } from './api.js';
import { logViewer } from './log.js';
import { data, one, say } from './page.js';
import { attempt } from './toasts.js';

const PAGE = 1000;
// As many lines as the socket sends first, if there are more.
const FIRST = 500;

/** Wire the log on the page; returns what `begin` of the project wants. */
export function liveLog(root = one('[data-log]')) {
  const state = one('[data-log-state]', root);
  const picker = one('[data-log-run]', root);
  const download = one('[data-log-download]', root);
  const whole = download.getAttribute('href');
  let run = '';
  const viewer = logViewer(root, async (before) => (await fetchLines({ before })).lines);

  const chosen = () => picker?.value ?? '';

  function fetchLines(query) {
    const wanted = new URLSearchParams({ limit: PAGE, ...(run ? { run } : {}), ...query });
    return api('GET', `${data.api}/logs?${wanted}`);
  }

  function heard(message) {
    if (chosen()) return;
    if (message.reset && message.run !== run) viewer.clear();
    if (message.reset && message.lines.length < FIRST) viewer.isWhole();
    viewer.add(message.lines, message.reset && message.run === run);
    run = message.run;
  }

  async function choose() {
    viewer.clear();
    run = chosen();
    download.href = run ? `${whole}?run=${run}` : whole;
    history.replaceState(null, '', run ? `?run=${run}` : location.pathname);
    const page = await fetchLines({});
    run = page.run ?? '';
    if (page.start === 0) viewer.isWhole();
    viewer.add(page.lines);
  }

  picker?.addEventListener('change', () => attempt(choose));
  if (chosen()) attempt(choose);
  return {
    logged: heard,
    connected(now) {
      state.dataset.state = now;
      state.textContent = say(now);
    },
  };
}
