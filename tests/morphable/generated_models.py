"""Files with the keys, shapes, units, index bases and interleaving of the published face models, and nobody's data.

Every writer returns what the file means, computed number by number from the published convention and not by way of the
loader's own arithmetic.
"""

from __future__ import annotations

import json
from dataclasses import dataclass
from pathlib import Path

import h5py
import numpy as np
from scipy.io import savemat

from seethrough.morphable.mesh_landmarks import BASEL_NAMES
from tests.small_face import small_face_model

FORWARD = np.array([0.0, 0.0, 100.0])  # from the origin of the files to the origin of the model frame, mm


@dataclass
class Meaning:
    """What a loader must return: mm and RGB, in the model frame."""

    mean: np.ndarray
    identity: np.ndarray
    expression: np.ndarray
    albedo_mean: np.ndarray
    albedo: np.ndarray
    triangles: np.ndarray
    landmarks: np.ndarray
    expression_mean: np.ndarray


@dataclass
class Shell:
    """A face-like grid with as many vertices as asked for; the frame is the model frame."""

    mean: np.ndarray
    colour: np.ndarray
    triangles: np.ndarray
    landmarks: np.ndarray


def shell(vertices: int) -> Shell:
    """Cut the first ``vertices`` vertices from the smallest square grid that has them."""
    resolution = int(np.ceil(np.sqrt(vertices)))
    model = small_face_model(resolution + 1 - resolution % 2)
    triangles = model.triangles.numpy()
    triangles = triangles[(triangles < vertices).all(1)]
    return Shell(
        model.mean.numpy()[:vertices].astype(np.float64),
        model.albedo_mean.numpy()[:vertices].astype(np.float64),
        triangles,
        model.landmarks.numpy().clip(max=vertices - 1),
    )


def orthonormal(rows: int, columns: int, seed: int) -> np.ndarray:
    return np.linalg.qr(np.random.default_rng(seed).normal(size=(rows, columns)))[0].astype(np.float32)


def unrolled(basis: np.ndarray, deviation: np.ndarray) -> np.ndarray:
    """Row 3 v + c of column k, times sigma k, is coordinate c of vertex v."""
    modes = np.empty((len(deviation), len(basis) // 3, 3))
    for k, sigma in enumerate(deviation):
        for c in range(3):
            modes[k, :, c] = basis[c::3, k] * sigma
    return modes


def write_bfm2017(
    path: Path,
    vertices: int = 625,
    modes: tuple[int, int, int] = (5, 4, 3),
    cells: str = "(3, F)",
    named: bool = True,
    json_as: str = "bytes",
    flipped: bool = False,
) -> Meaning:
    """Write the layout of model2017-1_bfm_nomouth.h5 and model2019_bfm.h5 (statismo)."""
    face = shell(vertices)
    rng = np.random.default_rng(vertices)
    bases, variances, means = {}, {}, {}
    means["shape"] = (face.mean + FORWARD).reshape(-1)
    means["expression"] = rng.normal(size=3 * vertices)
    means["color"] = face.colour.reshape(-1)
    scales = {"shape": 60.0, "expression": 30.0, "color": 2.0}
    stored = face.triangles[:, ::-1] if flipped else face.triangles
    with h5py.File(path, "w") as file:
        for seed, (part, count) in enumerate(zip(scales, modes, strict=True)):
            bases[part] = orthonormal(3 * vertices, count, seed)
            variances[part] = ((scales[part] / np.arange(1, count + 1)) ** 2).astype(np.float32)
            file[f"{part}/model/mean"] = means[part].astype(np.float32)
            file[f"{part}/model/pcaBasis"] = bases[part]
            file[f"{part}/model/pcaVariance"] = variances[part]
            file[f"{part}/model/noiseVariance"] = np.float32(0)
            file[f"{part}/modelinfo/build-time"] = "Thu Jan 01 1970"
            file[f"{part}/modelinfo/scores"] = np.zeros((0, 0), np.float32)
            file[f"{part}/representer/points"] = means["shape"].reshape(-1, 3).T.astype(np.float32)
            file[f"{part}/representer/cells"] = (stored.T if cells == "(3, F)" else stored).astype(np.int32)
            file[f"{part}/version/majorVersion"] = 0
            file[f"{part}/version/minorVersion"] = 9
        file["color/representer/colorspace"] = "RGB"
        file["catalog/NumberOfModels"] = 3
        file["version/majorVersion"] = 0
        file["version/minorVersion"] = 9
        if named:
            points = [
                {"id": name, "coordinates": (face.mean[face.landmarks[i]] + FORWARD).tolist()}
                for name, i in BASEL_NAMES.items()
            ]
            points.append({"id": "left.ear.tragus.tip", "coordinates": [72.0, 5.0, 14.0]})
            text = json.dumps(points)
            if json_as == "mapping":
                text = json.dumps({point["id"]: point["coordinates"] for point in points})
            file["metadata/landmarks/json"] = {
                "bytes": np.bytes_(text),
                "mapping": np.bytes_(text),
                "strings": np.array([text], dtype=h5py.string_dtype()),
                "characters": np.frombuffer(text.encode(), dtype=np.uint8),
            }[json_as]
    modes_of = {part: unrolled(bases[part], np.sqrt(variances[part].astype(np.float64))) for part in scales}
    return Meaning(
        face.mean,
        modes_of["shape"],
        modes_of["expression"],
        face.colour,
        modes_of["color"],
        face.triangles,
        face.landmarks,
        means["expression"].reshape(-1, 3),
    )


def write_bfm2009(path: Path, vertices: int = 625, modes: tuple[int, int] = (5, 3), flipped: bool = True) -> Meaning:
    """Write the layout of 01_MorphableModel.mat: micrometres, 0..255, standard deviations, triangles from 1."""
    face = shell(vertices)
    identity, albedo = orthonormal(3 * vertices, modes[0], 1), orthonormal(3 * vertices, modes[1], 2)
    shape_ev = (900_000.0 / np.arange(1, modes[0] + 1)).astype(np.float32)
    texture_ev = (1500.0 / np.arange(1, modes[1] + 1)).astype(np.float32)
    stored = face.triangles[:, ::-1] if flipped else face.triangles
    savemat(
        path,
        {
            "shapeMU": ((face.mean + FORWARD) * 1000).reshape(-1, 1).astype(np.float32),
            "shapePC": identity,
            "shapeEV": shape_ev[:, None],
            "texMU": (face.colour * 255).reshape(-1, 1).astype(np.float32),
            "texPC": albedo,
            "texEV": texture_ev[:, None],
            "tl": (stored + 1).astype(np.float64),
            "segbin": np.zeros((vertices, 4), np.uint8),
        },
    )
    return Meaning(
        face.mean,
        unrolled(identity, shape_ev / 1000),
        np.zeros((0, vertices, 3)),
        face.colour,
        unrolled(albedo, texture_ev / 255),
        face.triangles,
        face.landmarks,
        np.zeros((vertices, 3)),
    )


def write_index_map(path: Path, vertices: int, kept: int) -> np.ndarray:
    """Write trimIndex, from 1; return the kept vertices from 0. The dropped ones are spread over the mesh."""
    dropped = np.linspace(40, vertices - 40, vertices - kept).astype(int)
    keep = np.setdiff1d(np.arange(vertices), dropped)
    savemat(path, {"trimIndex": (keep + 1).astype(np.uint16)[:, None]})
    return keep


def write_3ddfa_expression(path: Path, vertices: int, modes: int = 29) -> tuple[np.ndarray, np.ndarray]:
    """Write Model_Expression.mat; return mean (N, 3) and basis (E, N, 3) in mm."""
    rng = np.random.default_rng(5)
    basis = (rng.normal(size=(3 * vertices, modes)) * 1000).astype(np.float32)
    mean = (rng.normal(size=(3 * vertices, 1)) * 500).astype(np.float32)
    sigma = np.linspace(1.5, 0.1, modes).astype(np.float32)
    savemat(path, {"w_exp": basis, "mu_exp": mean, "sigma_exp": sigma[:, None]})
    return mean.reshape(-1, 3) / 1000, unrolled(basis, sigma / 1000)


def write_guo_expression(folder: Path, vertices: int, modes: int = 79) -> tuple[np.ndarray, np.ndarray]:
    """Write Exp_Pca.bin and std_exp.txt; return mean (N, 3) and basis (E, N, 3) in mm."""
    rng = np.random.default_rng(6)
    basis = rng.normal(size=(modes, 3 * vertices)).astype("<f4")
    mean = (rng.normal(size=3 * vertices) * 500).astype("<f4")
    deviation = np.linspace(4000, 100, modes).round(1)
    (folder / "Exp_Pca.bin").write_bytes(np.array([modes], "<i4").tobytes() + mean.tobytes() + basis.tobytes())
    (folder / "std_exp.txt").write_text(" ".join(str(value) for value in deviation))
    return mean.reshape(-1, 3) / 1000, unrolled(basis.T, deviation / 1000)


ACTIONS = ["browInnerUp_L", "browInnerUp_R", "jawOpen", "mouthSmile_L", "mouthSmile_R"]


def write_ict(folder: Path, resolution: int = 25, identities: int = 4, actions: list[str] = ACTIONS) -> Meaning:
    """Write a FaceXModel folder: centimetres, quads, a face first and eyeballs after it; expression = raw actions."""
    folder.mkdir(parents=True, exist_ok=True)
    face = shell(resolution**2)
    count = len(face.mean)
    rng = np.random.default_rng(7)
    row, column = (index.reshape(-1) for index in np.meshgrid(*[np.arange(resolution - 1)] * 2, indexing="ij"))
    corner = row * resolution + column
    quads = np.stack([corner, corner + 1, corner + resolution + 1, corner + resolution], 1)
    extra = np.array([[3.0, 3.0, 8.0], [3.5, 3.0, 8.0], [3.0, 3.5, 8.0], [3.5, 3.5, 8.0]])
    uv = np.stack(np.meshgrid(np.linspace(0, 1, resolution), np.linspace(0, 1, resolution)), -1).reshape(-1, 2)

    def write(name: str, vertices: np.ndarray) -> None:
        lines = ["# ICT FaceKit", "mtllib ICTFaceModelMaterial.mtl"]
        lines += ["v {:.6f} {:.6f} {:.6f}".format(*point) for point in np.concatenate([vertices, extra])]
        lines += ["vt {:.6f} {:.6f}".format(*point) for point in [*uv, [0.0, 0.0]]]
        lines += ["usemtl M_Face", *(" ".join(["f", *(f"{v + 1}/{v + 1}" for v in quad)]) for quad in quads)]
        lines += ["usemtl M_ScleraLeft", "f " + " ".join(f"{count + k}/{count + 1}" for k in (1, 2, 4, 3))]
        (folder / name).write_text("\n".join(lines) + "\n")

    neutral = ((face.mean + FORWARD) / 10).round(6)
    write("generic_neutral_mesh.obj", neutral)
    identity = (rng.normal(size=(identities, count, 3)) * 0.2).round(6)
    action = (rng.normal(size=(len(actions), count, 3)) * 0.4).round(6)
    for k, delta in enumerate(identity):
        write(f"identity{k:03d}.obj", neutral + delta)
    for name, delta in zip(actions, action, strict=True):
        write(f"{name}.obj", neutral + delta)
    indices = {"expressions": actions, "idx_to_landmark_verts": face.landmarks.tolist()}
    (folder / "vertex_indices.json").write_text(json.dumps(indices))
    triangles = np.concatenate([quads[:, [0, 1, 2]], quads[:, [0, 2, 3]]])
    return Meaning(
        neutral * 10 - FORWARD, identity * 10, action * 10, face.colour, face.colour[None], triangles, face.landmarks,
        np.zeros((count, 3)),
    )  # fmt: skip


def write_landmarks(path: Path, landmarks: np.ndarray) -> Path:
    path.write_text("# iBUG order\n" + "\n".join(str(i) for i in landmarks.tolist()) + "\n")
    return path
