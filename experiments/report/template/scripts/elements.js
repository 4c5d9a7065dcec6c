// The data of the page, and short ways to make elements. Text goes in as text, never as HTML.

const DATA = JSON.parse(document.getElementById("data").textContent);
const PICTURES = JSON.parse(document.getElementById("pictures").textContent);

function fill(element, attributes, children) {
  for (const [name, value] of Object.entries(attributes)) {
    if (value === null || value === undefined || value === false) continue;
    if (name.startsWith("on")) element.addEventListener(name.slice(2), value);
    else if (name === "style") for (const [key, text] of Object.entries(value)) element.style.setProperty(key, text);
    else element.setAttribute(name, value === true ? "" : value);
  }
  element.append(...children.flat().filter((child) => child !== null && child !== undefined && child !== false));
  return element;
}

function el(tag, attributes = {}, ...children) {
  return fill(document.createElement(tag), attributes, children);
}

function svg(tag, attributes = {}, ...children) {
  return fill(document.createElementNS("http://www.w3.org/2000/svg", tag), attributes, children);
}

function picture(number, alt, attributes = {}) {
  const [width, height] = DATA.sizes[number];
  const source = `data:image/webp;base64,${PICTURES[number]}`;
  return el("img", { src: source, alt, width, height, decoding: "async", loading: "lazy", ...attributes });
}

function checkbox(name, checked, change) {
  const box = el("input", { type: "checkbox", checked, onchange: () => change(box.checked) });
  return el("label", {}, box, name);
}

function choice(name, options, value, change) {
  const entries = options.map(([key, label]) => el("option", { value: key, selected: key === value }, label));
  const list = el("select", { onchange: () => change(list.value) }, entries);
  return el("label", {}, el("span", { class: "name" }, name), list);
}

function slider(name, low, high, step, value, change, told = (number) => `${number}`) {
  const shown = el("output", { class: "small" }, told(value));
  const bar = el("input", {
    type: "range", min: low, max: high, step, value,
    oninput: () => {
      shown.textContent = told(Number(bar.value));
      change(Number(bar.value));
    },
  });
  return el("label", {}, el("span", { class: "name" }, name), bar, shown);
}

// One of several, as a row of radio buttons; returns the group, with `select(key)` to set it from elsewhere.
let radioGroups = 0;
function segments(name, options, value, change) {
  const group = `segments-${radioGroups++}`;
  const boxes = new Map();
  const labels = options.map(([key, label, disabled]) => {
    const box = el("input", {
      type: "radio", name: group, value: key, checked: key === value, disabled, onchange: () => change(key),
    });
    boxes.set(key, box);
    return el("label", {}, box, label);
  });
  const element = el("fieldset", {}, el("legend", {}, name), el("div", { class: "segments" }, labels));
  element.select = (key) => { if (boxes.has(key)) boxes.get(key).checked = true; };
  return element;
}

// Which of many are shown: a legend of checkboxes with what stands for each in the charts.
function legend(names, shown, mark, change) {
  const boxes = names.map((name, place) => {
    const box = el("input", {
      type: "checkbox", checked: shown.has(place),
      onchange: () => {
        if (box.checked) shown.add(place); else shown.delete(place);
        change();
      },
    });
    return box;
  });
  const set = (wanted) => {
    boxes.forEach((box, place) => {
      box.checked = wanted;
      if (wanted) shown.add(place); else shown.delete(place);
    });
    change();
  };
  const labels = names.map((name, place) => el("label", {}, boxes[place], mark ? mark(place) : null, name));
  const buttons = names.length < 4 ? [] : [
    el("button", { type: "button", onclick: () => set(true) }, "all"),
    el("button", { type: "button", onclick: () => set(false) }, "none"),
  ];
  return el("div", { class: "legend", role: "group", "aria-label": "shown" }, labels, el("span", { class: "row" }, buttons));
}

function empty(text) {
  return el("p", { class: "empty" }, text);
}
