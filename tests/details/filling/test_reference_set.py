from __future__ import annotations

import json
from collections.abc import Callable
from pathlib import Path

import numpy as np
import pytest

from seethrough.details.filling import ReferenceSet, ReferenceWriter
from seethrough.errors import SeethroughError
from tests.details.filling.small_references import description, model, new_reference, small_set, write_set
from tests.small_face import small_face_model


def test_what_was_written_is_read(tmp_path: Path) -> None:
    references = ReferenceSet(write_set(tmp_path / "set"), model())
    assert len(references) == 12
    for row in (0, 7):
        read, wrote = references[row], new_reference(row)
        assert (read.id, read.identity) == (wrote.id, wrote.identity)
        assert np.array_equal(read.mask, wrote.mask)
        assert np.abs(read.bump - np.where(wrote.mask, wrote.bump, 0)).max() < 3e-4
        assert np.allclose(references.rotation[row], wrote.viewpoint.rotation)
        assert np.allclose(references.landmarks[row], wrote.landmarks, atol=1e-4)
    assert np.allclose(np.linalg.norm(references.feature, axis=1), 1)
    assert np.allclose(references.plain_feature.mean(1) > 0, True)
    assert np.abs(references.feature.mean(0)).max() < np.abs(references.plain_feature.mean(0)).max()
    references.check_maps()


def test_a_killed_run_goes_on_and_ends_with_the_same_bytes(tmp_path: Path) -> None:
    faces = [new_reference(number) for number in range(6)]
    for name in ("whole", "killed"):
        writer = ReferenceWriter(tmp_path / name, description(), {"count": 7})
        writer.append(faces[:3], [("bad", "no face")])
        if name == "killed":
            # A kill in the middle of the next piece leaves some columns longer than others.
            with (tmp_path / name / "bump.bin").open("ab") as file:
                file.write(b"half a row")
            with (tmp_path / name / "faces.jsonl").open("a") as file:
                file.write('{"id": "face')
            writer = ReferenceWriter(tmp_path / name, description(), {"count": 7})
            assert (writer.taken, writer.rows, writer.skipped) == (4, 3, 1)
        writer.append(faces[3:])
        writer.finish()
    whole = {path.name: path.read_bytes() for path in (tmp_path / "whole").iterdir()}
    assert whole == {path.name: path.read_bytes() for path in (tmp_path / "killed").iterdir()}
    assert ReferenceWriter(tmp_path / "whole", description(), {"count": 7}).finished


def test_other_settings_and_other_folders_are_not_written_over(tmp_path: Path) -> None:
    write_set(tmp_path / "set")
    with pytest.raises(SeethroughError, match=r"other settings .*crop_size=64, not 80"):
        ReferenceWriter(tmp_path / "set", description(crop_size=80), {})
    (tmp_path / "mine").mkdir()
    (tmp_path / "mine" / "thesis.txt").write_text("precious")
    for overwrite in (False, True):
        with pytest.raises(SeethroughError, match="choose another folder"):
            ReferenceWriter(tmp_path / "mine", description(), {}, overwrite=overwrite)
    assert (tmp_path / "mine" / "thesis.txt").exists()
    assert not ReferenceWriter(tmp_path / "set", description(crop_size=80), {}, overwrite=True).finished
    empty = ReferenceWriter(tmp_path / "empty", description(), {})
    empty.append([], [("a", "hidden")])
    with pytest.raises(SeethroughError, match="no face could be used"):
        empty.finish()


def change_json(key: str, value: object) -> Callable[[Path], None]:
    def change(folder: Path) -> None:
        path = folder / "references.json"
        path.write_text(json.dumps({**json.loads(path.read_text()), key: value}))

    return change


def flip(name: str) -> Callable[[Path], None]:
    def change(folder: Path) -> None:
        content = bytearray((folder / name).read_bytes())
        content[len(content) // 2] ^= 4
        (folder / name).write_bytes(bytes(content))

    return change


@pytest.mark.parametrize(
    ("damage", "message"),
    [
        (lambda folder: (folder / "references.json").unlink(), "no reference set there"),
        (lambda folder: (folder / "references.json").write_text("{"), "not JSON"),
        (change_json("format", "else"), "not the description of a reference set"),
        (change_json("version", 9), "version 9, this program reads 1"),
        (change_json("rows", "12"), "key 'rows'"),
        (change_json("rows", 11), "bump.bin: .* bytes instead of"),
        (change_json("model_landmarks", [[0, 0, 0]]), "key 'model_landmarks'"),
        (lambda folder: (folder / "mask.bin").unlink(), "mask.bin: missing"),
        (flip("feature.bin"), "feature.bin: not what was written"),
        (flip("faces.jsonl"), "faces.jsonl: not what was written"),
        (flip("checksum.bin"), "checksum.bin: not what was written"),
    ],
)
def test_damage_is_one_line_when_a_set_is_opened(tmp_path: Path, damage: Callable[[Path], None], message: str) -> None:
    folder = write_set(tmp_path / "set")
    damage(folder)
    with pytest.raises(SeethroughError, match=message) as caught:
        ReferenceSet(folder)
    assert "\n" not in str(caught.value)
    assert "tools.reference_index" in str(caught.value)


@pytest.mark.parametrize("name", ["bump.bin", "mask.bin"])
def test_damage_to_a_map_is_found_when_it_is_read(tmp_path: Path, name: str) -> None:
    folder = write_set(tmp_path / "set", 3)
    flip(name)(folder)
    references = ReferenceSet(folder)
    assert references[0].id == "face-000"
    for read in (lambda: references[1], references.check_maps):
        with pytest.raises(SeethroughError, match="row 1 is not what was written"):
            read()


def test_a_set_of_another_face_model_is_refused(tmp_path: Path) -> None:
    folder = write_set(tmp_path / "set")
    other = small_face_model(33)
    other.mean = other.mean * 1.2
    with pytest.raises(SeethroughError, match="foundations of the face model another"):
        ReferenceSet(folder, other)
    renamed = small_face_model(33)
    renamed.name = "bfm2009"
    with pytest.raises(SeethroughError, match="this face is one of 'bfm2009'"):
        ReferenceSet(folder, renamed)


def test_values_that_are_not_finite_are_refused(tmp_path: Path) -> None:
    with pytest.raises(SeethroughError, match=r"feature.bin row 0: not finite"):
        small_set(tmp_path / "set", 2, feature=np.full(5, np.nan))
