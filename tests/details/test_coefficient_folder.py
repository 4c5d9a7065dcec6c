from __future__ import annotations

from pathlib import Path

import pytest

from seethrough.details.coefficient_folder import CoefficientFiles
from seethrough.errors import SeethroughError

FACE = '{"shape": [%s], "rotation": [0, 0, 0], "translation": [0, 0, -600]}'


def test_each_face_has_the_file_of_its_name(tmp_path: Path) -> None:
    for name, value in (("ada", "1"), ("berta_face2", "2")):
        (tmp_path / f"{name}.json").write_text(FACE % value)
    files = CoefficientFiles(tmp_path)
    assert not files.single
    assert [float(files.of(name).shape[0]) for name in ("ada", "berta_face2")] == [1, 2]
    with pytest.raises(SeethroughError, match=r"no coefficients of a face, carl: give one of carl\.json or carl\.npz"):
        files.of("carl")
    (tmp_path / "ada.txt").write_text("0")
    with pytest.raises(SeethroughError, match="several files of one face, ada"):
        files.of("ada")


def test_names_do_not_lead_out_of_the_folder(tmp_path: Path) -> None:
    (tmp_path / "secret.json").write_text(FACE % "1")
    (tmp_path / "folder").mkdir()
    (tmp_path / "folder" / "ada.json").write_text(FACE % "1")
    with pytest.raises(SeethroughError, match="no coefficients of a face"):
        CoefficientFiles(tmp_path / "folder").of("../secret")


def test_one_file_is_of_any_name(tmp_path: Path) -> None:
    (tmp_path / "face.json").write_text(FACE % "3")
    files = CoefficientFiles(tmp_path / "face.json")
    assert files.single and float(files.of("whoever").shape[0]) == 3
    before = files.digest()
    (tmp_path / "face.json").write_text(FACE % "4")
    assert files.digest() != before


def test_nothing_there_is_told(tmp_path: Path) -> None:
    with pytest.raises(SeethroughError, match="no such coefficient file or folder"):
        CoefficientFiles(tmp_path / "absent")
    with pytest.raises(SeethroughError, match="holds no coefficient file"):
        CoefficientFiles(tmp_path)
