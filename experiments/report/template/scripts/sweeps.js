// Sweeps: means over the seeds of each variant, and what has become of every run.

function sweepBlock(sweep) {
  const measured = [...new Set(sweep.variants.flatMap((variant) => Object.keys(variant.metrics)))];
  const swept = [...new Set(sweep.variants.flatMap((variant) => Object.keys(variant.settings)))];
  const chosen = sweep.columns.filter((column) => measured.includes(column));
  const columns = [
    { label: "variant", key: (row) => row.label, cell: (row) => row.label },
    ...swept.map((key) => ({
      label: el("code", {}, key.replace(/^model\./, "")), cell: (row) => el("code", {}, JSON.stringify(row.settings[key]) ?? "–"),
    })),
    { label: "seeds", number: true, key: (row) => row.finished, cell: (row) => (row.finished === row.runs ? `${row.runs}` : `${row.finished} of ${row.runs}`) },
    ...chosen.map((key) => ({
      label: titleOf(key), unit: [key.includes("/") ? key.slice(0, key.lastIndexOf("/")) : "", unitOf(key)].filter(Boolean).join(", "), number: true,
      key: (row) => row.metrics[key]?.mean ?? null,
      cell: (row) => {
        const cell = row.metrics[key];
        if (!cell) return "–";
        return [short(cell.mean), cell.deviation === null ? "" : el("span", { class: "spread" }, `± ${short(cell.deviation)}`)];
      },
    })),
  ];
  const states = [
    { label: "run", key: (run) => run.name, cell: (run) => run.name },
    { label: "state", key: (run) => run.status, cell: (run) => el("span", { class: `state ${sweepState(run.status)}` }, run.status) },
    { label: "minutes", number: true, key: (run) => run.minutes, cell: (run) => fixed(run.minutes, 1) },
    { label: "why", key: (run) => run.reason, cell: (run) => run.reason || "" },
  ];
  const unfinished = sweep.runs.filter((run) => run.status !== "finished").length;
  const told = unfinished ? `${unfinished} of ${counted(sweep.runs.length, "run")} not finished` : `all ${counted(sweep.runs.length, "run")} finished`;
  return el("div", { class: "block" }, el("h2", {}, `Sweep ${sweep.name}`), el("p", { class: "small muted" }, "Made by ", el("code", {}, sweep.command), "; ± standard deviation over seeds."),
    sortable(columns, sweep.variants, { label: `sweep ${sweep.name}` }),
    el("details", { open: unfinished > 0 }, el("summary", {}, told), sortable(states, sweep.runs, { label: "runs of the sweep" })));
}

function sweepState(status) {
  return { finished: "finished", running: "running", failed: "interrupted" }[status] ?? "";
}
