// Parts of a page that the server renders again: [data-part].

import { all, localTimes, one } from './page.js';

let running = null;

/** Fetch the page anew and put its parts in place of those shown. */
export async function refreshParts() {
  running?.abort();
  running = new AbortController();
  try {
    const response = await fetch(location.href, { signal: running.signal, headers: { Accept: 'text/html' } });
    if (!response.ok || response.redirected) return;
    const fresh = new DOMParser().parseFromString(await response.text(), 'text/html');
    for (const part of all('[data-part]')) {
      const newer = one(`[data-part="${part.dataset.part}"]`, fresh);
      // What is in use stays: the focus would be lost.
      if (newer && !part.contains(document.activeElement)) part.replaceWith(document.adoptNode(newer));
    }
    localTimes();
  } catch (error) {
    if (error.name !== 'AbortError' && !(error instanceof TypeError)) throw error;
  }
}
