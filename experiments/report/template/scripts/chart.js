// One chart of lines over training steps: hover and arrow keys show values, dragging chooses a range of steps.

const CHART = { width: 440, height: 236, left: 56, right: 12, top: 10, bottom: 38 };

// lines: {place (colour), label, steps, values, raw, low, high}; options: {title, unit, logarithmic, range, onrange}.
function chart(lines, options) {
  const { width, height, left, right, top, bottom } = CHART;
  const inRange = (step) => !options.range || (step >= options.range[0] && step <= options.range[1]);
  const usable = (value) => value !== null && (!options.logarithmic || value > 0);
  const steps = lines.flatMap((line) => line.steps.filter(inRange));
  const values = lines.flatMap((line) => [line.values, line.low ?? [], line.high ?? []].flatMap((list) =>
    list.filter((value, place) => inRange(line.steps[place]) && usable(value))));
  const figure = el("figure", { class: "chart" }, el("figcaption", {}, options.title));
  if (!steps.length || !values.length) {
    figure.append(empty(options.logarithmic && steps.length ? "nothing above 0 to show on a log scale" : "no values in this range"));
    return figure;
  }
  const [first, last] = extent(steps);
  let [low, high] = extent(values);
  const margin = (high - low) * 0.05 || Math.abs(high) * 0.1 || 1;
  if (!options.logarithmic) [low, high] = [low >= 0 && low < margin ? 0 : low - margin, high + margin];
  else [low, high] = [low / 1.1, high * 1.1];
  const x = scale(first, last === first ? first + 1 : last, left, width - right, false);
  const y = scale(low, high, height - bottom, top, options.logarithmic);
  const drawing = svg("svg", { viewBox: `0 0 ${width} ${height}`, tabindex: 0, role: "group", "aria-label": described(lines, options) });
  drawing.append(...axes(x, y, options));
  const clip = `clip-${chart.count = (chart.count ?? 0) + 1}`;
  drawing.append(svg("clipPath", { id: clip }, svg("rect", { x: left, y: top - 2, width: width - left - right, height: height - top - bottom + 4 })));
  const inside = svg("g", { "clip-path": `url(#${clip})` });
  for (const line of lines) inside.append(...drawn(line, x, y, usable));
  for (const line of lines.filter((one) => one.place === null)) {
    inside.append(svg("text", { x: width - right - 4, y: y(line.values[line.values.length - 1]) + 13, "text-anchor": "end" }, line.label));
  }
  const cursor = svg("line", { class: "cursor", y1: top, y2: height - bottom, visibility: "hidden" });
  const brush = svg("rect", { class: "brush", y: top, height: height - top - bottom, visibility: "hidden" });
  drawing.append(inside, brush, cursor);
  figure.append(drawing);
  watch(figure, drawing, cursor, brush, { lines, x, y, steps: [...new Set(steps)].sort((a, b) => a - b), options });
  return figure;
}

function extent(values) {
  return values.reduce(([low, high], value) => [Math.min(low, value), Math.max(high, value)], [Infinity, -Infinity]);
}

function axes(x, y, options) {
  const { width, height, left, right, top, bottom } = CHART;
  const parts = y.ticks.flatMap((tick) => [
    svg("line", { class: "rule", x1: left, x2: width - right, y1: y(tick), y2: y(tick) }),
    svg("text", { x: left - 6, y: y(tick) + 4, "text-anchor": "end" }, tickText(tick, y.ticks)),
  ]);
  parts.push(...x.ticks.map((tick) => svg("text", { x: x(tick), y: height - bottom + 15, "text-anchor": "middle" }, tickText(tick, x.ticks))));
  parts.push(svg("line", { class: "axis", x1: left, x2: width - right, y1: height - bottom, y2: height - bottom }));
  parts.push(svg("text", { x: (left + width - right) / 2, y: height - 6, "text-anchor": "middle" }, "training step"));
  const middle = (top + height - bottom) / 2;
  parts.push(svg("text", { x: 11, y: middle, "text-anchor": "middle", transform: `rotate(-90 11 ${middle})` }, options.unit + (options.logarithmic ? ", log" : "")));
  return parts;
}

function drawn(line, x, y, usable) {
  const stops = breaks(line.steps);
  const path = (values) => {
    let pen = false;
    return line.steps.map((step, place) => {
      if (stops.has(place)) pen = false;
      if (!usable(values[place])) { pen = false; return ""; }
      const point = `${pen ? "L" : "M"}${x(step).toFixed(1)} ${y(values[place]).toFixed(1)}`;
      const alone = !pen && (place === line.steps.length - 1 || stops.has(place + 1));
      pen = true;
      return alone ? `${point}h.01` : point;
    }).join("");
  };
  const look = { stroke: seriesColour(line.place), "stroke-dasharray": seriesDash(line.place) };
  const parts = [];
  if (line.low) {
    for (const run of pieces(line.steps.length, stops)) {
      const there = run.map((place) => `${x(line.steps[place]).toFixed(1)} ${y(line.high[place]).toFixed(1)}`);
      const back = [...run].reverse().map((place) => `${x(line.steps[place]).toFixed(1)} ${y(line.low[place]).toFixed(1)}`);
      if (run.every((place) => usable(line.low[place]))) parts.push(svg("path", { class: "band", fill: look.stroke, d: `M${[...there, ...back].join("L")}Z` }));
    }
  }
  if (line.raw) parts.push(svg("path", { class: "line raw", ...look, d: path(line.raw) }));
  parts.push(svg("path", { class: "line", ...look, d: path(line.values) }));
  return parts;
}

function pieces(count, stops) {
  const found = [[]];
  for (let place = 0; place < count; place += 1) {
    if (stops.has(place)) found.push([]);
    found[found.length - 1].push(place);
  }
  return found;
}

function described(lines, options) {
  const ends = lines.slice(0, 6).map((line) => `${line.label} ends at ${short(line.values[line.values.length - 1])}`);
  return `${options.title}, ${options.unit}, over training steps. ${ends.join("; ")}. Arrow keys show values.`;
}
