// Values under the pointer or the keys, and the choice of a range of steps.

const MOST_HOVERED = 12;

function watch(figure, drawing, cursor, brush, { lines, x, steps, options }) {
  const box = el("div", { class: "hover", hidden: true, role: "status" });
  figure.append(box);
  let step = null;
  let from = null;

  const toStep = (event) => {
    const matrix = drawing.getScreenCTM();
    return matrix ? x.back((event.clientX - matrix.e) / matrix.a) : steps[0];
  };
  const clamped = (value) => Math.min(Math.max(value, steps[0]), steps[steps.length - 1]);

  function show(wanted) {
    step = nearest(steps, wanted);
    cursor.setAttribute("x1", x(step));
    cursor.setAttribute("x2", x(step));
    cursor.setAttribute("visibility", "visible");
    const found = lines.map((line) => ({ line, value: valueAt(line, step) })).filter((entry) => entry.value !== null);
    found.sort((first, second) => second.value - first.value);
    const rows = found.slice(0, MOST_HOVERED).map(({ line, value }) =>
      el("div", {}, swatch(line.place), el("span", { class: "who" }, line.label), el("span", {}, short(value))));
    const more = found.length - rows.length;
    box.replaceChildren(el("b", {}, `step ${whole(step)}`), ...rows, more > 0 ? el("div", { class: "muted" }, `and ${more} more`) : "");
    box.hidden = false;
    const share = (x(step) - CHART.left) / (CHART.width - CHART.left - CHART.right);
    box.style.setProperty("left", share < 0.5 ? `${20 + share * 80}%` : "auto");
    box.style.setProperty("right", share < 0.5 ? "auto" : `${10 + (1 - share) * 78}%`);
    box.style.setProperty("top", "2.4rem");
  }

  function hide() {
    box.hidden = true;
    cursor.setAttribute("visibility", "hidden");
  }

  drawing.addEventListener("pointermove", (event) => {
    show(toStep(event));
    if (from === null) return;
    const ends = [x(clamped(from)), x(clamped(toStep(event)))].sort((a, b) => a - b);
    brush.setAttribute("x", ends[0]);
    brush.setAttribute("width", ends[1] - ends[0]);
    brush.setAttribute("visibility", "visible");
  });
  drawing.addEventListener("pointerleave", () => { if (from === null) hide(); });
  drawing.addEventListener("pointerdown", (event) => {
    if (event.pointerType === "touch" || event.button !== 0) return;
    from = toStep(event);
    drawing.setPointerCapture(event.pointerId);
  });
  drawing.addEventListener("pointerup", (event) => {
    if (from === null) return;
    const ends = [clamped(from), clamped(toStep(event))].sort((a, b) => a - b);
    from = null;
    brush.setAttribute("visibility", "hidden");
    const apart = Math.abs(x(ends[1]) - x(ends[0])) > 8;
    if (apart && steps.some((known) => known >= ends[0] && known <= ends[1])) options.onrange(ends);
  });
  drawing.addEventListener("dblclick", () => options.onrange(null));
  drawing.addEventListener("keydown", (event) => {
    const place = step === null ? -1 : steps.indexOf(step);
    const moves = { ArrowRight: place + 1, ArrowLeft: place - 1, Home: 0, End: steps.length - 1 };
    if (event.key === "Escape") { hide(); options.onrange(null); }
    if (!(event.key in moves)) return;
    event.preventDefault();
    show(steps[Math.min(Math.max(moves[event.key], 0), steps.length - 1)]);
  });
  drawing.addEventListener("blur", hide);
}

function nearest(sorted, wanted) {
  return sorted.reduce((best, value) => (Math.abs(value - wanted) < Math.abs(best - wanted) ? value : best), sorted[0]);
}

// The value of a line at its step nearest to the one wanted; none far from all of its steps.
function valueAt(line, step) {
  const at = nearest(line.steps, step);
  const span = line.steps[line.steps.length - 1] - line.steps[0];
  if (Math.abs(at - step) > Math.max(span * 0.02, 0)) return null;
  return line.values[line.steps.indexOf(at)];
}
