// How a face is drawn: grey clay, its own colours, or its normals; lit by a light that stands still while it turns.

const VERTEX_SHADER = `#version 300 es
layout(location = 0) in vec4 position;
layout(location = 1) in vec2 octahedral;
layout(location = 2) in vec4 colour;
uniform vec3 low;
uniform float stride;
uniform mat4 view, projection;
out vec3 viewNormal, modelNormal, viewPosition, vertexColour;

void main() {
  vec2 flat_ = octahedral / 1023.0 * 2.0 - 1.0;
  vec3 n = vec3(flat_, 1.0 - abs(flat_.x) - abs(flat_.y));
  if (n.z < 0.0) n.xy = (1.0 - abs(n.yx)) * vec2(n.x < 0.0 ? -1.0 : 1.0, n.y < 0.0 ? -1.0 : 1.0);
  modelNormal = normalize(n);
  viewNormal = mat3(view) * modelNormal;
  vec4 placed = view * vec4(low + position.xyz * stride, 1.0);
  viewPosition = placed.xyz;
  vertexColour = colour.rgb;
  gl_Position = projection * placed;
}`;

const FRAGMENT_SHADER = `#version 300 es
precision highp float;
in vec3 viewNormal, modelNormal, viewPosition, vertexColour;
uniform int look;
uniform bool lit, plain;
uniform vec3 light, plainColour;
out vec4 shown;

vec3 linear(vec3 c) { return pow(c, vec3(2.2)); }

void main() {
  if (plain) { shown = vec4(plainColour, 1.0) * 0.45; return; }
  bool front = gl_FrontFacing;
  vec3 n = normalize(viewNormal) * (front ? 1.0 : -1.0);
  if (look == 2) { shown = vec4(normalize(modelNormal) * (front ? 0.5 : -0.5) + 0.5, 1.0); return; }
  vec3 base = look == 1 ? linear(vertexColour) : linear(vec3(0.66, 0.68, 0.71));
  if (!front) base *= 0.45;
  if (lit) {
    vec3 toEye = normalize(-viewPosition);
    float key = max(dot(n, light), 0.0);
    float sky = 0.5 + 0.5 * n.y;
    float shine = pow(max(dot(n, normalize(light + toEye)), 0.0), 28.0) * (front ? 0.10 : 0.0);
    float rim = pow(1.0 - max(dot(n, toEye), 0.0), 4.0) * 0.10;
    // Colours of a photo hold its light already: they get less of ours.
    vec3 lightness = look == 1 ? vec3(0.62 + 0.40 * key + 0.08 * sky) : vec3(0.16 + 1.02 * key + 0.20 * sky);
    base = base * lightness + shine + rim * base;
  }
  shown = vec4(pow(clamp(base, 0.0, 1.0), vec3(1.0 / 2.2)), 1.0);
}`;
