"""Expression modes: an orthogonal basis of the 52 ARKit action units, scaled by how far faces really use them."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from tools.face_model.makehuman import EXPRESSION_TARGETS, MakeHumanData

# Root mean square activation of each unit (0 rest, 1 full) over a day of faces in photographs: mostly near rest, smiles
# and talking more than frowns; a unit that is not named gets the default. Left and right go together with LEFT_RIGHT.
DEFAULT_USAGE = 0.14
USAGE = {
    "eyeBlink": 0.22,
    "eyeLook": 0.22,
    "eyeSquint": 0.25,
    "eyeWide": 0.2,
    "browInnerUp": 0.25,
    "browDown": 0.25,
    "browOuterUp": 0.22,
    "jawOpen": 0.2,
    "jawForward": 0.12,
    "jawLeft": 0.1,
    "jawRight": 0.1,
    "mouthSmile": 0.4,
    "mouthFrown": 0.2,
    "mouthFunnel": 0.18,
    "mouthPucker": 0.2,
    "mouthClose": 0.08,
    "mouthLowerDown": 0.18,
    "mouthUpperUp": 0.18,
    "cheekSquint": 0.22,
    "cheekPuff": 0.12,
    "tongueOut": 0.05,
}
LEFT_RIGHT = 0.85
# One side of each pair moves with the other side of that pair; gazes to the left join in one eye's and out the other's.
PARTNERS = {"eyeLookIn": "eyeLookOut", "eyeLookOut": "eyeLookIn"}


def usage_covariance(names: list[str]) -> NDArray[np.float64]:
    """Return the (U, U) second moment of the activations of ARKit units under the documented usage."""
    stems = [name.removesuffix("Left").removesuffix("Right") for name in names]
    spread = np.array([USAGE.get(stem, _by_prefix(stem)) for stem in stems])
    correlation = np.eye(len(names))
    for i, name in enumerate(names):
        if name.endswith("Left") and stems[i] not in ("jaw", "mouth"):
            other = PARTNERS.get(stems[i], stems[i]) + "Right"
            j = names.index(other)
            correlation[i, j] = correlation[j, i] = LEFT_RIGHT
    return correlation * np.outer(spread, spread)


def _by_prefix(stem: str) -> float:
    return next((value for key, value in USAGE.items() if stem.startswith(key)), DEFAULT_USAGE)


def unit_targets(data: MakeHumanData, vertices: int) -> dict[str, NDArray[np.float64]]:
    """Return ARKit name -> displacement (mm) of the base mesh at full activation."""
    names = data.target_names(EXPRESSION_TARGETS)
    return {name: data.target(EXPRESSION_TARGETS, name, vertices) for name in names}


def expression_modes(units: NDArray[np.float64], names: list[str], weights: NDArray[np.float64]) -> NDArray[np.float64]:
    """Return the uncentred principal modes of used expressions: zero stays the neutral face.

    Args:
        units: (U, V, 3) mm at full activation.
        names: U ARKit names.
        weights: (V,) area that each vertex stands for.

    Returns:
        (rank, V, 3) modes, mm for one standard deviation, strongest first; they span every unit.
    """
    factor = np.linalg.cholesky(usage_covariance(names))
    flat = factor.T @ units.reshape(len(units), -1)
    measured = flat * np.sqrt(np.repeat(weights / weights.sum(), 3))
    _, triangle = np.linalg.qr(measured.T)
    _, sizes, turn = np.linalg.svd(triangle)
    modes = turn[sizes > 1e-6 * sizes[0]] @ flat
    largest = np.abs(modes).argmax(1)
    modes *= np.sign(modes[np.arange(len(modes)), largest])[:, None]
    return modes.reshape(-1, *units.shape[1:])


def unit_coefficients(units: NDArray[np.float64], modes: NDArray[np.float64]) -> NDArray[np.float64]:
    """Return the (U, E) coefficients with which the modes (E, V, 3) make each unit (U, V, 3), by least squares."""
    flat = modes.reshape(len(modes), -1)
    return np.linalg.solve(flat @ flat.T, flat @ units.reshape(len(units), -1).T).T
