// Means of one score as dots with their intervals, each seed as a small ring, baselines as dashed lines.

// Narrow pages get a narrow drawing, so that its letters keep their size.
const FOREST = matchMedia("(max-width: 640px)").matches
  ? { width: 400, left: 112, right: 52, row: 26, top: 26, bottom: 40, letters: 15 }
  : { width: 860, left: 210, right: 80, row: 24, top: 26, bottom: 40, letters: 30 };

function scoreChart(table, subset, score, differences, order) {
  const rows = order
    .map((line) => ({ line, cell: shownCell(line, subset, score, differences) }))
    .filter((row) => row.cell);
  if (!rows.length) return empty("No row has this score.");
  const { width, left, right, row, top, bottom } = FOREST;
  const baselines = differences ? [] : table.baselines
    .map((baseline) => ({ label: baseline.label, cell: baseline.cells[subset]?.[score.key] }))
    .filter((baseline) => baseline.cell);
  const values = rows.flatMap(({ cell }) => [cell.mean, cell.low ?? cell.mean, cell.high ?? cell.mean, ...cell.seeds]);
  let [low, high] = extent([...values, ...(differences ? [0] : [])]);
  const span = high - low || Math.abs(high) || 1;
  const near = baselines.filter(({ cell }) => cell.mean > low - 1.2 * span && cell.mean < high + 1.2 * span);
  [low, high] = extent([low, high, ...near.map(({ cell }) => cell.mean)]);
  const margin = (high - low || Math.abs(high) || 1) * 0.05;
  const height = top + rows.length * row + bottom;
  const x = scale(low - margin, high + margin, left, width - right, false);
  const unit = score.unit ? `, ${score.unit}` : "";
  const title = `${differences ? `${score.label} minus that of ${table.reference}` : score.label}${unit}`;
  const drawing = svg("svg", { viewBox: `0 0 ${width} ${height}`, role: "img", "aria-label": `${title}; the table below has the numbers` });
  for (const tick of x.ticks) {
    drawing.append(svg("line", { class: "rule", x1: x(tick), x2: x(tick), y1: top - 6, y2: height - bottom }));
    drawing.append(svg("text", { x: x(tick), y: height - bottom + 16, "text-anchor": "middle" }, tickText(tick, x.ticks)));
  }
  if (differences) drawing.append(svg("line", { class: "axis", x1: x(0), x2: x(0), y1: top - 6, y2: height - bottom }));
  drawing.append(svg("line", { class: "axis", x1: left, x2: width - right, y1: height - bottom, y2: height - bottom }));
  drawing.append(svg("text", { class: "label", x: (left + width - right) / 2, y: height - 6, "text-anchor": "middle" }, `${title} (${arrow(score)})`));
  near.forEach(({ label, cell }, place) => {
    drawing.append(svg("line", { class: "limit", x1: x(cell.mean), x2: x(cell.mean), y1: top - 6, y2: height - bottom }));
    drawing.append(svg("text", { x: x(cell.mean), y: 12, "text-anchor": place % 2 ? "start" : "end" }, label));
  });
  rows.forEach(({ line, cell }, place) => drawing.append(...forestRow(line, cell, score, x, top + (place + 0.5) * row, differences)));
  return el("figure", { class: "chart forest" }, el("figcaption", {}, `${title}, ${spoken(subset)}`),
    drawing, el("p", { class: "small muted" }, rows.some(({ cell }) => cell.seeds.length > 1)
      ? "Dot: mean; bar: 95 % interval over people; rings: each seed." : "Dot: mean; bar: 95 % interval over people."));
}

function forestRow(line, cell, score, x, y, differences) {
  const colour = "var(--accent)";
  const name = line.label.length > FOREST.letters ? `${line.label.slice(0, FOREST.letters - 1)}…` : line.label;
  const told = differences ? signed(cell.mean, score.digits) : fixed(cell.mean, score.digits);
  const parts = [
    svg("text", { class: "label", x: FOREST.left - 12, y: y + 4, "text-anchor": "end" }, name),
    svg("text", { x: FOREST.width - FOREST.right + 12, y: y + 4 }, told),
  ];
  if (cell.low !== undefined) {
    parts.push(svg("line", { class: "whisker", stroke: colour, x1: x(cell.low), x2: x(cell.high), y1: y, y2: y }));
  }
  if (cell.seeds.length > 1) {
    parts.push(...cell.seeds.map((value) => svg("circle", { class: "seed", cx: x(value), cy: y, r: 3, fill: "none", stroke: "var(--ink)" })));
  }
  parts.push(svg("circle", { class: "dot", cx: x(cell.mean), cy: y, r: 4.5, fill: colour }));
  const spread = cell.low === undefined ? "" : `, 95 % [${fixed(cell.low, score.digits)}, ${fixed(cell.high, score.digits)}]`;
  parts[0].append(svg("title", {}, `${line.label}: ${told}${spread}`));
  return parts;
}

function arrow(score) {
  return { higher: "higher is better →", lower: "← lower is better", none: "" }[score.better];
}
