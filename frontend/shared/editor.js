// A plain code editor: a textarea with line numbers. Each file has its own, which keeps its undo, place and selection.

const INDENT = '  ';

/** Type text in place of the selection, so that the browser's undo knows of it. */
function type(area, text) {
  // The one way that keeps undo; where a browser drops it, typing still works.
  if (!document.execCommand('insertText', false, text)) area.setRangeText(text, area.selectionStart, area.selectionEnd, 'end');
}

function lineStart(area, position) {
  return area.value.lastIndexOf('\n', position - 1) + 1;
}

function indent(area, back) {
  const { selectionStart: from, selectionEnd: to, value } = area;
  if (from === to && !back) {
    type(area, INDENT);
    return;
  }
  const start = lineStart(area, from);
  // A selection that ends at the begin of a line leaves that line alone.
  const end = to > from && value[to - 1] === '\n' ? to - 1 : to;
  const old = value.slice(start, end);
  const fresh = back ? old.replace(/^ {1,2}|^\t/gm, '') : old.replace(/^(?=.)/gm, INDENT);
  if (fresh === old) return;
  area.setSelectionRange(start, end);
  type(area, fresh);
  const moved = fresh.length - old.length;
  const first = Math.max(start, from + (back ? -Math.min(INDENT.length, old.length - fresh.length) : INDENT.length));
  area.setSelectionRange(from === to ? Math.max(start, from + moved) : first, to + moved);
}

function breakLine(area) {
  const { selectionStart: from, value } = area;
  const before = value.slice(lineStart(area, from), from);
  const lead = before.match(/^[ \t]*/)[0];
  const opens = /[{([]\s*$/.test(before);
  const closes = /^[ \t]*[})\]]/.test(value.slice(area.selectionEnd));
  type(area, `\n${lead}${opens ? INDENT : ''}`);
  if (opens && closes) {
    const place = area.selectionStart;
    type(area, `\n${lead}`);
    area.setSelectionRange(place, place);
  }
}

/** The element of an editor and its textarea; `changed()` is called with every input. */
export function editorOf(code, name, changed) {
  const element = document.createElement('div');
  element.className = 'm-sheet';
  const numbers = document.createElement('div');
  numbers.className = 'm-numbers';
  numbers.setAttribute('aria-hidden', 'true');
  const area = document.createElement('textarea');
  area.wrap = 'off';
  area.spellcheck = false;
  area.autocapitalize = 'off';
  area.autocomplete = 'off';
  area.setAttribute('autocorrect', 'off');
  area.setAttribute('aria-label', name);
  area.value = code;
  element.append(numbers, area);
  let shown = 0;
  let leaving = false;

  function number() {
    const lines = area.value.split('\n').length;
    if (lines !== shown) {
      numbers.textContent = Array.from({ length: lines }, (_, index) => index + 1).join('\n');
      shown = lines;
    }
    numbers.scrollTop = area.scrollTop;
  }

  area.addEventListener('scroll', () => {
    numbers.scrollTop = area.scrollTop;
  }, { passive: true });
  area.addEventListener('input', () => {
    number();
    changed();
  });
  area.addEventListener('blur', () => {
    leaving = false;
  });
  area.addEventListener('keydown', (event) => {
    if (event.isComposing || event.ctrlKey || event.metaKey || event.altKey) return;
    if (event.key === 'Escape') {
      // The way out for those who use the keyboard alone.
      leaving = true;
    } else if (event.key === 'Tab' && !leaving) {
      event.preventDefault();
      indent(area, event.shiftKey);
    } else if (event.key === 'Enter') {
      event.preventDefault();
      breakLine(area);
    } else if (event.key !== 'Tab' && event.key !== 'Shift') {
      leaving = false;
    }
  });
  number();
  return {
    element,
    area,
    /** Put other code in, as one step that can be undone. */
    replace(text) {
      area.value = text;
      number();
    },
  };
}
