// The runs: where they stand, what they cost, what tells them apart, and what of them is missing.

function buildRuns(panel) {
  const faults = [...DATA.problems];
  if (faults.length) {
    panel.append(el("div", { class: "callout", role: "note" }, el("b", {}, "Not everything could be read"),
      el("ul", {}, faults.map((fault) => el("li", {}, fault)))));
  }
  if (DATA.runs.length) panel.append(el("div", { class: "block" }, el("h2", {}, "Runs"), runTable()));
  for (const sweep of DATA.sweeps) panel.append(sweepBlock(sweep));
  for (const entry of DATA.differences) panel.append(settingsBlock(entry));
  if (DATA.photos.length) panel.append(el("div", { class: "block" }, el("h2", {}, "Reconstructed photos"), photoTable()));
  if (DATA.notes.length) {
    panel.append(el("div", { class: "block" }, el("h2", {}, "Reduced for this page"),
      el("ul", { class: "small" }, DATA.notes.map((note) => el("li", {}, note)))));
  }
}

// The settings in which a run departs from what most runs of its method have.
function departures(place) {
  const entry = DATA.differences.find((found) => found.runs.includes(place));
  if (!entry) return [];
  const own = entry.runs.indexOf(place);
  return Object.entries(entry.settings)
    .filter(([key, setting]) => setting.values[own] !== setting.usual && !/(^|\.)seed$/.test(key))
    .map(([key, setting]) => [key, setting.values[own], setting.usual]);
}

function runTable() {
  const common = (key) => new Set(DATA.runs.map((run) => run[key])).size === 1 && DATA.runs[0][key];
  const told = ["method", "machine"].filter((key) => DATA.runs.length > 1 && common(key)).map((key) => `${key}: ${common(key)}`);
  const alone = (key) => !told.some((text) => text.startsWith(key));
  const rows = DATA.runs.map((run, place) => ({ ...run, departs: departures(place) }));
  const columns = [
    { label: "run", key: (run) => run.name, cell: runCell },
    alone("method") && { label: "method", key: (run) => run.method, cell: (run) => run.method },
    { label: "state", key: (run) => run.state, cell: (run) => el("span", { class: `state ${run.state.replace(" ", "-")}` }, run.state) },
    { label: "steps", number: true, key: (run) => run.steps, cell: stepsCell },
    { label: "duration", number: true, key: (run) => run.seconds, title: "wall time of the training; ≈: between the dates of its files",
      cell: (run) => (run.seconds !== null && !run.exact ? "≈ " : "") + duration(run.seconds) },
    { label: "seed", number: true, key: (run) => run.seed, cell: (run) => (run.seed === null ? "–" : String(run.seed)) },
    { label: "differs in", cell: (run) => el("div", { class: "chips" }, run.departs.map(([key, value, usual]) =>
      el("span", { class: "chip", title: `${key}: most runs have ${usual}` }, `${key.replace(/^model\./, "")}=${value ?? "–"}`))) },
    { label: "commit", key: (run) => run.commit, cell: (run) => el("code", {}, run.commit || "–") },
    { label: "last sign of life", unit: "UTC", key: (run) => run.last_sign, cell: (run) => day(run.last_sign), class: () => "moment" },
    alone("machine") && { label: "machine", key: (run) => run.machine, cell: (run) => run.machine || "–", class: () => "machine" },
  ].filter(Boolean);
  return sortable(columns, rows, { label: "runs", caption: told.length ? `All runs: ${told.join("; ")}.` : null });
}

function runCell(run) {
  const faults = run.problems.map((fault) => el("li", {}, fault));
  return [el("span", { title: run.path }, run.name), faults.length ? el("ul", { class: "faults" }, faults) : null].filter(Boolean);
}

function stepsCell(run) {
  if (run.planned === null) return [whole(run.steps)];
  const share = Math.min(run.steps / Math.max(run.planned, 1), 1);
  const parts = [`${whole(run.steps)} of ${whole(run.planned)}`];
  if (share < 1) parts.push(el("span", { class: "progress" }, el("i", { style: { width: `${100 * share}%` } })));
  return parts;
}

function settingsBlock(entry) {
  const groups = DATA.groups
    .map((group) => ({ label: group.label, places: group.runs.filter((run) => entry.runs.includes(run)) }))
    .filter((group) => group.places.length);
  const rows = Object.entries(entry.settings).map(([key, setting]) => ({ key, setting }));
  const values = (row, group) => [...new Set(group.places.map((run) => row.setting.values[entry.runs.indexOf(run)] ?? "–"))];
  const columns = [
    { label: "setting", key: (row) => row.key, cell: (row) => el("code", {}, row.key) },
    { label: "most have", key: (row) => row.setting.usual, cell: (row) => el("code", {}, row.setting.usual) },
    ...groups.map((group) => ({
      label: group.label,
      cell: (row) => el("code", {}, values(row, group).join(", ")),
      class: (row) => {
        const own = values(row, group);
        return own.length > 1 || own[0] !== row.setting.usual ? "differs" : "usual";
      },
    })),
  ];
  const title = `Settings that differ between the runs of ${entry.method}`;
  return el("div", { class: "block" }, el("details", { open: rows.length * groups.length <= 60 },
    el("summary", {}, `${title} (${rows.length})`), sortable(columns, rows, { label: title })));
}

function photoTable() {
  const facts = [...new Set(DATA.photos.flatMap((photo) => Object.keys(photo.facts)))];
  const columns = [
    { label: "face", key: (photo) => photo.name, cell: (photo) => photo.name },
    { label: "status", key: (photo) => photo.failed, cell: (photo) => (photo.failed
      ? el("span", { class: "state interrupted" }, `failed: ${photo.failed}`)
      : el("span", { class: "state finished" }, "reconstructed")) },
    ...facts.map((fact) => ({
      label: fact, key: (photo) => photo.facts[fact] ?? null, cell: (photo) => photo.facts[fact] ?? "–",
    })),
  ];
  return sortable(columns, DATA.photos, { label: "reconstructed photos" });
}
