// The log viewer: follows, pauses when scrolled up, filters. Whatever a service writes goes in as text.

import { all, one, say } from './page.js';

const MOST = 5000;
const PER_FRAME = 300;
// Lines stand in chunks that the browser lays out one by one, and not at all while they are out of sight.
const CHUNK = 100;
const LONGEST = 8000;

function row(line) {
  const element = document.createElement('div');
  element.className = 'm-line';
  element.dataset.level = line.level;
  element.dataset.cursor = line.cursor;
  const time = document.createElement('span');
  time.className = 'm-line-time';
  time.textContent = line.time.slice(11);
  time.title = `${line.time} UTC`;
  const level = document.createElement('span');
  level.className = 'm-line-level';
  level.textContent = line.level;
  const message = document.createElement('span');
  message.className = 'm-line-text';
  message.textContent = line.message.length > LONGEST ? `${line.message.slice(0, LONGEST)}…` : line.message;
  element.append(time, level, message);
  return element;
}

function note(text) {
  const element = document.createElement('div');
  element.className = 'm-line m-line-note';
  element.textContent = text;
  return element;
}

/** The viewer in `root`; `earlier(cursor)` fetches lines that end at a cursor or before. */
export function logViewer(root, earlier) {
  const list = one('[data-log-lines]', root);
  const jump = one('[data-log-jump]', root);
  const fresh = one('[data-log-fresh]', root);
  const more = one('[data-log-earlier]', root);
  const none = one('[data-log-none]', root);
  const search = one('[data-log-search]', root);
  const level = one('[data-log-level]', root);
  let queue = [];
  let lines = 0;
  let last = -1;
  let following = true;
  let scheduled = false;
  let top = 0;

  const fits = (element) => !search.value || element.textContent.toLowerCase().includes(search.value.toLowerCase());

  function made(line) {
    const element = typeof line === 'string' ? note(line) : row(line);
    element.hidden = !fits(element);
    return element;
  }

  function schedule() {
    if (scheduled) return;
    scheduled = true;
    requestAnimationFrame(flush);
  }

  function chunkOf(elements) {
    const chunk = document.createElement('div');
    chunk.className = 'm-chunk';
    chunk.append(...elements);
    return chunk;
  }

  function append(elements) {
    lines += elements.length;
    while (elements.length) {
      let chunk = list.lastElementChild;
      if (!chunk.classList.contains('m-chunk') || chunk.children.length >= CHUNK) {
        chunk = chunkOf([]);
        list.append(chunk);
      }
      chunk.append(...elements.splice(0, CHUNK - chunk.children.length));
      chunk.classList.toggle('m-chunk-full', chunk.children.length >= CHUNK);
    }
    while (lines > MOST) {
      const first = one('.m-chunk', list);
      lines -= first.children.length;
      first.remove();
    }
  }

  function flush() {
    scheduled = false;
    if (following) {
      append(queue.splice(0, PER_FRAME).map(made));
      list.scrollTop = list.scrollHeight;
      if (queue.length) schedule();
    }
    show();
  }

  function show() {
    none.hidden = lines > 0;
    more.hidden = lines === 0 || lines >= MOST || list.dataset.whole === 'yes';
    jump.hidden = following;
    fresh.textContent = queue.length ? `· ${say('newLines', { count: queue.length })}` : '';
  }

  function follow(on) {
    following = on;
    schedule();
  }

  list.addEventListener('scroll', () => {
    const atEnd = list.scrollHeight - list.scrollTop - list.clientHeight < 8;
    if (atEnd !== following && (atEnd || list.scrollTop < top)) follow(atEnd);
    top = list.scrollTop;
  }, { passive: true });
  jump.addEventListener('click', () => {
    follow(true);
    list.scrollTop = list.scrollHeight;
    list.focus();
  });
  search.addEventListener('input', () => {
    for (const element of all('.m-line', list)) element.hidden = !fits(element);
    if (following) list.scrollTop = list.scrollHeight;
  });
  level.addEventListener('change', () => {
    list.dataset.least = level.value;
    if (following) list.scrollTop = list.scrollHeight;
  });
  more.addEventListener('click', async () => {
    const first = one('.m-line[data-cursor]', list);
    const found = (await earlier(Number(first.dataset.cursor))).filter((line) => line.cursor < first.dataset.cursor);
    follow(false);
    list.dataset.whole = found.length ? '' : 'yes';
    const kept = found.slice(-(MOST - lines));
    const before = list.scrollHeight - list.scrollTop;
    more.after(chunkOf(kept.map(made)));
    lines += kept.length;
    list.scrollTop = list.scrollHeight - before;
    show();
  });

  return {
    /** Forget all lines: another run begins. */
    clear() {
      for (const chunk of all('.m-chunk', list)) chunk.remove();
      queue = [];
      lines = 0;
      last = -1;
      list.dataset.whole = '';
      follow(true);
    },
    /** Nothing comes before the first line. */
    isWhole() {
      list.dataset.whole = 'yes';
    },
    /** Add lines that are not here yet; `again` says that they begin anew after a pause. */
    add(added, again = false) {
      const newer = added.filter((line) => line.cursor > last);
      if (again && last >= 0 && newer.length && newer.length === added.length) queue.push(say('gap'));
      queue.push(...newer);
      if (newer.length) last = newer.at(-1).cursor;
      if (queue.length > MOST) queue.splice(0, queue.length - MOST);
      schedule();
    },
  };
}
