// Meshes out of the page: the reverse of experiments/report/mesh_packing.py.

async function readMesh(stage) {
  const text = document.getElementById(`mesh-${stage.place}`).textContent;
  const bytes = await inflated(Uint8Array.from(atob(text), (letter) => letter.charCodeAt(0)));
  const { vertices, triangles } = stage;
  const widths = stage.colours ? [2, 2, 2, 2, 2, 2, 2, 2] : [2, 2, 2, 2, 2];
  const columns = [];
  let place = 0;
  for (const width of widths) {
    columns.push(column(bytes, place, vertices, width));
    place += vertices * width;
  }
  const corners = [];
  for (let corner = 0; corner < 3; corner += 1) {
    corners.push(column(bytes, place, triangles, 4));
    place += triangles * 4;
  }
  const positions = new Uint16Array(vertices * 4);
  const normals = new Uint16Array(vertices * 2);
  const colours = new Uint8Array(vertices * 4).fill(200);
  for (let vertex = 0; vertex < vertices; vertex += 1) {
    for (let axis = 0; axis < 3; axis += 1) positions[4 * vertex + axis] = columns[axis][vertex];
    normals[2 * vertex] = columns[3][vertex];
    normals[2 * vertex + 1] = columns[4][vertex];
    if (stage.colours) for (let channel = 0; channel < 3; channel += 1) colours[4 * vertex + channel] = columns[5 + channel][vertex];
  }
  const indices = new Uint32Array(triangles * 3);
  for (let triangle = 0; triangle < triangles; triangle += 1) {
    const first = corners[0][triangle];
    indices[3 * triangle] = first;
    indices[3 * triangle + 1] = first + corners[1][triangle];
    indices[3 * triangle + 2] = first + corners[2][triangle];
  }
  return { positions, normals, colours, coloured: stage.colours, indices, low: stage.low_mm, step: stage.step_mm, bounds: bounds(columns, stage) };
}

async function inflated(bytes) {
  const stream = new Blob([bytes]).stream().pipeThrough(new DecompressionStream("deflate"));
  return new Uint8Array(await new Response(stream).arrayBuffer());
}

// Byte planes of zigzag differences, which count round at 2 to the power of 8 * width.
function column(bytes, start, count, width) {
  const values = width === 2 ? new Uint16Array(count) : new Int32Array(count);
  let value = 0;
  for (let place = 0; place < count; place += 1) {
    let code = 0;
    for (let plane = width - 1; plane >= 0; plane -= 1) code = code * 256 + bytes[start + plane * count + place];
    value += code % 2 ? -(code + 1) / 2 : code / 2;
    values[place] = value;
    value = values[place];
  }
  return values;
}

function bounds(columns, stage) {
  const low = [0, 1, 2].map((axis) => stage.low_mm[axis]);
  const high = [0, 1, 2].map((axis) => stage.low_mm[axis] + stage.step_mm * columns[axis].reduce((most, value) => Math.max(most, value), 0));
  return { low, high };
}

// Each edge once, as pairs of vertices.
function edgesOf(indices) {
  const seen = new Set();
  const edges = [];
  for (let place = 0; place < indices.length; place += 3) {
    for (let corner = 0; corner < 3; corner += 1) {
      const first = indices[place + corner];
      const second = indices[place + ((corner + 1) % 3)];
      const key = Math.min(first, second) * 4294967296 + Math.max(first, second);
      if (seen.has(key)) continue;
      seen.add(key);
      edges.push(first, second);
    }
  }
  return new Uint32Array(edges);
}
