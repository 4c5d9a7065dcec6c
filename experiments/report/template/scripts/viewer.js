// The viewer: one face at a time, its stages by a switch or side by side.

const STAGE_NAMES = { foundation: "foundation", bump: "bump", complete: "complete" };
const POSES = [["front", 0], ["left", -0.75], ["right", 0.75], ["profile", 1.45]];

function buildFaces(panel) {
  if (!DATA.faces.length) {
    panel.append(empty("No meshes: name a folder that python -m experiments.reconstruct PHOTO --out FOLDER --detail has written."));
    return;
  }
  const canvas = el("canvas", { tabindex: 0, role: "img", "aria-label": "3D face; arrow keys turn it" });
  const busy = el("div", { class: "busy", role: "status" }, "reading the mesh …");
  const names = el("div", { class: "names", hidden: true });
  const stageBox = el("div", { class: "stage" }, canvas, names, busy, el("p", { class: "hint" }, "drag to turn · wheel to zoom · shift-drag to move"));
  const controls = el("div", { class: "panel" });
  panel.append(el("div", { class: "block viewer" }, stageBox, controls));
  let renderer;
  try {
    renderer = new Renderer(canvas);
  } catch (error) {
    stageBox.replaceChildren(empty(`The meshes cannot be drawn: ${error.message}. Whole pictures of them are among the pictures.`));
    return;
  }
  const state = { face: 0, stage: "", all: false, surface: 0, lit: true, wireframe: false, angle: -25, ready: null };
  let waiting = false;
  const pose = trackball(canvas, redraw);
  renderer.onrestored = redraw;

  function redraw() {
    if (waiting) return;
    waiting = true;
    requestAnimationFrame(() => { waiting = false; drawNow(); });
  }

  function drawNow() {
    if (!state.ready || !canvas.clientWidth) return;
    const density = Math.min(window.devicePixelRatio || 1, 2);
    const size = [Math.round(canvas.clientWidth * density), Math.round(canvas.clientHeight * density)];
    if (canvas.width !== size[0] || canvas.height !== size[1]) [canvas.width, canvas.height] = size;
    const dark = matchMedia("(prefers-color-scheme: dark)").matches;
    const angle = (state.angle * Math.PI) / 180;
    const light = [Math.sin(angle) * 0.82, 0.42, Math.cos(angle) * 0.82];
    const length = Math.hypot(...light);
    renderer.draw(state.ready.keys, pose, state.ready.frame, {
      ...state, light: light.map((value) => value / length), ink: dark && state.surface === 0 ? [0.05, 0.1, 0.16] : [0.04, 0.15, 0.3],
    });
  }

  async function load() {
    const face = DATA.faces[state.face];
    const stages = state.all ? face.stages : face.stages.filter((stage) => stage.stage === state.stage);
    const wanted = `${state.face} ${stages.map((stage) => stage.stage)}`;
    state.wanted = wanted;
    busy.hidden = stages.every((stage) => renderer.has(stage.place));
    try {
      for (const stage of stages) {
        if (!renderer.has(stage.place)) renderer.add(stage.place, await readMesh(stage));
      }
    } catch (error) {
      busy.textContent = `the mesh cannot be read: ${error.message}`;
      return;
    }
    if (state.wanted !== wanted) return;
    busy.hidden = true;
    state.ready = { keys: stages.map((stage) => stage.place), frame: frameOf(face) };
    canvas.dataset.stages = stages.map((stage) => stage.stage).join(" ");
    names.hidden = stages.length < 2;
    names.replaceChildren(...stages.map((stage) => el("span", {}, stageName(stage.stage))));
    redraw();
  }

  // All stages of a face have one frame, that of its first, so that switching between them shows only what differs.
  function frameOf(face) {
    if (!face.frame) {
      const box = face.stages.map((stage) => renderer.meshes.get(stage.place)?.bounds).find(Boolean);
      face.frame = {
        centre: box.low.map((low, axis) => (low + box.high[axis]) / 2),
        half: box.low.map((low, axis) => Math.max((box.high[axis] - low) / 2, 1e-6)),
      };
    }
    return face.frame;
  }

  viewerControls(controls, state, { load, redraw, pose, canvas });
  panel.addEventListener("shown", redraw);
  new ResizeObserver(redraw).observe(canvas);
  matchMedia("(prefers-color-scheme: dark)").addEventListener("change", redraw);
}

function stageName(stage) {
  return STAGE_NAMES[stage] ?? spoken(stage);
}
