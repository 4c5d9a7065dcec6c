// A table of scores: one row a group of seeds; means with their intervals and deviations, or differences to a reference.

function scoreTable(table, subset, differences, onsort) {
  const best = differences ? {} : bestOf(table, subset);
  const columns = [
    { label: "runs", key: (line) => line.label, cell: (line) => [line.label, seedsCell(line)] },
    ...table.scores.map((score) => ({
      label: score.label, unit: score.unit, number: true, higher: score.better === "higher",
      key: (line) => shownCell(line, subset, score, differences)?.mean ?? null,
      class: (line) => (line.cells[subset]?.[score.key] && best[score.key] === line ? "best" : ""),
      cell: (line) => cellParts(line, subset, score, differences),
    })),
  ];
  const foot = differences || !table.baselines.length ? null : el("tfoot", {}, table.baselines
    .filter((baseline) => baseline.cells[subset])
    .map((baseline) => el("tr", { class: "baseline" }, el("th", { scope: "row" }, baseline.label), table.scores.map((score) => {
      const cell = baseline.cells[subset][score.key];
      return el("td", { class: "number" }, cell ? [fixed(cell.mean, score.digits), interval(cell, score)] : "");
    }))));
  const lines = table.lines.filter((line) => line.cells[subset]);
  const label = `${table.title}, ${spoken(subset)}`;
  return sortable(columns, lines, {
    label, foot, onsort, rowClass: (line) => (line.label === table.reference && differences ? "reference" : null),
  });
}

function seedsCell(line) {
  const several = line.seeds.length > 1;
  return el("span", { class: "seeds" }, `${several ? "seeds" : "seed"} ${line.seeds.join(", ")}`);
}

function shownCell(line, subset, score, differences) {
  const cell = line.cells[subset]?.[score.key];
  return differences ? cell?.difference ?? null : cell ?? null;
}

function cellParts(line, subset, score, differences) {
  const cell = shownCell(line, subset, score, differences);
  if (!cell) return "–";
  if (!differences) {
    const deviation = cell.deviation === undefined ? "" : el("span", { class: "spread" }, `± ${fixed(cell.deviation, score.digits)}`);
    return [fixed(cell.mean, score.digits), interval(cell, score), deviation];
  }
  const same = cell.seeds.filter((value) => Math.sign(value) === Math.sign(cell.mean)).length;
  return [signed(cell.mean, score.digits), interval(cell, score, true), el("span", { class: "spread" }, verdict(cell, score),
    cell.seeds.length > 1 ? ` ${same}/${cell.seeds.length} seeds` : "")];
}

function interval(cell, score, withSign = false) {
  if (cell.low === undefined) return "";
  const told = withSign ? signed : fixed;
  return el("span", { class: "spread" }, `[${told(cell.low, score.digits)}, ${told(cell.high, score.digits)}]`);
}

// Said only where the interval leaves 0 out: signs and words, since colours alone tell not everybody.
function verdict(cell, score) {
  if (score.better === "none" || cell.low === undefined || (cell.low <= 0 && cell.high >= 0)) return "";
  const better = (cell.mean > 0) === (score.better === "higher");
  return el("span", { class: `verdict ${better ? "better" : "worse"}` }, better ? "▲ better" : "▼ worse");
}

function bestOf(table, subset) {
  const found = {};
  if (table.lines.filter((line) => line.cells[subset]).length < 2) return found;
  for (const score of table.scores) {
    if (score.better === "none") continue;
    const sign = score.better === "higher" ? 1 : -1;
    for (const line of table.lines) {
      const cell = line.cells[subset]?.[score.key];
      const champion = found[score.key]?.cells[subset][score.key];
      if (cell && (!champion || sign * cell.mean > sign * champion.mean)) found[score.key] = line;
    }
  }
  return found;
}
