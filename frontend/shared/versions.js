// Two versions of a branch side by side, as far as they differ.

import { one, say } from './page.js';

function pane(title, code) {
  const element = document.createElement('div');
  const heading = document.createElement('h3');
  heading.textContent = title;
  const text = document.createElement('pre');
  text.tabIndex = 0;
  text.setAttribute('aria-label', title);
  // Lines that the other version lacks are marked by sign and colour.
  text.append(...code);
  element.append(heading, text);
  return element;
}

/** The lines of `code`; those not in `other` are marked. */
function marked(code, other, sign) {
  const known = new Set(other.split('\n'));
  return code.split('\n').map((line) => {
    const differs = !known.has(line);
    const element = document.createElement(differs ? 'mark' : 'span');
    element.textContent = `${differs ? sign : ' '} ${line}\n`;
    return element;
  });
}

/** Fill the dialog with all files that differ between `theirs` and `mine`. */
export function showVersions(dialog, theirs, mine) {
  const place = one('[data-versions]', dialog);
  const newer = new Map(theirs.map(({ name, code }) => [name, code]));
  const own = new Map(mine.map(({ name, code }) => [name, code]));
  const names = [...new Set([...newer.keys(), ...own.keys()])].filter((name) => newer.get(name) !== own.get(name));
  place.replaceChildren(...names.map((name) => {
    const pair = document.createElement('div');
    pair.className = 'm-pair';
    const theirCode = newer.get(name) ?? say('noFile');
    const ownCode = own.get(name) ?? say('noFile');
    pair.append(
      pane(`${name} — ${say('bySomebody')}`, marked(theirCode, ownCode, '−')),
      pane(`${name} — ${say('byYou')}`, marked(ownCode, theirCode, '+')),
    );
    return pair;
  }));
}
