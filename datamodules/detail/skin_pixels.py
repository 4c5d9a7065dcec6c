"""Compiled painting of the sub-pixels of a face: skin, hair, mouth, highlights, each lit where it lies."""

from __future__ import annotations

import math

import numba
import numpy as np

from datamodules.detail.chart import read
from datamodules.synthetic.face_pixels import SUPERSAMPLING
from datamodules.synthetic.mouth import paint_mouth
from datamodules.synthetic.skin import hair_cover, skin_tone
from datamodules.synthetic.textures import TEXTURE_SIZE

HAIR, ALBEDO, LIT, SHINE = 7, 11, 14, 17
"""First columns of what :func:`paint` reads beside those of the surface: brows, beard, freckles and hairline; albedo;
light and highlight as the coarse surface has them."""


@numba.njit(cache=True, inline="always")
def look_up_smoothly(field, x, y):
    """Read a periodic (128, 128) texture between its cells."""
    column, row = math.floor(x), math.floor(y)
    u, v = np.float32(x - column), np.float32(y - row)
    j, i = int(column) & (TEXTURE_SIZE - 1), int(row) & (TEXTURE_SIZE - 1)
    right, up = (j + 1) & (TEXTURE_SIZE - 1), (i + 1) & (TEXTURE_SIZE - 1)
    lower = field[i, j] + u * (field[i, right] - field[i, j])
    upper = field[up, j] + u * (field[up, right] - field[up, j])
    return lower + v * (upper - lower)


@numba.njit(cache=True)
def paint(
    mixed, rows, rast, mouth, inside, lit, shine, open_sky, shadow, key, chart, spots, person, hair, colour, coverage
):
    """Shade every sub-pixel and add it up per pixel.

    Args:
        mixed: (N, 18) attributes: depth, chart place (2), normal (3), share of skin, brows, beard, freckles, hairline,
            albedo (3), light (3) and highlight of the coarse surface.
        rows: (N, 2) row and column.
        rast: (S2, S2, 4).
        mouth: (T,) bool, triangles inside the mouth.
        inside: (28,) see :func:`~datamodules.synthetic.mouth.mouth_inside`.
        lit: (N, 3) light on the detailed surface.
        shine: (N,) highlight of the detailed surface.
        open_sky: (rows, columns) openness on the chart.
        shadow: (N,) share of directional light that arrives.
        key: (3,) strength of the crease shading, share of light that is directional, share of it scattered in skin.
        chart: (3,) left, bottom and texel, mm.
        spots: (2, rows, columns) brown and red density on the chart.
        person: amounts, fields and offsets of a Complexion.
        hair: (3,) albedo of hair.
        colour: (S, S, 3) zeros, written: RGB times coverage.
        coverage: (S, S) zeros, written.
    """
    amounts, fields, offsets = person
    share = np.float32(1.0 / (SUPERSAMPLING * SUPERSAMPLING))
    half, one, rare = np.float32(0.5), np.float32(1.0), np.float32(0.8)
    lining = np.empty(3, np.float32)
    brown, red = np.array([0.55, 1.0, 1.25], np.float32), np.array([0.08, 1.0, 0.8], np.float32)
    size = rast.shape[0]
    for n in range(mixed.shape[0]):
        i, j = rows[n, 0], rows[n, 1]
        p, q = i // SUPERSAMPLING, j // SUPERSAMPLING
        coverage[p, q] += share
        if mouth[int(rast[i, j, 3]) - 1]:
            for k in range(3):
                lining[k] = mixed[n, ALBEDO + k] * mixed[n, LIT + k]
            paint_mouth(j + 0.5 - size / 2, i + 0.5 - size / 2, mixed[n, 0], inside, lining)
            for k in range(3):
                colour[p, q, k] += share * lining[k]
            continue
        x, y, skin = mixed[n, 1], mixed[n, 2], mixed[n, 6]
        mottle = look_up_smoothly(fields[0], half * x + offsets[0], half * y + offsets[1]) - half
        grain = look_up_smoothly(fields[1], x + offsets[2], y + offsets[3]) - half
        freckles = mixed[n, HAIR + 2]
        spot = look_up_smoothly(fields[1], 3 * x + offsets[5], 3 * y + offsets[4]) - rare
        tone = skin_tone(amounts, mottle, grain, freckles, spot)
        cover = np.float32(0.0)
        if mixed[n, HAIR] + mixed[n, HAIR + 1] + mixed[n, HAIR + 3] > np.float32(0.01):
            # Hairs are finer than the cells of a texture.
            strand = look_up_smoothly(fields[2], np.float32(3.2) * x + offsets[3], 2 * y + offsets[2])
            cover = hair_cover(amounts, mixed[n, HAIR], mixed[n, HAIR + 1], mixed[n, HAIR + 3], strand)
        column, row = (x - chart[0]) / chart[2], (y - chart[1]) / chart[2]
        sky = one - skin * (one - read(open_sky, column, row))
        dark, flush = read(spots[0], column, row), read(spots[1], column, row)
        direct = one - key[1] * skin * (one - shadow[n])
        gleam = skin * shine[n] + (one - skin) * mixed[n, SHINE]
        gleam *= (one - cover) * direct * sky
        held = min(key[0] * (one - sky), one)
        for k in range(3):
            base = mixed[n, ALBEDO + k] * tone
            if dark + flush > np.float32(0.003):
                base *= math.exp(-skin * (dark * brown[k] + flush * red[k]))
            # Walls light one another, the brighter the more (Jimenez et al. 2016): creases are redder than shadows.
            open_light = max(one - held, np.float32(0.05)) / (one - np.float32(0.8) * min(base, one) * held)
            coarse = mixed[n, LIT + k]
            spread = key[2] * (one if k == 0 else (np.float32(0.45) if k == 1 else np.float32(0.25)))
            light = lit[n, k] + spread * (coarse - lit[n, k])
            light = skin * light * direct * open_light + (one - skin) * coarse
            base += cover * (hair[k] - base)
            colour[p, q, k] += share * (base * light + gleam)
