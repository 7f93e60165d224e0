// Buttons that copy: <button data-copy="text">.

import { say } from './page.js';
import { toast } from './toasts.js';

export function wireCopying(root = document) {
  root.addEventListener('click', async (event) => {
    const button = event.target.closest('[data-copy]');
    if (!button) return;
    try {
      await navigator.clipboard.writeText(button.dataset.copy);
      toast(say('copied'));
    } catch {
      // Without TLS a browser may refuse.
      toast(say('copyFailed'), 'bad');
    }
  });
}
