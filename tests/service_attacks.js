// What a page of a service tries against the platform of the person who opened it. Each attempt ends with evidence or
// throws; all ends are put into `loot`, for the test to read.
(() => {
  const within = (seconds, promise) => Promise.race([
    promise,
    new Promise((_, reject) => { setTimeout(() => reject(new Error('nothing came of it')), seconds * 1000); }),
  ]);
  const cookie = (name) => document.cookie.split('; ').find((pair) => pair.startsWith(`${name}=`)).slice(name.length + 1);
  const evidence = (text, sign) => {
    if (!text.includes(sign)) throw new Error(`no ${sign} in ${text.slice(0, 80)}`);
    return sign;
  };
  const read = async (address, sign) => evidence(await (await fetch(address, { credentials: 'include' })).text(), sign);
  const opened = (request) => new Promise((resolve, reject) => {
    request.onsuccess = () => resolve('opened');
    request.onerror = () => reject(request.error);
  });
  const loaded = async (other, sign) => {
    for (;;) {
      if (other.document.readyState === 'complete' && other.location.href !== 'about:blank') {
        return evidence(other.document.documentElement.outerHTML, sign);
      }
      await new Promise((resolve) => { setTimeout(resolve, 20); });
    }
  };
  const asked = (worker) => new Promise((resolve, reject) => {
    worker.onmessage = (event) => resolve(evidence(event.data, 'root@example.org'));
    worker.onerror = () => reject(new Error('the worker did not start'));
  });
  const create = (slug, headers) => fetch('/api/projects', {
    method: 'POST', credentials: 'include', headers, body: JSON.stringify({ name: slug, slug }),
  });

  const attempts = {
    cookies: () => evidence(document.cookie, 'm3m_csrf'),
    fetchApi: () => read('/api/users/me', 'root@example.org'),
    fetchAdmin: () => read('/admin/projects/', 'root@example.org'),
    request: () => {
      const request = new XMLHttpRequest();
      request.open('GET', '/api/users/me', false);
      request.withCredentials = true;
      request.send();
      return evidence(request.responseText, 'root@example.org');
    },
    localStorage: () => evidence(localStorage.getItem('planted'), 'by-the-platform'),
    sessionStorage: () => { sessionStorage.setItem('a', 'b'); return 'written'; },
    database: () => opened(indexedDB.open('a')),
    cacheStorage: () => caches.open('a').then(() => 'opened'),
    serviceWorker: () => navigator.serviceWorker.register(new URL('service-worker.js', location.href)).then(() => 'registered'),
    worker: () => asked(new Worker(new URL('worker.js', location.href))),
    module: () => import(new URL('module.js', location.href)).then((module) => module.word),
    popup: () => loaded(window.open('/admin/projects/'), 'root@example.org'),
    frame: () => {
      const frame = document.createElementNS('http://www.w3.org/1999/xhtml', 'iframe');
      frame.src = new URL('plain', location.href);
      document.documentElement.append(frame);
      return loaded(frame.contentWindow, 'plain words');
    },
    socket: () => new Promise((resolve, reject) => {
      const socket = new WebSocket(`ws://${location.host}/ws/projects/evil/`);
      socket.onmessage = (event) => resolve(evidence(event.data, 'status'));
      socket.onerror = () => reject(new Error('refused'));
    }),
    createProject: async () => {
      const headers = { 'Content-Type': 'application/json', 'X-CSRFToken': cookie('m3m_csrf') };
      const answer = await create('stolen', headers);
      return evidence(await answer.text(), '"stolen"');
    },
  };
  // Its answer cannot be read from anywhere; the test looks whether it had an effect.
  const blind = () => fetch('/api/projects', {
    method: 'POST', mode: 'no-cors', credentials: 'include', body: JSON.stringify({ name: 'blind', slug: 'blind' }),
  }).catch(() => undefined);

  // A click would do the same: the form posts what a person's page would post.
  globalThis.postForm = (address) => {
    const page = 'http://www.w3.org/1999/xhtml';
    const form = document.createElementNS(page, 'form');
    const field = document.createElementNS(page, 'input');
    form.method = 'post';
    form.action = address;
    field.name = 'csrfmiddlewaretoken';
    try {
      field.value = cookie('m3m_csrf');
    } catch {
      field.value = 'x'.repeat(32);
    }
    form.append(field);
    document.documentElement.append(form);
    form.submit();
  };

  const attack = async () => {
    const loot = {};
    await blind();
    for (const [name, attempt] of Object.entries(attempts)) {
      try {
        loot[name] = { got: await within(4, Promise.resolve().then(attempt)) };
      } catch (error) {
        loot[name] = { refused: String(error) };
      }
    }
    globalThis.loot = loot;
  };
  attack();
})();
