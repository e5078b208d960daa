// The page can be read without this script. The script adds filters, sorting, search
// and folding.
(() => {
  'use strict';
  document.documentElement.classList.add('js');

  const make = (tag, props, ...children) => {
    const element = Object.assign(document.createElement(tag), props);
    element.append(...children);
    return element;
  };

  function enhance(section) {
    const table = section.querySelector('.relations');
    if (!table) return;
    const rows = [...table.tBodies].map((body, index) => ({
      body, index,
      verdict: body.dataset.v,
      renamed: 'renamed' in body.dataset, // shown whatever its verdict
      cells: body.rows[0].cells,
      text: (body.id + ' ' + body.rows[0].textContent + ' ' + (body.querySelector('.file')?.textContent ?? '')).toLowerCase(),
      button: null,
    }));
    const byBody = new Map(rows.map(row => [row.body, row]));
    const counts = [...section.querySelectorAll('.counts li')];
    const shown = new Set(counts.filter(item => !('folded' in item.dataset)).map(item => item.dataset.v));
    if (!shown.size) counts.forEach(item => shown.add(item.dataset.v));
    let pinned = null; // a relation that a link led to: shown although filtered out

    // Each verdict's count becomes a button.
    const filters = counts.map(item => {
      const button = make('button', { type: 'button' }, ...item.childNodes);
      item.append(button);
      button.addEventListener('click', () => {
        const v = item.dataset.v;
        if (!shown.delete(v)) shown.add(v);
        pinned = null;
        filter();
      });
      return { button, verdict: item.dataset.v };
    });

    const search = make('input', { type: 'search', className: 'search', placeholder: 'Search relations, columns, files', autocomplete: 'off', spellcheck: false });
    search.setAttribute('aria-label', 'Search relations, columns, files');
    search.addEventListener('input', () => { pinned = null; filter(); });
    search.addEventListener('keydown', event => {
      if (event.key === 'Escape' && search.value) { search.value = ''; filter(); }
    });
    const expand = make('button', { type: 'button', className: 'tool' });
    expand.addEventListener('click', () => {
      const open = !allOpen();
      visible().forEach(row => toggle(row, open));
    });
    section.querySelector('.tools').append(search, expand);

    const status = make('span', { role: 'status' });
    const all = make('button', { type: 'button', className: 'tool' }, 'Show all');
    all.addEventListener('click', () => {
      rows.forEach(row => shown.add(row.verdict));
      search.value = '';
      filter();
      filters[0].button.focus();
    });
    table.after(make('p', { className: 'status' }, status, ' ', all));

    const visible = () => rows.filter(row => row.button && !row.body.classList.contains('away'));
    const allOpen = () => visible().every(row => row.body.classList.contains('opened'));

    function toggle(row, open) {
      row.body.classList.toggle('opened', open);
      row.button.setAttribute('aria-expanded', open);
      label();
    }

    function label() {
      expand.textContent = allOpen() ? 'Collapse all' : 'Expand all';
      expand.disabled = !visible().length;
    }

    function filter() {
      const words = search.value.toLowerCase().split(/\s+/).filter(Boolean);
      let count = 0, hidden = 0;
      for (const row of rows) {
        const found = words.every(word => row.text.includes(word));
        const show = row === pinned || found && (row.renamed || shown.has(row.verdict));
        row.body.classList.toggle('away', !show);
        if (show) count++;
        else if (found) hidden++;
      }
      for (const { button, verdict } of filters) button.setAttribute('aria-pressed', shown.has(verdict));
      const n = x => x.toLocaleString('en');
      status.textContent = count === rows.length ? `All ${n(count)} shown.`
        : `${n(count)} of ${n(rows.length)} shown` + (hidden ? `; ${n(hidden)} more ${words.length ? 'match and ' : ''}have a verdict that is filtered out.` : '.');
      all.hidden = count === rows.length;
      label();
    }

    // Rows can be opened.
    for (const row of rows) {
      const more = row.body.querySelector('.more');
      if (!more) continue;
      const head = row.cells[0];
      const small = head.querySelector('small');
      if (small) small.remove();
      row.button = make('button', { type: 'button', className: 'open' }, ...head.childNodes);
      row.button.lastChild.textContent = row.button.lastChild.textContent.trimEnd();
      more.id = row.body.id + '-more';
      row.button.setAttribute('aria-controls', more.id);
      row.button.setAttribute('aria-expanded', false);
      head.append(row.button);
      if (small) head.append(' ', small);
      row.body.rows[0].addEventListener('click', event => {
        if (event.target.closest('a')) return;
        if (!event.target.closest('button') && String(getSelection())) return;
        toggle(row, !row.body.classList.contains('opened'));
      });
    }

    // Columns can be sorted. Empty cells always come last.
    const heads = [...table.tHead.rows[0].cells];
    const rank = new Map(filters.map((f, i) => [f.verdict, i]));
    const keys = heads.map((head, column) => row => {
      const cell = row.cells[column];
      if (column === 1) return rank.get(row.verdict);
      if (!head.classList.contains('n')) return cell.textContent.trim().toLowerCase() || null;
      const digits = cell.dataset.n ?? cell.textContent.replace(/\D/g, '');
      return digits === '' ? null : Number(digits);
    });
    heads.forEach((head, column) => {
      const button = make('button', { type: 'button' }, ...head.childNodes);
      head.append(button);
      button.addEventListener('click', () => {
        const first = head.classList.contains('n') ? 'descending' : 'ascending';
        const other = first === 'ascending' ? 'descending' : 'ascending';
        const order = head.getAttribute('aria-sort') === first ? other : first;
        heads.forEach(h => h.removeAttribute('aria-sort'));
        head.setAttribute('aria-sort', order);
        const way = order === 'ascending' ? 1 : -1;
        const key = new Map(rows.map(row => [row, keys[column](row)]));
        const sorted = [...rows].sort((a, b) => {
          const x = key.get(a), y = key.get(b);
          if (x === y) return a.index - b.index;
          if (x === null) return 1;
          if (y === null) return -1;
          return (x < y ? -1 : 1) * way;
        });
        table.append(...sorted.map(row => row.body));
      });
    });

    section.reveal = body => {
      const row = byBody.get(body);
      if (!row) return;
      pinned = row;
      filter();
      if (row.button) toggle(row, true);
      body.scrollIntoView({ block: 'start' });
      const target = row.button ?? row.cells[0];
      if (!row.button) target.tabIndex = -1;
      target.focus({ preventScroll: true });
    };
    filter();
  }

  // A link to a relation shows and opens the relation, wherever the link is.
  let revealed;
  function reveal() {
    revealed = location.href;
    let id = location.hash.slice(1);
    try { id = decodeURIComponent(id); } catch { return; }
    const body = id ? document.getElementById(id) : null;
    body?.closest('.comparison')?.reveal?.(body);
  }

  document.addEventListener('DOMContentLoaded', () => {
    document.querySelectorAll('.comparison').forEach(enhance);
    // The event of a click comes later, when the reader may have closed the relation again.
    addEventListener('hashchange', () => location.href === revealed || reveal());
    document.addEventListener('click', event => {
      const link = event.target.closest?.('a');
      if (!link || event.ctrlKey || event.metaKey || event.shiftKey) return;
      // The browser's own navigation would move the focus away again.
      event.preventDefault();
      location.hash = link.getAttribute('href');
      reveal();
    });
    document.addEventListener('keydown', event => {
      if (event.key !== '/' || event.ctrlKey || event.metaKey || event.altKey || event.target.closest('input')) return;
      event.preventDefault();
      document.querySelector('.search')?.focus();
    });
  });
  addEventListener('load', reveal);
})();
