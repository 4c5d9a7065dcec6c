// Quaternions (x, y, z, w) and 4 x 4 matrices in columns, as WebGL takes them.

function turnAbout(axis, angle) {
  const length = Math.hypot(...axis) || 1;
  const sine = Math.sin(angle / 2) / length;
  return [axis[0] * sine, axis[1] * sine, axis[2] * sine, Math.cos(angle / 2)];
}

function turned(first, second) {
  const [ax, ay, az, aw] = first;
  const [bx, by, bz, bw] = second;
  const product = [
    aw * bx + ax * bw + ay * bz - az * by,
    aw * by - ax * bz + ay * bw + az * bx,
    aw * bz + ax * by - ay * bx + az * bw,
    aw * bw - ax * bx - ay * by - az * bz,
  ];
  const length = Math.hypot(...product);
  return product.map((value) => value / length);
}

function rotationMatrix([x, y, z, w]) {
  return [
    1 - 2 * (y * y + z * z), 2 * (x * y + z * w), 2 * (x * z - y * w), 0,
    2 * (x * y - z * w), 1 - 2 * (x * x + z * z), 2 * (y * z + x * w), 0,
    2 * (x * z + y * w), 2 * (y * z - x * w), 1 - 2 * (x * x + y * y), 0,
    0, 0, 0, 1,
  ];
}

function translation(x, y, z) {
  return [1, 0, 0, 0, 0, 1, 0, 0, 0, 0, 1, 0, x, y, z, 1];
}

function perspective(verticalAngle, aspect, near, far) {
  const focal = 1 / Math.tan(verticalAngle / 2);
  return [
    focal / aspect, 0, 0, 0, 0, focal, 0, 0,
    0, 0, (far + near) / (near - far), -1, 0, 0, (2 * far * near) / (near - far), 0,
  ];
}

function multiplied(first, second) {
  const product = new Array(16).fill(0);
  for (let columnPlace = 0; columnPlace < 4; columnPlace += 1) {
    for (let row = 0; row < 4; row += 1) {
      for (let inner = 0; inner < 4; inner += 1) product[4 * columnPlace + row] += first[4 * inner + row] * second[4 * columnPlace + inner];
    }
  }
  return product;
}
