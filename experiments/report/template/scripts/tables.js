// Tables that a click or Enter on a heading sorts.

// columns: {label, unit, key(row) for sorting, cell(row) -> content, number, class(row)}; the first column heads the rows.
function sortable(columns, rows, options = {}) {
  const body = el("tbody");
  const headings = columns.map((column, place) => {
    const button = column.key ? el("button", { type: "button", onclick: () => sort(place) }, column.label) : column.label;
    const unit = column.unit ? el("span", { class: "unit" }, column.unit) : null;
    return el("th", { scope: "col", class: column.number ? "number" : null, title: column.title }, button, unit);
  });
  let sorted = { place: -1, down: false };

  function draw(order) {
    body.replaceChildren(...order.map((row) => el("tr", { class: options.rowClass ? options.rowClass(row) : null },
      columns.map((column, place) => {
        const classes = [column.number ? "number" : "", column.class ? column.class(row) : ""].join(" ").trim();
        return el(place === 0 ? "th" : "td", { scope: place === 0 ? "row" : null, class: classes || null }, column.cell(row));
      }))));
  }

  function sort(place) {
    const column = columns[place];
    const down = sorted.place === place ? !sorted.down : Boolean(column.number && column.higher !== false);
    sorted = { place, down };
    const order = [...rows].sort((first, second) => compared(column.key(first), column.key(second), down));
    headings.forEach((heading, other) => heading.removeAttribute("aria-sort"));
    headings[place].setAttribute("aria-sort", down ? "descending" : "ascending");
    draw(order);
    if (options.onsort) options.onsort(order);
  }

  draw(rows);
  const table = el("table", {}, options.caption ? el("caption", {}, options.caption) : null,
    el("thead", {}, el("tr", {}, headings)), body, options.foot ?? null);
  return el("div", { class: "scroll", tabindex: 0, role: "region", "aria-label": options.label ?? "table" }, table);
}

// What is not known comes last either way.
function compared(first, second, down) {
  const missing = (value) => value === null || value === undefined || Number.isNaN(value);
  if (missing(first) || missing(second)) return missing(first) - missing(second);
  const order = typeof first === "number" && typeof second === "number"
    ? first - second
    : String(first).localeCompare(String(second), "en", { numeric: true });
  return down ? -order : order;
}
