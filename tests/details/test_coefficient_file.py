from __future__ import annotations

import json
from pathlib import Path

import numpy as np
import pytest
import torch

from seethrough.details import foundation_from_coefficients, read_coefficients
from seethrough.errors import SeethroughError
from tests.small_face import small_face_model

SHAPE, EXPRESSION = [0.5, -1.0, 2.0], [1.5, -0.5]
ANGLES, TRANSLATION = [0.1, -0.2, 0.3], [5.0, -8.0, -620.0]


def content(**changes) -> dict:
    whole = {"shape": SHAPE, "expression": EXPRESSION, "rotation": ANGLES, "translation": TRANSLATION}
    return {key: value for key, value in (whole | changes).items() if value is not None}


def written(folder: Path, suffix: str = ".json", **changes) -> Path:
    path = folder / f"face{suffix}"
    if suffix == ".json":
        path.write_text(json.dumps(content(**changes)), encoding="utf-8")
    else:
        np.savez(path, **content(**changes))
    return path


def released_pixels(points: np.ndarray) -> np.ndarray:
    """Project as the released code does: OpenGL axes, u = -f X / Z + cx, v = f Y / Z + cy, f = 1000 px at 500 px."""
    sines, cosines = np.sin(ANGLES), np.cos(ANGLES)
    x = np.array([[1, 0, 0], [0, cosines[0], -sines[0]], [0, sines[0], cosines[0]]])
    y = np.array([[cosines[1], 0, sines[1]], [0, 1, 0], [-sines[1], 0, cosines[1]]])
    z = np.array([[cosines[2], -sines[2], 0], [sines[2], cosines[2], 0], [0, 0, 1]])
    seen = points @ (x @ y @ z).T + TRANSLATION
    return np.stack([-1000 * seen[:, 0] / seen[:, 2] + 250, 1000 * seen[:, 1] / seen[:, 2] + 250], axis=1)


@pytest.mark.parametrize("suffix", [".json", ".npz"])
def test_face_lies_where_the_released_code_projects_it(tmp_path: Path, suffix: str) -> None:
    model = small_face_model()
    found = foundation_from_coefficients(model, read_coefficients(written(tmp_path, suffix)))
    ours = model.shape(torch.tensor([SHAPE]), torch.tensor([EXPRESSION]))[0, model.landmarks].double().numpy()
    np.testing.assert_allclose(found.landmarks.numpy(), released_pixels(ours + np.array([0, 0, 100])), atol=1e-3)
    half = foundation_from_coefficients(model, read_coefficients(written(tmp_path, suffix)), 250)
    torch.testing.assert_close(half.landmarks, found.landmarks / 2)


def test_frames_and_kinds_of_rotation_agree(tmp_path: Path) -> None:
    model = small_face_model()
    wanted = foundation_from_coefficients(model, read_coefficients(written(tmp_path)))
    first = read_coefficients(written(tmp_path))
    same = written(
        tmp_path,
        rotation=first.rotation.tolist(),
        translation=first.translation.tolist(),
        frame="opencv",
        expression=[value / 4 for value in EXPRESSION],
        expression_scale=4.0,
    )
    torch.testing.assert_close(foundation_from_coefficients(model, read_coefficients(same)).vertices, wanted.vertices)
    turned = written(tmp_path, rotation=None, rotation_vector=[0.0, 0.0, np.pi / 2])
    np.testing.assert_allclose(
        np.diag([1, -1, -1]) @ read_coefficients(turned).rotation, [[0, -1, 0], [1, 0, 0], [0, 0, 1]], atol=1e-12
    )


def test_text_file_holds_134_numbers(tmp_path: Path) -> None:
    numbers = [*np.linspace(-1, 1, 99), *np.linspace(2, 3, 29), *ANGLES, *TRANSLATION]
    path = tmp_path / "face.txt"
    path.write_text("\n".join(map(repr, map(float, numbers))), encoding="utf-8")
    found = read_coefficients(path)
    np.testing.assert_allclose(found.shape, numbers[:99])
    np.testing.assert_allclose(found.expression, numbers[99:128])
    np.testing.assert_allclose(found.translation, [5, 8, 620])
    path.write_text("1 2 3", encoding="utf-8")
    with pytest.raises(SeethroughError, match=r"face\.txt: expected 99 \+ 29 \+ 6 numbers .* found 3"):
        read_coefficients(path)


@pytest.mark.parametrize(
    ("changes", "message"),
    [
        ({"shape": None}, "the key 'shape' is missing"),
        ({"rotation": None}, "give either 'rotation' or 'rotation_vector'"),
        ({"rotation_vector": ANGLES}, "give either 'rotation' or 'rotation_vector'"),
        ({"rotation": [[2.0, 0, 0], [0, 2, 0], [0, 0, 2]]}, "rotation is not a rotation matrix"),
        ({"translation": [1.0, 2.0]}, "translation has shape"),
        ({"shapes": [1.0]}, "unknown key 'shapes'"),
        ({"shape": ["a"]}, "shape must hold numbers only"),
        ({"expression": [float("nan")]}, "expression holds values that are not finite"),
        ({"expression_scale": [1.0, 2.0, 3.0]}, "expression_scale has shape"),
        ({"frame": "blender"}, "frame is 'blender': choose one of opengl, opencv"),
        ({"focal": -5.0}, "focal must be positive"),
        ({"crop": [0.0, 1.0, 1.0]}, "crop has scale 0.0"),
    ],
)
def test_mistakes_name_file_and_key(tmp_path: Path, changes: dict, message: str) -> None:
    path = written(tmp_path, **changes)
    with pytest.raises(SeethroughError, match=f"face.json: {message}"):
        read_coefficients(path)


def test_files_that_are_none_are_told(tmp_path: Path) -> None:
    for name, text in (("a.json", "{"), ("a.npz", "no zip"), ("a.txt", "1 two"), ("b.json", "[1]"), ("a.mat", "")):
        (tmp_path / name).write_text(text, encoding="utf-8")
        with pytest.raises(SeethroughError, match=name):
            read_coefficients(tmp_path / name)
    np.savez(tmp_path / "objects.npz", shape=np.array([{"code": 1}], dtype=object))
    with pytest.raises(SeethroughError, match="damaged"):
        read_coefficients(tmp_path / "objects.npz")
    with pytest.raises(SeethroughError, match="no such"):
        read_coefficients(tmp_path / "absent.json")


def test_more_coefficients_than_the_model_has_and_a_face_behind_the_camera(tmp_path: Path) -> None:
    model = small_face_model()
    with pytest.raises(SeethroughError, match=r"face\.json: shape has 9 coefficients, small has 6"):
        foundation_from_coefficients(model, read_coefficients(written(tmp_path, shape=[0.0] * 9)))
    with pytest.raises(SeethroughError, match=r"face\.json: the foundation reaches to"):
        foundation_from_coefficients(model, read_coefficients(written(tmp_path, translation=[0, 0, 620.0])))
