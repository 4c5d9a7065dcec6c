"""Expression bases that others published for the Basel Face Model 2009."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path

import numpy as np

from seethrough.errors import SeethroughError
from seethrough.morphable.matlab_files import read_matlab_arrays

_MILLIMETRES = np.float32(1e-3)
_FILES = ("Model_Expression.mat", "Exp_Pca.bin")
_DEVIATIONS = "std_exp.txt"
_INDEX_MAPS = ("BFM_exp_idx.mat", "model_info.mat")
_WHERE = {
    "Model_Expression.mat": "it comes with the 3DDFA code of Zhu et al. (CBSR)",
    "Exp_Pca.bin": "it comes with 3DFace of Guo et al. (Juyong/3DFace), std_exp.txt with Deep3DFaceReconstruction",
}


@dataclass(frozen=True)
class Expressions:
    """Expression modes for some vertices of BFM 2009.

    Attributes:
        mean: (N, 3) mm, the mean displacement of the expressions.
        basis: (E, N, 3) mm per standard deviation.
        vertices: (N,) vertices of the full mesh that the rows belong to; None if they are all of them in order.
    """

    mean: np.ndarray
    basis: np.ndarray
    vertices: np.ndarray | None


def read_expressions(path: Path, model_folder: Path, vertex_count: int) -> Expressions:
    """Read 3DDFA's ``Model_Expression.mat`` or Guo's ``Exp_Pca.bin``, and the index map that goes with either.

    Both are in micrometres, with interleaved xyz, for the 53,215 vertices that ``trimIndex`` (counted from 1) picks
    from the 53,490 of BFM 2009.

    Args:
        path: the file, or a folder that holds one of them.
        model_folder: a second place to look for the index map.
        vertex_count: vertices of the model that the expressions are for.

    Raises:
        SeethroughError: a file is missing, damaged, of another kind, or does not fit the model.
    """
    if path.is_dir():
        found = [path / name for name in _FILES if (path / name).is_file()]
        if not found:
            raise SeethroughError(f"{path}: holds neither {' nor '.join(_FILES)}")
        path = found[0]
    if not path.is_file():
        raise SeethroughError(f"{path}: no such expression file; expected {' or '.join(_FILES)}")
    if path.suffix == ".mat":
        mean, basis = _read_3ddfa(path)
    elif path.suffix == ".bin":
        mean, basis = _read_guo(path)
    else:
        raise SeethroughError(f"{path}: unknown kind of expression file; expected {' or '.join(_FILES)}")
    if len(mean) == vertex_count:
        return Expressions(mean, basis, None)
    return Expressions(mean, basis, _index_map([path.parent, model_folder], path, len(mean), vertex_count))


def _read_3ddfa(path: Path) -> tuple[np.ndarray, np.ndarray]:
    kind = f"3DDFA's Model_Expression.mat; {_WHERE['Model_Expression.mat']}"
    arrays = read_matlab_arrays(path, ("w_exp", "mu_exp", "sigma_exp"), kind)
    basis, mean = arrays["w_exp"], arrays["mu_exp"].reshape(-1)
    deviation = arrays["sigma_exp"].astype(np.float32).reshape(-1)
    if len(mean) % 3 or basis.shape != (len(mean), len(deviation)):
        raise SeethroughError(
            f"{path}: w_exp {basis.shape}, mu_exp {arrays['mu_exp'].shape} and sigma_exp {arrays['sigma_exp'].shape} "
            "do not fit together; expected (3N, K), (3N, 1), (K, 1)"
        )
    return _scaled(mean, basis.astype(np.float32).T, deviation)


def _read_guo(path: Path) -> tuple[np.ndarray, np.ndarray]:
    size = path.stat().st_size
    with path.open("rb") as file:
        head = np.fromfile(file, dtype="<i4", count=1)
        modes = int(head[0]) if len(head) else 0
        numbers = (size - 4) // 4
        # The number of modes and the size of the file together give the number of vertices.
        rows, rest = divmod(numbers, modes + 1) if 0 < modes < 10_000 else (0, 1)
        if rest or rows == 0 or rows % 3 or (size - 4) % 4:
            raise SeethroughError(f"{path}: not an Exp_Pca.bin, or truncated; {_WHERE['Exp_Pca.bin']}")
        mean = np.fromfile(file, dtype="<f4", count=rows)
        basis = np.fromfile(file, dtype="<f4", count=modes * rows).reshape(modes, rows)
    deviations = path.with_name(_DEVIATIONS)
    try:
        deviation = np.loadtxt(deviations, dtype=np.float32).reshape(-1)
    except (OSError, ValueError) as error:
        raise SeethroughError(
            f"{deviations}: cannot read the standard deviations that go with {path.name} ({error})"
        ) from error
    if len(deviation) != modes:
        raise SeethroughError(
            f"{deviations}: {len(deviation)} standard deviations for the {modes} modes of {path.name}"
        )
    return _scaled(mean, basis, deviation)


def _scaled(mean: np.ndarray, basis: np.ndarray, deviation: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    scaled = basis * (deviation * _MILLIMETRES)[:, None]
    return mean.astype(np.float32).reshape(-1, 3) * _MILLIMETRES, scaled.reshape(len(deviation), -1, 3)


def _index_map(folders: list[Path], path: Path, rows: int, vertex_count: int) -> np.ndarray:
    for folder in folders:
        for name in _INDEX_MAPS:
            if (folder / name).is_file():
                kind = f"the index map {name} with trimIndex"
                trimmed = read_matlab_arrays(folder / name, ("trimIndex",), kind)["trimIndex"]
                vertices = trimmed.astype(np.int64).reshape(-1) - 1
                if len(vertices) != rows or vertices.min() < 0 or vertices.max() >= vertex_count:
                    raise SeethroughError(
                        f"{folder / name}: trimIndex picks {len(vertices)} vertices up to {vertices.max() + 1}; "
                        f"{path.name} has {rows}, the model {vertex_count}"
                    )
                return vertices
    raise SeethroughError(
        f"{path}: covers {rows} of the model's {vertex_count} vertices; put {' or '.join(_INDEX_MAPS)} "
        "(Deep3DFaceReconstruction, 3DDFA) beside it or beside the model"
    )
