// REST with the session of the person who is logged in.

import { say } from './page.js';

/** An answer that says no; `errors` are its pairs of JSON pointer and text. */
export class Problem extends Error {
  constructor(status, body) {
    super(body?.detail || say('failed', { status }));
    this.status = status;
    this.body = body ?? {};
    this.errors = this.body.errors ?? [];
  }

  /** All it says, for people. */
  get words() {
    const more = this.errors.map((error) => error.detail).filter((detail) => detail !== this.message);
    return [this.message, ...more].join(' ');
  }
}

const csrf = () => document.cookie.match(/(?:^|; )m3m_csrf=([^;]+)/)?.[1] ?? '';

/** The parsed answer to JSON or, of a Blob, to its bytes; raises Problem, or AbortError where `signal` says so. */
export async function api(method, path, body, { headers = {}, signal } = {}) {
  const sent = { Accept: 'application/json', ...headers };
  if (method !== 'GET') sent['X-CSRFToken'] = csrf();
  const raw = body instanceof Blob;
  if (raw) sent['Content-Type'] = body.type || 'application/octet-stream';
  else if (body !== undefined) sent['Content-Type'] = 'application/json';
  let response;
  try {
    response = await fetch(path, { method, headers: sent, body: raw || body === undefined ? body : JSON.stringify(body), signal });
  } catch (error) {
    if (error.name === 'AbortError') throw error;
    throw new Problem(0, { detail: say('offline') });
  }
  const text = await response.text();
  const answer = parse(text);
  if (response.status === 401) throw new Problem(401, { detail: say('loggedOut') });
  if (!response.ok) throw new Problem(response.status, answer);
  return answer;
}

function parse(text) {
  try {
    return text ? JSON.parse(text) : null;
  } catch {
    return null;
  }
}

/** Call `task` every `pause` milliseconds after the last one ended: asleep while hidden, aborted when it hides. */
export function poll(task, pause) {
  let timer = 0;
  let running = null;

  async function turn() {
    running?.abort();
    const mine = new AbortController();
    running = mine;
    try {
      await task(mine.signal);
    } catch {
      // The next turn asks again; the task itself tells people what matters.
    }
    if (running === mine && !document.hidden) timer = setTimeout(turn, pause);
  }

  function now() {
    clearTimeout(timer);
    if (!document.hidden) turn();
  }

  document.addEventListener('visibilitychange', () => {
    clearTimeout(timer);
    if (document.hidden) running?.abort();
    else now();
  });
  now();
  return now;
}
