// The part of the page with scores: which evaluation, which images, values or differences, one score drawn.

function buildScores(panel) {
  if (!DATA.tables.length) {
    panel.append(empty("No run has been evaluated yet: python -m experiments.evaluate RUN makes its scores."));
    return;
  }
  let table = DATA.tables[0];
  const state = { subset: "", score: "", differences: false, order: [] };
  const controls = el("div", { class: "controls" });
  const drawing = el("div");
  const shown = el("div");
  const told = el("p", { class: "small muted" });

  function begin() {
    const subsets = Object.keys(table.subsets);
    state.subset = subsets.includes("occluded") ? "occluded" : subsets[0];
    state.score = table.scores[0].key;
    state.differences = false;
    const inputs = [];
    if (DATA.tables.length > 1) {
      inputs.push(choice("evaluation", DATA.tables.map((one, place) => [String(place), one.title]), String(DATA.tables.indexOf(table)), (place) => {
        table = DATA.tables[Number(place)];
        begin();
      }));
    }
    inputs.push(choice("images", subsets.map((name) => [name, `${spoken(name)} (${whole(table.subsets[name].images ?? 0)})`]), state.subset, (name) => { state.subset = name; redraw(); }));
    inputs.push(choice("drawn", table.scores.map((score) => [score.key, score.label]), state.score, (key) => { state.score = key; draw(); }));
    if (table.paired && table.lines.length > 1) {
      inputs.push(checkbox(`differences to ${table.reference}`, false, (wanted) => { state.differences = wanted; redraw(); }));
    }
    controls.replaceChildren(...inputs);
    redraw();
  }

  function redraw() {
    state.order = table.lines.filter((line) => line.cells[state.subset]);
    shown.replaceChildren(scoreTable(table, state.subset, state.differences, (order) => { state.order = order; draw(); }));
    const counts = table.subsets[state.subset];
    told.textContent = `${counted(counts.images ?? 0, "image")}${counts.people ? ` of ${counted(counts.people, "person", "people")}` : ""}. ${footnote(table, state.differences)}`;
    draw();
  }

  function draw() {
    const score = table.scores.find((one) => one.key === state.score);
    const order = state.differences ? state.order.filter((line) => line.label !== table.reference) : state.order;
    drawing.replaceChildren(scoreChart(table, state.subset, score, state.differences, order));
  }

  panel.append(el("div", { class: "block" }, controls, drawing, shown, told));
  begin();
}

function footnote(table, differences) {
  if (!table.paired) {
    return "From the summaries of evaluations: with one seed [95 % interval over people] where the evaluation told one; with several the mean over seeds ± their standard deviation. Rows of single images, which give intervals over several seeds and paired differences, are kept by experiments.evaluate --rows RUN/report/rows.npz.";
  }
  return differences
    ? `Mean difference to ${table.reference} on the same images over the seeds that both have, [95 % interval: people resampled], and how many seeds have its sign.`
    : "Mean over images and seeds, [95 % interval: people resampled], ± standard deviation over seeds of the mean over images; ★: the best mean, whether or not by chance. Click a heading to sort.";
}
