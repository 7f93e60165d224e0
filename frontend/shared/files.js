// The files of a branch: what is saved, what is on the screen, and which of them is shown.

import { ask } from './dialogs.js';
import { editorOf } from './editor.js';
import { allow, copyOf, isAllowed, label, one, say } from './page.js';

const MAIN = 'main';

/** The file list and editors; `changed()` is called when something may be unsaved. */
export function fileList(root, changed) {
  const list = one('[data-files]', root);
  const place = one('[data-editor]', root);
  const template = one('[data-file]', root);
  const files = new Map();
  let saved = new Map();
  let shown = '';

  const sorted = () => [...files.keys()].sort((a, b) => (b === MAIN) - (a === MAIN) || (a < b ? -1 : 1));
  const isUnsaved = (name) => saved.get(name) !== files.get(name).editor.area.value;

  function mark() {
    for (const [name, file] of files) {
      const dot = one('[data-unsaved]', file.row);
      dot.hidden = !isUnsaved(name);
      dot.title = say('unsavedFile');
      dot.setAttribute('role', 'img');
      dot.setAttribute('aria-label', say('unsavedFile'));
      if (name === shown) one('[data-show]', file.row).setAttribute('aria-current', 'true');
      else one('[data-show]', file.row).removeAttribute('aria-current');
    }
    changed();
  }

  function draw() {
    list.replaceChildren(...sorted().map((name) => files.get(name).row));
    mark();
  }

  function show(name, focus = true) {
    shown = name;
    const { editor } = files.get(name);
    if (place.firstElementChild !== editor.element) place.replaceChildren(editor.element);
    mark();
    if (focus) editor.area.focus();
  }

  function add(name, code) {
    const row = copyOf(template);
    const editor = editorOf(code, say('codeOf', { name }), mark);
    const file = { row, editor };
    one('[data-name]', row).textContent = name;
    one('[data-show]', row).addEventListener('click', () => show(name));
    const rename = one('[data-rename]', row);
    const remove = one('[data-delete]', row);
    label(rename, say('renameOf', { name }));
    label(remove, say('deleteOf', { name }));
    for (const button of [rename, remove]) allow(button, name !== MAIN);
    rename.addEventListener('click', () => isAllowed(rename) && askRename(name));
    remove.addEventListener('click', () => isAllowed(remove) && askRemove(name));
    files.set(name, file);
    return file;
  }

  function fault(name) {
    if (!name) return say('nameEmpty');
    return files.has(name) ? say('nameTaken') : '';
  }

  async function askRename(name) {
    const given = await ask(say('nameRename', { name }), { value: name, refuse: (to) => (to === name ? '' : fault(to)) });
    if (!given || given === name) return;
    const code = files.get(name).editor.area.value;
    files.delete(name);
    add(given, code);
    draw();
    show(given);
  }

  async function askRemove(name) {
    if (!(await ask(say('deleteAsk', { name })))) return;
    files.delete(name);
    draw();
    if (shown === name) show(MAIN);
  }

  one('[data-new-file]', root).addEventListener('click', async () => {
    const name = await ask(say('nameNew'), { value: '', refuse: fault });
    if (!name) return;
    add(name, '');
    draw();
    show(name);
  });

  return {
    /** Show these as the saved files; editors of unchanged names stay. */
    load(loaded) {
      saved = new Map(loaded.map(({ name, code }) => [name, code]));
      for (const name of [...files.keys()]) if (!saved.has(name)) files.delete(name);
      for (const [name, code] of saved) {
        if (!files.has(name)) add(name, code);
        else if (isUnsaved(name)) files.get(name).editor.replace(code);
      }
      draw();
      show(files.has(shown) ? shown : MAIN, false);
    },
    /** These were saved; what was typed since then stays unsaved. */
    keep(kept) {
      saved = new Map(kept.map(({ name, code }) => [name, code]));
      mark();
    },
    current: () => sorted().map((name) => ({ name, code: files.get(name).editor.area.value })),
    isDirty: () => saved.size !== files.size || [...files.keys()].some(isUnsaved),
  };
}
