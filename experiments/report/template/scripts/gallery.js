// Galleries: the same face under all runs that are chosen, at one moment; sorted by what was measured on it.

const VIEW_NAMES = { true_bump: "true bump", true_surface: "true surface", surface: "with bump" };
const NUMBERS = {
  error: ["colour RMSE where seen", "/255", 1], visible: ["visible share", "", 2], mask_own_f1: ["mask F1", "", 3],
  shape_error_mm: ["shape error", "mm", 2], landmark_error_px: ["landmark error", "px", 2], image_rmse: ["colour RMSE", "/255", 1],
  occluded_share: ["occluded share", "", 2], yaw_deg: ["yaw", "degrees", 0], bump_rmse_mm: ["bump RMSE", "mm", 3],
};
const LINES_AT_FIRST = 4;

function viewName(view) {
  return VIEW_NAMES[view] ?? spoken(view);
}

function buildPictures(panel) {
  if (!DATA.galleries.length && !DATA.sheets.length) {
    panel.append(empty("No run has written pictures yet, and no photo has been reconstructed."));
    return;
  }
  for (const gallery of DATA.galleries) panel.append(galleryBlock(gallery));
  if (DATA.sheets.length) panel.append(sheetsBlock());
}

function galleryBlock(gallery) {
  const runs = [...new Set(gallery.tiles.map((tile) => tile.run))];
  const state = {
    moment: Object.keys(gallery.moments)[0], sort: "", size: gallery.method === "bump" ? 9 : 7,
    views: new Set(gallery.views), shown: firstOfGroups(runs),
  };
  const cards = el("div", { class: "cards" });
  const known = Object.keys(NUMBERS).filter((key) => gallery.tiles.some((tile) => key in tile.numbers));

  function draw() {
    const wanted = new Set([...state.shown].map((place) => runs[place]));
    const tiles = gallery.tiles.filter((tile) => tile.moment === state.moment && wanted.has(tile.run));
    const faces = gallery.faces.map((face, place) => ({ face, place, tiles: tiles.filter((tile) => tile.face === place) }))
      .filter((entry) => entry.tiles.length);
    if (state.sort) faces.sort((first, second) => compared(meanOf(first.tiles, state.sort), meanOf(second.tiles, state.sort), state.down));
    const views = gallery.views.filter((view) => state.views.has(view));
    cards.style.setProperty("--tile", `${state.size}rem`);
    cards.style.setProperty("--card", `${Math.max(views.length, 2) * (state.size + 0.3) + 1.6}rem`);
    const flat = faces.flatMap((entry) => entry.tiles);
    cards.replaceChildren(...(faces.length
      ? faces.map((entry) => faceCard(gallery, entry, views, known, (tile) => openZoom(gallery, flat, flat.indexOf(tile))))
      : [empty("No chosen run has pictures of this moment.")]));
  }

  const sorts = [["", "as evaluated"], ...known.flatMap((key) => [[`-${key}`, `${NUMBERS[key][0]}, highest first`], [key, `${NUMBERS[key][0]}, lowest first`]])];
  const controls = el("div", { class: "controls" },
    choice("moment", Object.entries(gallery.moments), state.moment, (moment) => { state.moment = moment; draw(); }),
    choice("sort faces by", sorts, "", (key) => { state.down = key.startsWith("-"); state.sort = key.replace("-", ""); draw(); }),
    slider("size", 4, 16, 0.5, state.size, (size) => { state.size = size; draw(); }, (size) => `${Math.round(size * 16)} px`),
    el("fieldset", {}, el("legend", {}, "views"), gallery.views.map((view) => checkbox(viewName(view), true, (wanted) => {
      if (wanted) state.views.add(view); else state.views.delete(view);
      draw();
    }))));
  const who = runs.length < 2 ? null : el("details", { open: runs.length <= 12 }, el("summary", {}, `runs (${runs.length})`),
    legend(runs.map((run) => DATA.runs[run].name), state.shown, null, draw));
  const key = gallery.views.includes("error") ? el("p", { class: "scale" }, "error: mean difference of the colours, 0", el("i"), `${Math.round(DATA.error_end * 255)} of 255 or more`) : null;
  draw();
  return el("div", { class: "block" }, el("h2", {}, gallery.method === "bump" ? "Bump maps" : "Reconstructions"), controls, who, key, cards);
}

// At first one run of each of the first groups is shown: seeds look alike.
function firstOfGroups(runs) {
  const firsts = DATA.groups.map((group) => runs.findIndex((run) => group.runs.includes(run))).filter((place) => place >= 0);
  return new Set(firsts.slice(0, LINES_AT_FIRST));
}

function meanOf(tiles, key) {
  const values = tiles.map((tile) => tile.numbers[key]).filter((value) => value !== undefined);
  return values.length ? values.reduce((sum, value) => sum + value, 0) / values.length : null;
}

function faceCard(gallery, { face, tiles }, views, known, zoom) {
  const about = face.occluder && face.occluder !== "none" ? `${face.label}, ${face.occluder}` : face.label;
  return el("article", { class: "card" }, el("header", {}, el("h3", {}, about)),
    el("div", { class: "lines" }, tiles.map((tile) => strip(face, tile, views, known, about, () => zoom(tile)))));
}

function strip(face, tile, views, known, about, zoom) {
  const run = DATA.runs[tile.run].name;
  const numbers = known.filter((key) => key in tile.numbers).slice(0, 4)
    .map((key) => `${NUMBERS[key][0]} ${fixed(tile.numbers[key], NUMBERS[key][2])}${NUMBERS[key][1] ? ` ${NUMBERS[key][1]}` : ""}`);
  const images = views.map((view) => {
    const number = view === "target" ? face.target : tile.views[view];
    return number === undefined ? null : el("button", { type: "button", class: "tile", onclick: zoom, title: "larger" },
      picture(number, `${about}: ${viewName(view)}, ${run}`), el("span", { "aria-hidden": "true" }, viewName(view)));
  });
  return el("div", { class: "strip" }, el("div", { class: "who" }, el("b", {}, run), el("span", { class: "numbers" }, numbers.join(" · "))),
    el("div", { class: "tiles" }, images));
}

function sheetsBlock() {
  const figures = DATA.sheets.map((sheet) => el("figure", {},
    el("button", { type: "button", title: "larger", onclick: () => openSheet(sheet) }, picture(sheet.picture, sheet.title)),
    el("figcaption", {}, sheet.title)));
  return el("div", { class: "block" }, el("h2", {}, "Whole pictures"), el("div", { class: "sheets" }, figures));
}
