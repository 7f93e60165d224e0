// What the admin's own lists and forms lack. A classic script on every page, so nothing of it may be global.

(() => {
  /** Select2 builds its own search field beside a list, without a name. */
  function nameSearches() {
    for (const field of document.querySelectorAll('.select2-search__field:not([aria-label])')) {
      const select = field.closest('.select2-container')?.previousElementSibling;
      const name = select?.labels?.[0]?.textContent.trim().replace(/\*$/, '');
      if (name) field.setAttribute('aria-label', name);
    }
  }

  /** On narrow screens each cell says what it is; the style sheet would begin every word of it with a capital. */
  function nameCells() {
    for (const cell of document.querySelectorAll('#result_list [data-label]')) {
      const { label } = cell.dataset;
      cell.dataset.label = label.charAt(0).toLocaleUpperCase(document.documentElement.lang) + label.slice(1);
    }
  }

  addEventListener('load', () => {
    nameSearches();
    nameCells();
    new MutationObserver(nameSearches).observe(document.body, { childList: true, subtree: true });
  });
})();
