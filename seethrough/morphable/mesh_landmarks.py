"""Where the 68 iBUG landmarks and the 7 NoW landmarks lie on the published face models."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path

import numpy as np
from scipy.interpolate import RBFInterpolator
from scipy.spatial import KDTree

from seethrough.errors import SeethroughError

# NoW: outer and inner corner of the right eye, inner and outer of the left, base of the nose, corners of the mouth.
NOW_FROM_IBUG = (36, 39, 42, 45, 33, 48, 54)

# fmt: off
# Vertices of the full 53,149-vertex bfm_nomouth mesh, as FOCUS's first public release lists them; its 7 NoW vertices
# take a lower point under the nose than landmark 33.
BFM2017_NOMOUTH = (
    22212, 23003, 23412, 23817, 44075, 45617, 46739, 47456, 47847, 48237, 48953, 50064, 51700, 30656, 31279, 31775,
    32532, 38719, 39462, 39835, 40033, 40252, 40668, 40882, 41081, 41459, 42172, 8124, 8140, 8149, 8155, 6750, 7459,
    8171, 8993, 9699, 2735, 4275, 5050, 6088, 4804, 4030, 10263, 11159, 11932, 13746, 12203, 11429, 5394, 6283, 7474,
    8183, 9007, 10203, 11116, 9380, 8673, 8201, 7847, 7020, 6539, 7600, 8190, 8780, 10339, 8545, 8191, 7837,
)
BFM2017_NOMOUTH_NOW = (2735, 6088, 10263, 13746, 8165, 5394, 11116)

# Vertices of BFM 2009 (53,490): the landmarks of Deep3DFaceReconstruction (MIT) on its 35,709-vertex front, taken back
# through BFM_front_idx.mat and BFM_exp_idx.mat.
BFM2009 = (
    22148, 22424, 21928, 21311, 43511, 45193, 46441, 47410, 48189, 48970, 49942, 51199, 52888, 33953, 33280, 32744,
    32984, 38970, 39667, 40057, 40262, 40429, 41168, 41334, 41542, 41936, 42642, 8290, 8306, 8316, 8321, 6525, 7300,
    8333, 9364, 10137, 2215, 3886, 4920, 5828, 4801, 3640, 10730, 11628, 12658, 14341, 12928, 11767, 5522, 6025, 7570,
    8344, 9118, 10669, 11070, 9792, 9019, 8374, 7729, 6954, 5909, 7450, 8352, 9256, 10812, 9012, 8367, 7722,
)

# The 68 points on the neutral ICT-FaceKit face (MIT), mm, model frame: a template for meshes that name only some.
TEMPLATE = np.array(
    [
        (-73.6, 36.8, -63.4), (-72.8, 14.9, -60.7), (-69.4, -4.6, -54.7), (-65.6, -23.6, -48.3),
        (-57.2, -44.9, -38.7), (-43.0, -62.1, -26.5), (-30.5, -69.1, -12.3), (-15.4, -72.6, 2.7), (0.0, -75.7, 4.3),
        (15.4, -72.6, 2.7), (30.5, -69.1, -12.3), (43.0, -62.1, -26.5), (57.2, -44.9, -38.7), (65.6, -23.6, -48.3),
        (69.4, -4.6, -54.7), (72.8, 14.9, -60.7), (73.6, 36.8, -63.4), (-58.2, 52.0, -20.9), (-49.3, 59.8, -10.1),
        (-37.9, 62.6, -1.7), (-24.1, 61.9, 4.8), (-11.7, 59.1, 7.3), (11.7, 59.1, 7.3), (24.1, 61.9, 4.8),
        (37.9, 62.6, -1.7), (49.3, 59.8, -10.1), (58.2, 52.0, -20.9), (0.0, 37.4, 7.3), (0.0, 26.3, 15.2),
        (0.0, 16.1, 23.1), (0.0, 4.1, 30.7), (-12.5, -11.4, 8.7), (-6.0, -11.4, 14.2), (0.0, -12.0, 15.7),
        (6.0, -11.4, 14.2), (12.5, -11.4, 8.7), (-44.6, 34.3, -14.0), (-38.7, 38.7, -6.4), (-27.8, 39.4, -4.7),
        (-18.4, 32.5, -8.0), (-27.3, 30.8, -5.9), (-38.6, 30.7, -7.7), (18.4, 32.5, -8.0), (27.8, 39.4, -4.7),
        (38.7, 38.7, -6.4), (44.6, 34.3, -14.0), (38.6, 30.7, -7.7), (27.3, 30.8, -5.9), (-25.3, -35.2, 1.9),
        (-17.0, -27.8, 12.2), (-7.3, -24.2, 17.3), (0.0, -24.8, 18.4), (7.3, -24.2, 17.3), (17.0, -27.8, 12.2),
        (25.3, -35.2, 1.9), (18.0, -40.6, 9.0), (10.3, -43.0, 13.9), (0.0, -43.8, 15.5), (-10.3, -43.0, 13.9),
        (-18.0, -40.6, 9.0), (-22.1, -34.9, 1.3), (-10.0, -33.0, 10.9), (0.0, -33.2, 12.8), (10.0, -33.0, 10.9),
        (22.1, -34.9, 1.3), (10.7, -33.8, 10.4), (0.0, -34.0, 12.5), (-10.7, -33.8, 10.4),
    ]
)
# fmt: on

# Named points of the Basel models (metadata/landmarks/json) that are iBUG points; left and right are the person's.
BASEL_NAMES = {
    "center.chin.tip": 8,
    "center.nose.tip": 30,
    "right.nose.wing.tip": 31,
    "center.nose.attachement_to_philtrum": 33,
    "left.nose.wing.tip": 35,
    "right.eyebrow.inner.center": 21,
    "left.eyebrow.inner.center": 22,
    "right.eye.corner_outer": 36,
    "right.eye.corner_inner": 39,
    "left.eye.corner_inner": 42,
    "left.eye.corner_outer": 45,
    "right.lips.corner": 48,
    "right.lips.philtrum_ridge": 50,
    "center.lips.upper.outer": 51,
    "left.lips.philtrum_ridge": 52,
    "left.lips.corner": 54,
    "center.lips.lower.outer": 57,
    "center.lips.upper.inner": 62,
    "center.lips.lower.inner": 66,
}
_FEWEST_NAMES = 8


def landmarks_from_named_points(mean: np.ndarray, named: Mapping[str, np.ndarray]) -> np.ndarray | None:
    """Find the 68 landmarks of a mesh that names only some of them.

    A template of all 68 points is bent so that the named points fall where the file says (radial basis functions over
    an affine map), then every point is moved to its nearest vertex. The named points are exact to a vertex; the others
    are good to about 5 mm and the jaw line to about 10 mm (measured on the open model, whose 68 points are known), so a
    landmark file is better where there is one.

    Args:
        mean: (V, 3) mean shape, mm, model frame.
        named: point name -> (3,) position in the same frame; names that are no iBUG point are passed over.

    Returns:
        (68,) int64 vertex indices, or None if fewer than eight iBUG points are named, or not by finite numbers.
    """
    known = {BASEL_NAMES[name]: np.asarray(named[name], dtype=np.float64) for name in BASEL_NAMES if name in named}
    if len(known) < _FEWEST_NAMES:
        return None
    indices = sorted(known)
    targets = np.stack([known[i] for i in indices])
    if not np.isfinite(targets).all():
        return None
    bend = RBFInterpolator(TEMPLATE[indices], targets, kernel="linear", degree=1)
    return np.asarray(KDTree(mean).query(bend(TEMPLATE))[1], dtype=np.int64)


def landmark_file_of(model: Path) -> Path:
    """Return where a landmark file for a model file is looked for: ``model.h5`` -> ``model.landmarks.txt``."""
    return model.with_suffix(".landmarks.txt")


def read_landmarks(path: Path, vertex_count: int) -> np.ndarray:
    """Read a text file of 68 vertex indices, counted from 0, iBUG order, separated by blanks or commas; # comments.

    Raises:
        SeethroughError: the file is missing, holds anything but 68 whole numbers, or points outside the mesh.
    """
    try:
        lines = path.read_text(encoding="utf-8").splitlines()
    except (OSError, UnicodeDecodeError) as error:
        raise SeethroughError(f"{path}: cannot read the landmark file ({error})") from error
    words = [word for line in lines for word in line.split("#")[0].replace(",", " ").split()]
    try:
        values = np.array([int(word) for word in words], dtype=np.int64)
    except ValueError:
        raise SeethroughError(f"{path}: expected 68 whole numbers (vertex indices from 0, iBUG order)") from None
    if len(values) != 68:
        raise SeethroughError(f"{path}: expected 68 vertex indices (from 0, iBUG order), found {len(values)}")
    if values.min() < 0 or values.max() >= vertex_count:
        raise SeethroughError(
            f"{path}: vertex {values.max()} is not among the model's {vertex_count} (0-based indices?)"
        )
    return values


def no_landmarks(model: Path, vertex_count: int) -> SeethroughError:
    """Return the error for a mesh whose landmarks nobody knows."""
    return SeethroughError(
        f"{model}: no landmarks are known for a mesh of {vertex_count} vertices; put 68 vertex indices "
        f"(from 0, iBUG order) into {landmark_file_of(model)} or name a file with landmarks="
    )
