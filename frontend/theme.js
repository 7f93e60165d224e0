// The theme that a person chose wins over what this browser remembers, and a new choice is kept in the profile.
// A classic script, for it has to run before Unfold reads its own memory; so nothing of it may be global.

(() => {
  const MEMORY = 'adminTheme'; // Unfold's, in localStorage as JSON
  const toUnfold = (theme) => (theme === 'system' ? 'auto' : theme);
  const toOurs = (theme) => (theme === 'auto' ? 'system' : theme);

  const chosen = toUnfold(document.querySelector('meta[name="m3m-theme"]').content);
  try {
    localStorage.setItem(MEMORY, JSON.stringify(chosen));
  } catch {
    // A browser without memory shows Unfold's default.
  }

  function keep(theme) {
    const csrf = document.cookie.match(/(?:^|; )m3m_csrf=([^;]+)/)?.[1] ?? '';
    fetch('/api/users/me', {
      method: 'PATCH',
      headers: { 'Content-Type': 'application/json', 'X-CSRFToken': csrf },
      body: JSON.stringify({ theme: toOurs(theme) }),
      keepalive: true,
    }).catch(() => {}); // the page has the theme anyway; the next choice tries again
  }

  document.addEventListener('alpine:initialized', () => {
    const { Alpine } = window;
    const shell = Alpine.$data(document.documentElement);
    let kept = chosen;
    Alpine.effect(() => {
      const theme = shell.adminTheme;
      if (theme === kept) return;
      kept = theme;
      keep(theme);
    });
  });
})();
