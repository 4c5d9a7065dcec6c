"""Compiled drawing of the ellipsoids that are a person's head, hair and shoulders."""

from __future__ import annotations

import math

import numba

SKIN, HAIR, CAP, CLOTH, SKULL, HAT = 0, 1, 2, 3, 4, 5
"""What a body is made of; hair and hats of the cap end at the hairline."""

NOTHING = -1


_STEPS, _HALVINGS = 24, 6


@numba.njit(cache=True)
def above_hairline(x, y, z, plane, ragged, head_origin):
    """Return how many mm a point (camera frame, mm) lies above the hairline."""
    return plane[0] * (x - head_origin[0]) + plane[1] * (y - head_origin[1]) + plane[2] * (z - head_origin[2]) - ragged


@numba.njit(cache=True)
def outside_hair(x, y, z, matrices, origins, body, plane, ragged, rise, head_origin):
    """Return how far a point (camera frame, mm) lies outside the surface of grown hair: negative within it.

    The surface is the skull's at the hairline and goes over into the ellipsoid ``body`` above it; the unit is a radius.
    """
    part = min(max(above_hairline(x, y, z, plane, ragged, head_origin) / rise, 0.0), 1.0)
    part *= 2.0 - part
    result = 0.0
    for k, weight in ((0, 1.0 - part), (body, part)):
        m, o = matrices[k], origins[k]
        a = o[0] + m[0, 0] * x + m[0, 1] * y + m[0, 2] * z
        b = o[1] + m[1, 0] * x + m[1, 1] * y + m[1, 2] * z
        c = o[2] + m[2, 0] * x + m[2, 1] * y + m[2, 2] * z
        result += weight * (math.sqrt(a * a + b * b + c * c) - 1.0)
    return result


@numba.njit(cache=True)
def grown(dx, dy, begin, end, matrices, origins, body, plane, ragged, rise, head_origin):
    """Return where the ray (dx, dy, 1), between two depths in mm, meets the surface of grown hair, or -1."""
    before = begin
    for step in range(_STEPS + 1):
        t = begin + (end - begin) * step / _STEPS
        if in_hair(t * dx, t * dy, t, matrices, origins, body, plane, ragged, rise, head_origin):
            for _ in range(_HALVINGS if step else 0):
                middle = 0.5 * (before + t)
                x, y = middle * dx, middle * dy
                if in_hair(x, y, middle, matrices, origins, body, plane, ragged, rise, head_origin):
                    t = middle
                else:
                    before = middle
            return t
        before = t
    return -1.0


@numba.njit(cache=True)
def in_hair(x, y, z, matrices, origins, body, plane, ragged, rise, head_origin):
    """Tell whether a point lies in grown hair: above the hairline, and under its surface."""
    if above_hairline(x, y, z, plane, ragged, head_origin) <= 0:
        return False
    return outside_hair(x, y, z, matrices, origins, body, plane, ragged, rise, head_origin) < 0


@numba.njit(cache=True)
def draw_bodies(
    origins,
    matrices,
    materials,
    plane,
    rise,
    head_origin,
    focal,
    light,
    colours,
    strands,
    weave,
    chin_row,
    coverage,
    picture,
    drawn,
):
    """Draw, on the ray through each pixel, the nearest of some ellipsoids.

    Args:
        origins: (N, 3) the camera in the frame of each ellipsoid, where it is the unit sphere.
        matrices: (N, 3, 3) from the camera frame to that frame.
        materials: (N,) skin, hair, hair above the hairline only, cloth, skin of the skull, or hat.
        plane: (4,) direction and distance from ``head_origin`` of the hairline, camera frame, mm.
        rise: mm from the hairline over which hair and hats rise from the skull, which is the first body, to their own
            ellipsoid; 0 cuts the ellipsoid off at the hairline.
        head_origin: (3,) mm, camera frame.
        focal: px.
        light: (3, 9) polynomial of the light.
        colours: (7, 3) albedo of each material, and the second colour of cloth.
        strands: (S, S) texture of the hair.
        weave: (S, S) texture of the cloth.
        chin_row: px; under it the chin keeps light off the neck.
        coverage: (S, S), pixels at 1 are left out.
        picture: (S, S, 3), drawn onto.
        drawn: (S, S) int8, written: the material that is seen, ``NOTHING`` where there is none.
    """
    size = picture.shape[0]
    for i in range(size):
        dy = (i + 0.5 - size / 2) / focal
        for j in range(size):
            drawn[i, j] = NOTHING
            if coverage[i, j] >= 1.0:
                continue
            dx = (j + 0.5 - size / 2) / focal
            nearest, body = 1e18, -1
            for k in range(origins.shape[0]):
                m, o = matrices[k], origins[k]
                d0 = m[0, 0] * dx + m[0, 1] * dy + m[0, 2]
                d1 = m[1, 0] * dx + m[1, 1] * dy + m[1, 2]
                d2 = m[2, 0] * dx + m[2, 1] * dy + m[2, 2]
                aa = d0 * d0 + d1 * d1 + d2 * d2
                bb = o[0] * d0 + o[1] * d1 + o[2] * d2
                cc = o[0] * o[0] + o[1] * o[1] + o[2] * o[2] - 1
                root = bb * bb - aa * cc
                if root <= 0:
                    continue
                t = (-bb - math.sqrt(root)) / aa
                if t >= nearest:
                    continue
                if materials[k] == CAP or materials[k] == HAT:
                    ragged = plane[3] + 10.0 * (strands[i, j] - 0.5)
                    if rise > 0:
                        end = min(nearest, (-bb + math.sqrt(root)) / aa)
                        t = grown(dx, dy, t, end, matrices, origins, k, plane, ragged, rise, head_origin)
                        if t < 0:
                            continue
                    else:
                        x, y, z = t * dx - head_origin[0], t * dy - head_origin[1], t - head_origin[2]
                        if plane[0] * x + plane[1] * y + plane[2] * z < ragged:
                            continue
                nearest, body = t, k
            if body < 0:
                continue
            drawn[i, j] = materials[body]
            m, o = matrices[body], origins[body]
            s0 = o[0] + nearest * (m[0, 0] * dx + m[0, 1] * dy + m[0, 2])
            s1 = o[1] + nearest * (m[1, 0] * dx + m[1, 1] * dy + m[1, 2])
            s2 = o[2] + nearest * (m[2, 0] * dx + m[2, 1] * dy + m[2, 2])
            nx = m[0, 0] * s0 + m[1, 0] * s1 + m[2, 0] * s2
            ny = m[0, 1] * s0 + m[1, 1] * s1 + m[2, 1] * s2
            nz = m[0, 2] * s0 + m[1, 2] * s1 + m[2, 2] * s2
            if rise > 0 and (materials[body] == CAP or materials[body] == HAT):
                x, y, z = nearest * dx, nearest * dy, nearest
                ragged = plane[3] + 10.0 * (strands[i, j] - 0.5)
                here = outside_hair(x, y, z, matrices, origins, body, plane, ragged, rise, head_origin)
                nx = outside_hair(x + 0.1, y, z, matrices, origins, body, plane, ragged, rise, head_origin) - here
                ny = outside_hair(x, y + 0.1, z, matrices, origins, body, plane, ragged, rise, head_origin) - here
                nz = outside_hair(x, y, z + 0.1, matrices, origins, body, plane, ragged, rise, head_origin) - here
            norm = math.sqrt(nx * nx + ny * ny + nz * nz)
            nx, ny, nz = nx / norm, ny / norm, nz / norm
            # The rim of a body seen edge-on lets a little of what is behind it through: smooth outlines.
            edge = min(1.0, 6.0 * max(-nz, 0.0) + 0.25)
            shade = 1.0
            woven = materials[body] == CLOTH or materials[body] == HAT
            if materials[body] == SKIN:
                under = (i + 0.5 - chin_row) / (0.11 * size)
                shade = 1 - 0.42 * math.exp(-under * under)
            elif materials[body] == HAIR or materials[body] == CAP:
                shade = 0.5 + 0.95 * strands[i, j]
            for c in range(3):
                q = light[c]
                value = q[0] + nx * (q[1] + q[4] * ny + q[6] * nz + q[7] * nx)
                value += ny * (q[2] + q[5] * nz + q[8] * ny) + q[3] * nz
                albedo = colours[materials[body], c]
                if woven:
                    albedo += weave[i, j] * (colours[6, c] - albedo)
                lit = shade * albedo * max(value, 0.0)
                picture[i, j, c] += edge * (lit - picture[i, j, c])
