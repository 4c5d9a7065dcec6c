"""What is written into ONNX files is what the library does, read back by NumPy alone."""

from __future__ import annotations

import hashlib
import json
import re

import numpy as np
import pytest
import torch

from seethrough.details.detail_crop import BOTTOM, LEFT, RIGHT, TOP
from seethrough.details.detail_crop import detail_crop as find_detail_crop
from seethrough.morphable import load_face_model
from seethrough.morphable.open_model import open_model_path
from seethrough.photos.alignment import align
from seethrough.rendering import focus_camera, pose, spherical_harmonics
from tools.export_onnx.conventions import detail_crop, face_crop, face_model, face_parameters

SIZE = 112
TOLD = face_crop(SIZE) | face_parameters(focus_camera(SIZE), 0.8)


def number(pattern: str, text: str) -> float:
    found = re.search(pattern, text)
    assert found is not None, text
    return float(found[1])


def test_the_crop() -> None:
    landmarks = np.random.default_rng(0).normal(300, 60, (68, 2))
    points = np.stack([landmarks[rows].mean(0) for rows in json.loads(TOLD["crop_points"])])
    x, y, z = np.array(json.loads(TOLD["crop_template"])).T
    solved = np.linalg.lstsq(np.column_stack([x, -y, z, np.ones(5)]), points, rcond=None)[0]
    scale = number(r"crop_px = (\S+) / s", TOLD["crop"]) / np.linalg.norm(solved[:3], axis=0).mean()
    expected = align(landmarks, size=SIZE)
    np.testing.assert_allclose(scale, expected.scale, rtol=1e-8)
    ours = scale * (landmarks - solved[3]) + number(r"last row\) \+ (\S+),", TOLD["crop"])
    np.testing.assert_allclose(ours, expected.to_crop(landmarks), atol=1e-6)


def test_the_crop_of_bumps() -> None:
    landmarks = np.random.default_rng(1).normal(300, 60, (68, 2))
    text = detail_crop((LEFT, TOP, RIGHT, BOTTOM), 256)
    left, top = number(r"(\S+) h to the left", text), number(r"(\S+) h up", text)
    right, bottom = number(r"(\S+) h to the right", text), number(r"(\S+) h down", text)
    low, high = landmarks.min(0), landmarks.max(0)
    half, middle = (high - low).max() / 2, (low + high) / 2
    box = (middle[0] - left * half, middle[1] - top * half, middle[0] + right * half, middle[1] + bottom * half)
    np.testing.assert_allclose(box, find_detail_crop(landmarks, size=256).box, atol=0.01)
    assert "resampled to 256 px" in text


def test_pose_and_camera() -> None:
    angles, move = torch.tensor([[0.3, -0.5, 0.2]]).double(), torch.tensor([[4.0, -7.0, 30.0]]).double()
    points = torch.randn(1, 9, 3, dtype=torch.float64) * 50
    assert "diag(1, -1, -1) Rx(r0) Ry(r1) Rz(r2)" in TOLD["rotation"]
    (ca, cb, cc), (sa, sb, sc) = np.cos(angles[0].numpy()), np.sin(angles[0].numpy())
    about_x = np.array([[1, 0, 0], [0, ca, -sa], [0, sa, ca]])
    about_y = np.array([[cb, 0, sb], [0, 1, 0], [-sb, 0, cb]])
    about_z = np.array([[cc, -sc, 0], [sc, cc, 0], [0, 0, 1]])
    matrix = np.diag([1, -1, -1]) @ about_x @ about_y @ about_z
    rest = number(r"\(0, 0, (\S+)\)", TOLD["rotation"])
    ours = points[0].numpy() @ matrix.T + move[0].numpy() + [0, 0, rest]
    np.testing.assert_allclose(ours, pose(points, angles, move)[0], atol=1e-9)
    middle = number(r"\+ \((\S+),", TOLD["camera"])
    pixels = number(r"crop_px = (\S+) \*", TOLD["camera"]) * ours[:, :2] / ours[:, 2:] + middle
    np.testing.assert_allclose(pixels, focus_camera(SIZE).project(torch.from_numpy(ours)[None])[0], atol=1e-4)


def test_light() -> None:
    normals = torch.nn.functional.normalize(torch.randn(20, 3, dtype=torch.float64), dim=1)
    along = dict(zip("xyz", normals.numpy().T, strict=True))
    terms = TOLD["illumination"].split("Y = ")[1].split(", ")
    assert len(terms) == 9
    ours = [eval(re.sub(r"(?<=[\dxyz)]) (?=[xyz(])", " * ", term), {}, along) + np.zeros(20) for term in terms]
    np.testing.assert_allclose(np.stack(ours, 1), spherical_harmonics(normals), atol=1e-6)
    assert number(r"albedo \* \((\S+) \+", TOLD["illumination"]) == 0.8


@pytest.mark.parametrize(("source", "said"), [("open", "open_face_model.npz, CC0"), ("/home/me/bfm.h5", "of bfm.h5")])
def test_the_face_model(source: str, said: str) -> None:
    text = face_model(source, load_face_model("open", level=0).truncated(60, 40, 30), 1)
    assert said in text and "the first 60 identity, 40 expression and 30 albedo modes" in text and "/home" not in text
    digest = hashlib.sha256(open_model_path().read_bytes()).hexdigest()
    assert (digest in text) == (source == "open")


def test_the_level_that_nothing_names_is_told() -> None:
    model = load_face_model("open", level=0)
    assert "level 1;" in face_model("open", model, None) and "level 0;" in face_model("open", model, 0)
