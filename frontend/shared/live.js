// The socket of a project: its status and its log as they come. Connects again by itself.

const FIRST_PAUSE = 500;
const LONGEST_PAUSE = 15_000;
// The platform says: not logged in, or no such project for this person. Asking again would not help.
const FINAL = new Set([4403, 4404]);

/** Calls `heard(message)` for each message and `changed(state)` with live, waiting or ended. */
export function listen(path, heard, changed) {
  const address = `${location.protocol === 'https:' ? 'wss' : 'ws'}://${location.host}${path}`;
  let pause = FIRST_PAUSE;
  let timer = 0;
  let socket = null;

  function connect() {
    clearTimeout(timer);
    socket = new WebSocket(address);
    socket.addEventListener('open', () => {
      pause = FIRST_PAUSE;
      changed('live');
    });
    socket.addEventListener('message', (event) => heard(JSON.parse(event.data)));
    socket.addEventListener('close', (event) => {
      changed(FINAL.has(event.code) ? 'ended' : 'waiting');
      if (FINAL.has(event.code)) return;
      // Not all at the same moment after a restart of the platform.
      timer = setTimeout(connect, pause * (0.75 + Math.random() / 2));
      pause = Math.min(pause * 2, LONGEST_PAUSE);
    });
  }

  function hurry() {
    if (socket.readyState === WebSocket.CLOSED) connect();
  }

  window.addEventListener('online', hurry);
  document.addEventListener('visibilitychange', () => document.hidden || hurry());
  connect();
}
