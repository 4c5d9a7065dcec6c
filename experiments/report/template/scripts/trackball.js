// Turning, moving and zooming with mouse, fingers and keys.

const STRAIGHT = [0, 0, 0, 1];
const KEY_TURN = Math.PI / 24;

function trackball(canvas, changed) {
  const pose = { rotation: STRAIGHT, zoom: 1, pan: [0, 0] };
  const pointers = new Map();

  function turn(right, down) {
    pose.rotation = turned(turned(turnAbout([0, 1, 0], right), turnAbout([1, 0, 0], down)), pose.rotation);
    changed();
  }

  function zoom(factor) {
    pose.zoom = Math.min(Math.max(pose.zoom * factor, 0.4), 12);
    changed();
  }

  function move(right, up) {
    const height = canvas.clientHeight || 1;
    const clamp = (value) => Math.min(Math.max(value, -1.5), 1.5);
    pose.pan = [clamp(pose.pan[0] + (2 * right) / height / pose.zoom), clamp(pose.pan[1] + (2 * up) / height / pose.zoom)];
    changed();
  }

  pose.set = (yaw, pitch = 0) => {
    Object.assign(pose, { rotation: turned(turnAbout([1, 0, 0], pitch), turnAbout([0, 1, 0], yaw)), zoom: 1, pan: [0, 0] });
    changed();
  };

  canvas.addEventListener("pointerdown", (event) => {
    canvas.setPointerCapture(event.pointerId);
    canvas.focus({ preventScroll: true });
    pointers.set(event.pointerId, event);
  });
  canvas.addEventListener("pointermove", (event) => {
    const before = pointers.get(event.pointerId);
    if (!before) return;
    const right = event.clientX - before.clientX;
    const down = event.clientY - before.clientY;
    const other = [...pointers.values()].find((pointer) => pointer.pointerId !== event.pointerId);
    if (other) {
      const distance = (pointer) => Math.hypot(pointer.clientX - other.clientX, pointer.clientY - other.clientY) || 1;
      move(right / 2, -down / 2);
      zoom(distance(event) / distance(before));
    } else if (event.buttons & 2 || event.shiftKey) {
      move(right, -down);
    } else {
      const reach = Math.min(canvas.clientWidth, canvas.clientHeight) || 1;
      turn((right / reach) * Math.PI, (down / reach) * Math.PI);
    }
    pointers.set(event.pointerId, event);
  });
  for (const end of ["pointerup", "pointercancel"]) canvas.addEventListener(end, (event) => pointers.delete(event.pointerId));
  canvas.addEventListener("contextmenu", (event) => event.preventDefault());
  canvas.addEventListener("dblclick", () => pose.set(0));
  canvas.addEventListener("wheel", (event) => {
    event.preventDefault();
    zoom(Math.exp(-event.deltaY * 0.0012));
  }, { passive: false });
  canvas.addEventListener("keydown", (event) => {
    const actions = {
      ArrowLeft: () => turn(-KEY_TURN, 0), ArrowRight: () => turn(KEY_TURN, 0), ArrowUp: () => turn(0, -KEY_TURN),
      ArrowDown: () => turn(0, KEY_TURN), "+": () => zoom(1.15), "=": () => zoom(1.15), "-": () => zoom(1 / 1.15), 0: () => pose.set(0),
    };
    if (event.ctrlKey || event.metaKey || event.altKey || !(event.key in actions)) return;
    event.preventDefault();
    actions[event.key]();
  });
  return pose;
}
