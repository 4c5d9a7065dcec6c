// What stands beside the viewer: face, stage, look, light, poses, facts; and the keys for them.

const SURFACES = [["0", "grey"], ["1", "colours"], ["2", "normals"]];

function viewerControls(controls, state, { load, redraw, pose, canvas }) {
  const parts = {};

  function begin() {
    const face = DATA.faces[state.face];
    const stages = face.stages.map((stage) => stage.stage);
    state.stage = stages.includes(state.stage) ? state.stage : stages[stages.length - 1];
    parts.stage = segments("stage", stages.map((stage) => [stage, stageName(stage)]), state.stage, setStage);
    parts.all = checkbox("all stages side by side", state.all, (wanted) => { state.all = wanted; load(); });
    parts.surface = segments("surface", SURFACES, String(state.surface), (surface) => { state.surface = Number(surface); redraw(); });
    parts.wireframe = checkbox("wireframe", state.wireframe, (wanted) => { state.wireframe = wanted; redraw(); });
    parts.lit = checkbox("light", state.lit, (wanted) => { state.lit = wanted; redraw(); });
    const light = slider("light from", -90, 90, 5, state.angle, (angle) => { state.angle = angle; redraw(); }, (angle) => `${fixed(angle, 0)}°`);
    const poses = POSES.map(([name, yaw]) => el("button", { type: "button", onclick: () => pose.set(yaw) }, name));
    controls.replaceChildren(...[
      DATA.faces.length > 1 ? choice("face", DATA.faces.map((one, place) => [String(place), `${one.name} (${one.source})`]), String(state.face), setFace) : el("h2", {}, face.name),
      parts.stage, stages.length > 1 ? parts.all : null, parts.surface,
      el("div", { class: "row" }, parts.wireframe, parts.lit), light, el("div", { class: "row" }, poses), facts(face), keys(),
    ].filter(Boolean));
    load();
  }

  function setStage(stage) {
    state.stage = stage;
    if (state.all) {
      state.all = false;
      parts.all.querySelector("input").checked = false;
    }
    load();
  }

  function setFace(place) {
    state.face = Number(place);
    begin();
  }

  function flip(part) {
    const box = parts[part].querySelector("input");
    box.checked = !box.checked;
    box.dispatchEvent(new Event("change"));
  }

  canvas.addEventListener("keydown", (event) => {
    if (event.ctrlKey || event.metaKey || event.altKey) return;
    const stages = DATA.faces[state.face].stages;
    const key = event.key.toLowerCase();
    if (/^[1-9]$/.test(key) && stages[Number(key) - 1]) {
      const stage = stages[Number(key) - 1].stage;
      parts.stage.select(stage);
      setStage(stage);
    }
    if (key === "w") flip("wireframe");
    if (key === "l") flip("lit");
    if (key === "a" && stages.length > 1) flip("all");
    const surface = { g: "0", c: "1", n: "2" }[key];
    if (surface !== undefined) {
      parts.surface.select(surface);
      state.surface = Number(surface);
      redraw();
    }
  });
  begin();
}

function facts(face) {
  const list = el("dl", { class: "facts" });
  const add = (name, value) => list.append(el("dt", {}, name), el("dd", {}, value));
  for (const [name, value] of Object.entries(face.facts)) add(name, value);
  for (const stage of face.stages) {
    const reduced = stage.full_vertices > stage.vertices ? `, reduced from ${whole(stage.full_vertices)}` : "";
    add(stageName(stage.stage), `${whole(stage.vertices)} vertices${reduced}${stage.colours ? "" : ", no colours"}`);
  }
  return list;
}

function keys() {
  const told = [["1 2 3", "stage"], ["G C N", "surface"], ["W", "wires"], ["L", "light"], ["A", "side by side"], ["← ↑ → ↓", "turn"], ["+ −", "zoom"], ["0", "front"]];
  return el("p", { class: "keys" }, "Keys, with the face in focus: ", told.flatMap(([key, does]) => [el("kbd", {}, key), ` ${does}  `]));
}
