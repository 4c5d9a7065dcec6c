// Numbers, times and names as people read them.

const SERIES = 8;
const DASHES = ["", "7 4", "2 4", "9 3 2 3"];

function seriesColour(place) {
  if (place === null) return "var(--muted)";
  return `var(--series-${place % SERIES})`;
}

function seriesDash(place) {
  if (place === null) return "3 3";
  return DASHES[Math.floor(place / SERIES) % DASHES.length];
}

function swatch(place) {
  return svg("svg", { class: "swatch", viewBox: "0 0 24 12", "aria-hidden": "true" },
    svg("line", {
      x1: 0, x2: 24, y1: 6, y2: 6, stroke: seriesColour(place), "stroke-width": 4, "stroke-dasharray": seriesDash(place),
    }));
}

function fixed(value, digits) {
  return value === null || value === undefined ? "–" : value.toFixed(digits).replace("-", "−");
}

function signed(value, digits) {
  return (value >= 0 ? "+" : "") + fixed(value, digits);
}

function short(value) {
  if (value === 0) return "0";
  const size = Math.abs(value);
  if (size >= 1e6 || size < 1e-4) return value.toExponential(1).replace("-", "−").replace("e+", "e");
  const digits = size >= 100 ? 0 : Math.min(3 - Math.floor(Math.log10(size)), 6);
  return Number(value.toFixed(Math.max(digits, 0))).toLocaleString("en", { maximumFractionDigits: 6 }).replace("-", "−");
}

function whole(value) {
  return Math.round(value).toLocaleString("en");
}

function duration(seconds) {
  if (seconds === null) return "–";
  const minutes = seconds / 60;
  if (seconds < 100) return `${Math.round(seconds)} s`;
  if (minutes < 100) return `${Math.round(minutes)} min`;
  const hours = Math.floor(minutes / 60);
  return hours < 48 ? `${hours} h ${Math.round(minutes % 60)} min` : `${(hours / 24).toFixed(1)} days`;
}

function day(seconds) {
  return seconds === null ? "–" : new Date(seconds * 1000).toISOString().slice(0, 16).replace("T", " ");
}

function counted(number, thing, things = `${thing}s`) {
  return `${whole(number)} ${number === 1 ? thing : things}`;
}

// The unit of a logged number, by the last part of its name.
const UNITS = { mm: "mm", px: "px", deg: "degrees", rad: "rad", s: "s", seconds: "s", ms: "ms", mb: "MB", gb: "GB", share: "share", f1: "F1", acc: "accuracy", iou: "IoU" };

function unitOf(name) {
  const bare = name.slice(name.lastIndexOf("/") + 1);
  if (/per_second/.test(bare)) return "per second";
  if (/rmse/.test(bare) && /image|colour/.test(bare)) return "1/255";
  if (/_f1/.test(bare)) return "F1";
  if (/gradient_error/.test(bare)) return "mm/mm";
  const last = bare.slice(bare.lastIndexOf("_") + 1).toLowerCase();
  if (last in UNITS) return UNITS[last];
  return "";
}

function spoken(name) {
  return name.replace(/_/g, " ");
}

// A logged number's name without its unit, which stands at the axis.
const SHORT_WORDS = /\b(l1|l2|f1|rmse|iou|ppv|tpr|gpu|mb)\b/g;
function titleOf(name) {
  const bare = name.slice(name.lastIndexOf("/") + 1);
  const last = bare.slice(bare.lastIndexOf("_") + 1).toLowerCase();
  const text = last in UNITS && !["f1", "acc", "iou", "rmse"].includes(last) && bare !== last ? bare.slice(0, -last.length - 1) : bare;
  const words = spoken(text).replace(SHORT_WORDS, (word) => (word === "iou" ? "IoU" : word.toUpperCase()));
  return words.replace(" per second", "");
}
