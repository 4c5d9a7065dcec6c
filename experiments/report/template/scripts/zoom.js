// The large view: all pictures of a face side by side; wheel, drag and pinch move all of them together.

function zoomDialog(title, frames, { sharp, previous, next, single }) {
  const view = { scale: 1, x: 0, y: 0 };
  const grid = el("div", { class: single ? "frames single" : "frames" }, frames);
  const dialog = el("dialog", { "aria-label": title, class: sharp ? "sharp" : null },
    el("header", {}, el("h2", {}, title),
      previous ? el("button", { type: "button", onclick: previous, "aria-label": "previous" }, "← previous") : null,
      next ? el("button", { type: "button", onclick: next, "aria-label": "next" }, "next →") : null,
      el("button", { type: "button", onclick: () => { Object.assign(view, { scale: 1, x: 0, y: 0 }); apply(); } }, "whole"),
      checkbox("sharp pixels", sharp, (wanted) => dialog.classList.toggle("sharp", wanted)),
      el("button", { type: "button", onclick: () => dialog.close() }, "close")),
    grid, el("p", { class: "small muted" }, "Wheel or pinch: zoom. Drag: move. Arrow keys: previous and next. Esc: close."));
  const images = [...grid.querySelectorAll("img")];

  function apply() {
    view.scale = Math.min(Math.max(view.scale, 1), 30);
    view.x = Math.min(Math.max(view.x, 1 - view.scale), 0);
    view.y = Math.min(Math.max(view.y, 1 - view.scale), 0);
    for (const image of images) {
      image.style.setProperty("transform", `translate(${100 * view.x}%, ${100 * view.y}%) scale(${view.scale})`);
    }
  }

  function zoomAt(frame, clientX, clientY, factor) {
    const box = frame.getBoundingClientRect();
    const at = [(clientX - box.left) / box.width, (clientY - box.top) / box.height];
    const scale = Math.min(Math.max(view.scale * factor, 1), 30);
    view.x = at[0] - ((at[0] - view.x) / view.scale) * scale;
    view.y = at[1] - ((at[1] - view.y) / view.scale) * scale;
    view.scale = scale;
    apply();
  }

  for (const frame of grid.querySelectorAll(".frame")) {
    const pointers = new Map();
    frame.addEventListener("wheel", (event) => {
      event.preventDefault();
      zoomAt(frame, event.clientX, event.clientY, Math.exp(-event.deltaY * 0.0015));
    }, { passive: false });
    frame.addEventListener("pointerdown", (event) => {
      pointers.set(event.pointerId, event);
      frame.setPointerCapture(event.pointerId);
    });
    frame.addEventListener("pointermove", (event) => {
      const before = pointers.get(event.pointerId);
      if (!before) return;
      const box = frame.getBoundingClientRect();
      if (pointers.size === 1) {
        view.x += (event.clientX - before.clientX) / box.width;
        view.y += (event.clientY - before.clientY) / box.height;
        apply();
      } else {
        const other = [...pointers.values()].find((pointer) => pointer.pointerId !== event.pointerId);
        const distance = (pointer) => Math.hypot(pointer.clientX - other.clientX, pointer.clientY - other.clientY) || 1;
        zoomAt(frame, (event.clientX + other.clientX) / 2, (event.clientY + other.clientY) / 2, distance(event) / distance(before));
      }
      pointers.set(event.pointerId, event);
    });
    for (const end of ["pointerup", "pointercancel"]) frame.addEventListener(end, (event) => pointers.delete(event.pointerId));
  }
  dialog.addEventListener("keydown", (event) => {
    if (event.target.matches("input")) return;
    if (event.key === "ArrowRight" && next) next();
    if (event.key === "ArrowLeft" && previous) previous();
  });
  const background = (event) => { if (event.target === dialog) dialog.close(); };
  dialog.addEventListener("click", background);
  dialog.addEventListener("close", () => dialog.remove());
  document.body.append(dialog);
  dialog.showModal();
  return dialog;
}

function openZoom(gallery, tiles, place) {
  const tile = tiles[place];
  const face = gallery.faces[tile.face];
  const frames = gallery.views.map((view) => {
    const number = view === "target" ? face.target : tile.views[view];
    if (number === undefined) return null;
    return el("figure", {}, el("div", { class: "frame" }, picture(number, viewName(view), { draggable: "false" })), el("figcaption", {}, viewName(view)));
  });
  const small = Math.max(...DATA.sizes[face.target]) <= 128;
  let dialog = null;
  const go = (step) => () => {
    dialog.close();
    openZoom(gallery, tiles, (place + step + tiles.length) % tiles.length);
  };
  const title = `${face.label}, ${DATA.runs[tile.run].name}, ${gallery.moments[tile.moment]}`;
  dialog = zoomDialog(title, frames, { sharp: small, previous: tiles.length > 1 && go(-1), next: tiles.length > 1 && go(1) });
}

function openSheet(sheet) {
  const frame = el("figure", {}, el("div", { class: "frame whole" }, picture(sheet.picture, sheet.title, { draggable: "false" })));
  zoomDialog(sheet.title, [frame], { sharp: false, single: true });
}
