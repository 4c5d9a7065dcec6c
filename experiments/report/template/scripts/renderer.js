// Draws meshes with WebGL 2 into one canvas; several side by side in the same pose.

const FIELD_OF_VIEW = (18 * Math.PI) / 180;

class Renderer {
  constructor(canvas) {
    this.canvas = canvas;
    this.gl = canvas.getContext("webgl2", { antialias: true, alpha: true, preserveDrawingBuffer: true });
    if (!this.gl) throw new Error("this browser draws no WebGL 2");
    this.meshes = new Map();
    this.setUp();
    canvas.addEventListener("webglcontextlost", (event) => event.preventDefault());
    canvas.addEventListener("webglcontextrestored", () => {
      for (const mesh of this.meshes.values()) mesh.buffers = null;
      this.setUp();
      if (this.onrestored) this.onrestored();
    });
  }

  setUp() {
    const gl = this.gl;
    this.program = gl.createProgram();
    for (const [kind, source] of [[gl.VERTEX_SHADER, VERTEX_SHADER], [gl.FRAGMENT_SHADER, FRAGMENT_SHADER]]) {
      const shader = gl.createShader(kind);
      gl.shaderSource(shader, source);
      gl.compileShader(shader);
      if (!gl.getShaderParameter(shader, gl.COMPILE_STATUS)) throw new Error(gl.getShaderInfoLog(shader));
      gl.attachShader(this.program, shader);
    }
    gl.linkProgram(this.program);
    if (!gl.getProgramParameter(this.program, gl.LINK_STATUS)) throw new Error(gl.getProgramInfoLog(this.program));
    gl.useProgram(this.program);
    gl.enable(gl.DEPTH_TEST);
    this.places = new Map();
  }

  uniform(name) {
    if (!this.places.has(name)) this.places.set(name, this.gl.getUniformLocation(this.program, name));
    return this.places.get(name);
  }

  add(key, mesh) {
    this.meshes.set(key, { ...mesh, buffers: null, edges: null });
  }

  has(key) {
    return this.meshes.has(key);
  }

  buffersOf(mesh) {
    if (mesh.buffers) return mesh.buffers;
    const gl = this.gl;
    const array = gl.createVertexArray();
    gl.bindVertexArray(array);
    const attribute = (place, data, size, type, normalised) => {
      gl.bindBuffer(gl.ARRAY_BUFFER, gl.createBuffer());
      gl.bufferData(gl.ARRAY_BUFFER, data, gl.STATIC_DRAW);
      gl.enableVertexAttribArray(place);
      gl.vertexAttribPointer(place, size, type, normalised, 0, 0);
    };
    attribute(0, mesh.positions, 4, gl.UNSIGNED_SHORT, false);
    attribute(1, mesh.normals, 2, gl.UNSIGNED_SHORT, false);
    attribute(2, mesh.colours, 4, gl.UNSIGNED_BYTE, true);
    const elements = (indices) => {
      const buffer = gl.createBuffer();
      gl.bindBuffer(gl.ELEMENT_ARRAY_BUFFER, buffer);
      gl.bufferData(gl.ELEMENT_ARRAY_BUFFER, indices, gl.STATIC_DRAW);
      return buffer;
    };
    mesh.buffers = { array, elements, triangles: elements(mesh.indices), edges: null };
    return mesh.buffers;
  }

  // keys: of the meshes from left to right; pose: {rotation, zoom, pan}; centre and half sizes in mm; look: see the viewer.
  draw(keys, pose, { centre, half }, look) {
    const gl = this.gl;
    const { width, height } = this.canvas;
    gl.viewport(0, 0, width, height);
    gl.clearColor(0, 0, 0, 0);
    gl.clear(gl.COLOR_BUFFER_BIT | gl.DEPTH_BUFFER_BIT);
    const share = Math.floor(width / keys.length);
    const aspect = share / height;
    const radius = Math.hypot(...half);
    const wide = Math.max(half[0], half[2]);  // whichever side is turned to the viewer
    const far = (1.12 * Math.max(half[1], wide / aspect)) / Math.tan(FIELD_OF_VIEW / 2) + half[2];
    const view = multiplied(
      multiplied(translation(pose.pan[0] * radius, pose.pan[1] * radius, -far / pose.zoom), rotationMatrix(pose.rotation)),
      translation(-centre[0], -centre[1], -centre[2]),
    );
    const near = Math.max(far / pose.zoom - 2.5 * radius, radius / 50);
    gl.uniformMatrix4fv(this.uniform("view"), false, view);
    gl.uniformMatrix4fv(this.uniform("projection"), false, perspective(FIELD_OF_VIEW, aspect, near, far / pose.zoom + 2.5 * radius));
    gl.uniform3fv(this.uniform("light"), look.light);
    keys.forEach((key, place) => {
      gl.viewport(place * share, 0, share, height);
      this.drawMesh(this.meshes.get(key), look);
    });
  }

  drawMesh(mesh, look) {
    const gl = this.gl;
    const buffers = this.buffersOf(mesh);
    gl.bindVertexArray(buffers.array);
    gl.uniform3fv(this.uniform("low"), mesh.low);
    gl.uniform1f(this.uniform("stride"), mesh.step);
    gl.uniform1i(this.uniform("look"), look.surface === 1 && !mesh.coloured ? 0 : look.surface);
    gl.uniform1i(this.uniform("lit"), look.lit ? 1 : 0);
    gl.uniform1i(this.uniform("plain"), 0);
    gl.enable(gl.POLYGON_OFFSET_FILL);
    gl.polygonOffset(1, 1);
    gl.bindBuffer(gl.ELEMENT_ARRAY_BUFFER, buffers.triangles);
    gl.drawElements(gl.TRIANGLES, mesh.indices.length, gl.UNSIGNED_INT, 0);
    gl.disable(gl.POLYGON_OFFSET_FILL);
    if (!look.wireframe) return;
    if (!buffers.edges) {
      mesh.edges = mesh.edges ?? edgesOf(mesh.indices);
      buffers.edges = buffers.elements(mesh.edges);
    }
    gl.uniform1i(this.uniform("plain"), 1);
    gl.uniform3fv(this.uniform("plainColour"), look.ink);
    gl.enable(gl.BLEND);
    gl.blendFunc(gl.ONE, gl.ONE_MINUS_SRC_ALPHA);
    gl.bindBuffer(gl.ELEMENT_ARRAY_BUFFER, buffers.edges);
    gl.drawElements(gl.LINES, mesh.edges.length, gl.UNSIGNED_INT, 0);
    gl.disable(gl.BLEND);
  }
}
