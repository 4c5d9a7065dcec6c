// All curves: validation first, then the terms of each phase; seeds as a mean with its range, or each run by itself.

const FEWEST_SHOWN = 8;

function buildCurves(panel) {
  const every = [...new Set(DATA.curves.flatMap((run) => Object.keys(run)))];
  const names = every.filter((name) => !every.some((other) => baselineOf(other, every) === name));
  if (!names.length) {
    panel.append(empty("No run has logged anything yet."));
    return;
  }
  const seeded = DATA.groups.some((group) => group.runs.filter(hasCurves).length > 1);
  const state = { smoothing: 0, logarithmic: false, bySeed: seeded, range: null, shown: new Set(), search: "" };
  const charts = el("div");
  const who = el("div");
  const reset = el("button", { type: "button", hidden: true, onclick: () => { state.range = null; draw(); } }, "all steps");

  function entries() {
    return state.bySeed
      ? DATA.groups.map((group) => ({ label: group.label, runs: group.runs.filter(hasCurves) })).filter((group) => group.runs.length)
      : DATA.runs.map((run, place) => ({ label: run.name, runs: [place] })).filter((entry) => hasCurves(entry.runs[0]));
  }

  function choose() {
    const all = entries();
    state.shown = new Set(all.slice(0, FEWEST_SHOWN).keys());
    const note = all.length > FEWEST_SHOWN ? el("p", { class: "small muted" }, `The first ${FEWEST_SHOWN} of ${all.length} are shown.`) : "";
    who.replaceChildren(legend(all.map((entry) => entry.label), state.shown, swatch, draw), note);
  }

  function draw() {
    const all = entries();
    reset.hidden = !state.range;
    charts.replaceChildren(...sections(names.filter((name) => spoken(name).includes(state.search))).map(([title, members]) => {
      const figures = members.map((name) => oneChart(name, baselineOf(name, every), all, state, (range) => { state.range = range; draw(); })).filter(Boolean);
      if (!figures.length) return "";
      return el("section", {}, el("div", { class: "section" }, el("h3", {}, title[0]), el("span", { class: "small muted" }, title[1])),
        el("div", { class: "charts" }, figures));
    }));
  }

  const search = el("input", { type: "search", placeholder: "find a curve", "aria-label": "find a curve", oninput: () => { state.search = search.value.toLowerCase(); draw(); } });
  panel.append(el("div", { class: "block" },
    el("div", { class: "controls" },
      slider("smoothing", 0, 0.98, 0.02, 0, (value) => { state.smoothing = value; draw(); }, (value) => value.toFixed(2)),
      checkbox("log scale", false, (value) => { state.logarithmic = value; draw(); }),
      seeded ? checkbox("seeds together (mean, band from lowest to highest)", true, (value) => { state.bySeed = value; choose(); draw(); }) : null,
      search, reset),
    who,
    el("p", { class: "small muted" }, "Hover or use the arrow keys for values; drag over a chart to choose steps, double-click for all of them. A line breaks where another phase has trained.")),
  charts);
  choose();
  draw();
}

function hasCurves(run) {
  return Object.keys(DATA.curves[run]).length > 0;
}

const PHASES = {
  supervise: "the encoder on true coefficients", landmarks: "the encoder on landmarks alone", colour: "light and albedo on pixels",
  initialise: "the encoder with the robust loss", pretrain: "the segmentation network on preliminary masks",
  segment: "EM: the segmentation network", reconstruct: "EM: the encoder", train: "terms of the loss",
};

// Metrics by the first part of their names: [[title, explanation], names].
function sections(names) {
  const found = new Map();
  for (const name of names) {
    const prefix = name.includes("/") ? name.slice(0, name.lastIndexOf("/")) : "";
    if (!found.has(prefix)) found.set(prefix, []);
    found.get(prefix).push(name);
  }
  const title = (prefix) => {
    if (prefix === "validation") return ["Validation", "scores on people that training does not show"];
    if (prefix === "") return ["Training", "what the optimiser sees"];
    return [`${prefix[0].toUpperCase()}${spoken(prefix).slice(1)}`, PHASES[prefix] ?? ""];
  };
  const order = [...found.keys()].sort((first, second) => (second === "validation") - (first === "validation"));
  return order.map((prefix) => [title(prefix), found.get(prefix)]);
}

// Scores of something that learns nothing are drawn into the chart of what they are compared with.
function baselineOf(name, every) {
  const place = name.lastIndexOf("/") + 1;
  const [prefix, bare] = [name.slice(0, place), name.slice(place)];
  return [`${prefix}zero_${bare}`, `${prefix}${bare.replace(/^mask_f1/, "mask_f1_all_face")}`]
    .find((other) => other !== name && every.includes(other));
}

const BASELINE_NAMES = [[/zero_/, "no bump"], [/all_face/, "everything is face"]];

function baselineLines(name, entries, state) {
  const label = name && BASELINE_NAMES.find(([pattern]) => pattern.test(name))[1];
  const runs = [...state.shown].flatMap((place) => (entries[place] ? entries[place].runs : []));
  const series = name ? runs.map((run) => DATA.curves[run][name]).filter(Boolean) : [];
  return series.slice(0, 1).map(([steps, values]) => ({ steps, values, place: null, label }));
}

function oneChart(name, baseline, entries, state, onrange) {
  const lines = [];
  entries.forEach((entry, place) => {
    if (!state.shown.has(place)) return;
    const series = entry.runs.map((run) => DATA.curves[run][name]).filter(Boolean);
    if (!series.length) return;
    const smooth = series.map(([steps, values]) => ({ steps, values: smoothed(values, state.smoothing) }));
    const line = smooth.length > 1 ? together(smooth) : { ...smooth[0], raw: state.smoothing ? series[0][1] : null };
    lines.push({ ...line, place, label: entry.label + (smooth.length > 1 ? `, mean of ${smooth.length}` : "") });
  });
  if (!lines.length) return null;
  lines.push(...baselineLines(baseline, entries, state));
  const kind = name.startsWith("validation/") ? "score" : "loss term, weighted";
  return chart(lines, { title: titleOf(name), unit: unitOf(name) || kind, logarithmic: state.logarithmic, range: state.range, onrange });
}

// Mean and range of several seeds at the steps that any of them has.
function together(series) {
  const at = new Map();
  for (const { steps, values } of series) {
    steps.forEach((step, place) => {
      if (!at.has(step)) at.set(step, []);
      at.get(step).push(values[place]);
    });
  }
  const steps = [...at.keys()].sort((first, second) => first - second);
  const all = steps.map((step) => at.get(step));
  return {
    steps,
    values: all.map((values) => values.reduce((sum, value) => sum + value, 0) / values.length),
    low: all.map((values) => Math.min(...values)),
    high: all.map((values) => Math.max(...values)),
  };
}
