"""Tiny run folders and results of reconstructions, made by hand."""

from __future__ import annotations

import json
from pathlib import Path

import numpy as np
import torch

from experiments.config.composition import as_yaml, compose
from experiments.evaluation.row_files import write_rows
from experiments.pictures import save_picture
from seethrough.meshes import Mesh, write_mesh

SIZE = 16
METRICS = "step,segment/area,reconstruct/pixel,validation/mask_f1_occluded,validation/mask_f1_all_face_occluded\n"
ROWS = "20,,0.5,,\n40,,0.25,,\n60,0.125,,,\n60,,,0.75,0.5\n"


def make_run(path: Path, *settings: str, metrics: str = METRICS + ROWS) -> Path:
    """Write a run of FOCUS that has logged something; it has no picture and no evaluation yet."""
    path.mkdir(parents=True)
    overrides = [f"model.image_size={SIZE}", f"name={path.name}", f"out={path.parent}", *settings]
    composition = compose(["focus", "preset/small", "data/synthetic"], overrides)
    (path / "config.yaml").write_text(as_yaml(composition.lasting), encoding="utf-8")
    (path / "metrics.csv").write_text(metrics, encoding="utf-8")
    for name in ("images", "report", "meshes", "checkpoints"):
        (path / name).mkdir()
    return path


def add_rows(run: Path, errors: list[float], people: list[int] | None = None, data: str = "set A") -> None:
    """Write rows of an evaluation: shape errors of 1, 2, ... images without an occluder, the mean face's all 2 mm."""
    count = len(errors)
    rows = {
        "id": np.array([f"test-{row:03d}" for row in range(count)]),
        "identity": np.array(people or range(count)),
        "subset": np.full(count, ""),
        "shape_error_mm": np.array(errors, dtype=np.float32),
        "mean_face_error_mm": np.full(count, 2.0, dtype=np.float32),
    }
    write_rows(run / "report" / "rows.npz", rows, data)


def add_pictures(run: Path, file: str = "images/reconstruction_00000060.png", faces: int = 3) -> torch.Tensor:
    """Write strips of flat colours: target, overlay, render and mask of each face; returns them."""
    strips = torch.zeros(faces, 3, SIZE, 4 * SIZE)
    for face in range(faces):
        strips[face, :, :, :SIZE] = 0.2 * (face + 1)
        strips[face, :, :, SIZE : 2 * SIZE] = 0.2 * (face + 1) + 25 / 255
        strips[face, :, : SIZE // 2, 2 * SIZE : 3 * SIZE] = 0.5
        strips[face, :, : SIZE // 4, 3 * SIZE :] = 1.0
    save_picture(strips, run / file)
    return strips


def wavy_mesh(count: int, height: float, coloured: bool = False) -> Mesh:
    """Return a square sheet with count x count vertices and a hill, 100 mm wide."""
    x, y = np.meshgrid(np.linspace(-50, 50, count), np.linspace(-50, 50, count))
    z = height * np.exp(-(x**2 + y**2) / 600)
    place = np.arange(count * count).reshape(count, count)
    corners = [place[:-1, :-1], place[:-1, 1:], place[1:, 1:], place[1:, :-1]]
    first, second, third, fourth = (corner.ravel() for corner in corners)
    triangles = np.concatenate([np.stack([first, second, third], 1), np.stack([first, third, fourth], 1)])
    vertices = np.stack([x, y, z], axis=-1).reshape(-1, 3)
    colours = np.clip(vertices / 100 + 0.5, 0, 1) if coloured else None
    return Mesh(vertices, triangles, colours)


def make_faces(folder: Path, count: int = 12) -> Path:
    """Write what ``experiments.reconstruct --detail`` leaves of one good photo and one without a face."""
    face = folder / "anna"
    meshes = {"foundation": (10.0, False), "detailed": (30.0, True), "completed": (50.0, True)}
    for name, (height, coloured) in meshes.items():
        write_mesh(face / f"{name}_frontal.ply", wavy_mesh(count, height, coloured))
    (face / "parameters.json").write_text("{}")
    outputs = {"mesh_ply": f"elsewhere/{face.name}/mesh.ply"}
    stages = {"read": {"status": "ok", "seconds": 1.0}, "fill": {"status": "ok", "seconds": 2.0, "note": "membrane"}}
    good = {
        "photo": "anna.jpg", "status": "ok", "reason": None, "seconds": 2.2, "landmark_error_px": 1.25,
        "occluded_fraction": 0.2, "stages": stages, "outputs": outputs,
    }  # fmt: skip
    bad = {**good, "photo": "wall.jpg", "status": "failed", "reason": "no face was found", "outputs": {}}
    (folder / "manifest.jsonl").write_text(json.dumps(good) + "\n" + json.dumps(bad) + '\n{"photo": "half', "utf-8")
    return folder
