"""Compiled loops over the vertices and sub-pixels of a face: decoding, posing, painting."""

from __future__ import annotations

import numba
import numpy as np

from datamodules.synthetic.mouth import paint_mouth
from datamodules.synthetic.skin import hair_cover, look_up, skin_tone

SUPERSAMPLING = 2


@numba.njit(cache=True)
def add_modes(totals, basis, coefficients):
    """Add ``coefficients @ basis`` to ``totals`` (B, N) in place, mode after mode for every element.

    The elements are taken in blocks that stay in the cache while all faces of the batch use them.
    """
    length = totals.shape[1]
    for start in range(0, length, 512):
        end = min(start + 512, length)
        for k in range(basis.shape[0]):
            row = basis[k, start:end]
            for b in range(totals.shape[0]):
                weight = coefficients[b, k]
                if weight != 0:
                    total = totals[b, start:end]
                    for i in range(end - start):
                        total[i] += weight * row[i]


@numba.njit(cache=True)
def place(vertices, rotation, origin):
    """Return (V, 3) ``rotation @ vertex + origin``."""
    out = np.empty_like(vertices)
    for i in range(vertices.shape[0]):
        for row in range(3):
            out[i, row] = (
                rotation[row, 0] * vertices[i, 0]
                + rotation[row, 1] * vertices[i, 1]
                + rotation[row, 2] * vertices[i, 2]
                + origin[row]
            )
    return out


@numba.njit(cache=True)
def paint_pixels(rast, triangles, mouth, inside, attributes, amounts, fields, offsets, hair, colour, coverage, depth):
    """Shade every sub-pixel with its skin and add it up per pixel.

    Args:
        rast: (S2, S2, 4) rasterization at twice the resolution.
        triangles: (T, 3).
        mouth: (T,) bool, triangles inside the mouth.
        inside: (28,) see :func:`~datamodules.synthetic.mouth.mouth_inside`.
        attributes: (V, 14) float32: depth in mm, texture place x and y in mm, brows, beard, freckles, hairline, albedo
            (3), light that falls on the vertex (3), highlight.
        amounts: (11,) see Complexion.
        fields: (3, 128, 128) see Complexion.
        offsets: (6,) see Complexion.
        hair: (3,) albedo of hair.
        colour: (S, S, 3) zeros, written: RGB times coverage.
        coverage: (S, S) zeros, written.
        depth: (S2, S2) infinite, written where there is face: mm.
    """
    share = np.float32(1.0) / np.float32(SUPERSAMPLING * SUPERSAMPLING)
    half, one, three, rare = np.float32(0.5), np.float32(1.0), np.float32(3.0), np.float32(0.8)
    mixed = np.empty(attributes.shape[1], np.float32)
    lining = np.empty(3, np.float32)
    for i in range(rast.shape[0]):
        for j in range(rast.shape[1]):
            triangle = int(rast[i, j, 3]) - 1
            if triangle < 0:
                continue
            a, b, c = (
                attributes[triangles[triangle, 0]],
                attributes[triangles[triangle, 1]],
                attributes[triangles[triangle, 2]],
            )
            u, v = rast[i, j, 0], rast[i, j, 1]
            w = one - u - v
            for k in range(mixed.shape[0]):
                mixed[k] = u * a[k] + v * b[k] + w * c[k]
            depth[i, j] = mixed[0]
            p, q = i // SUPERSAMPLING, j // SUPERSAMPLING
            coverage[p, q] += share
            if mouth[triangle]:
                for k in range(3):
                    lining[k] = mixed[7 + k] * mixed[10 + k]
                paint_mouth(j + 0.5 - rast.shape[1] / 2, i + 0.5 - rast.shape[0] / 2, mixed[0], inside, lining)
                for k in range(3):
                    colour[p, q, k] += share * lining[k]
                continue
            x, y = mixed[1], mixed[2]
            mottle = look_up(fields[0], half * x + offsets[0], half * y + offsets[1]) - half
            grain = look_up(fields[1], x + offsets[2], y + offsets[3]) - half
            spot = rare
            if amounts[2] * mixed[5] > np.float32(0.01):
                spot = look_up(fields[1], three * x + offsets[5], three * y + offsets[4]) - rare
            tone = skin_tone(amounts, mottle, grain, mixed[5], spot)
            cover = np.float32(0.0)
            if mixed[3] + mixed[4] + mixed[6] > np.float32(0.01):
                strand = look_up(fields[2], np.float32(1.6) * x + offsets[3], y + offsets[2])
                cover = hair_cover(amounts, mixed[3], mixed[4], mixed[6], strand)
            highlight = mixed[13] * (one - cover)
            for k in range(3):
                base = mixed[7 + k] * tone
                base += cover * (hair[k] - base)
                colour[p, q, k] += share * (base * mixed[10 + k] + highlight)
