from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from datamodules.photos.manifest import KEYS, MANIFEST, crop_path, read_manifest, write_manifest
from datamodules.photos.prepared_folder import PREPARATION, PreparedFolder, is_prepared, read_prepared_folder
from seethrough.errors import SeethroughError
from tests.datamodules.photos.prepared import manifest_row


def test_rows_come_back_as_they_were_written(tmp_path: Path) -> None:
    rows = [
        manifest_row("a", identity='Åsa "B"', subset="glasses", mask="masks/ab/a.png", split="test"),
        manifest_row("b", detected=False, score=0.0, centre=(-3.5, 1e4)),
    ]
    assert write_manifest(tmp_path / MANIFEST, iter(rows)) == 2
    assert [path.name for path in tmp_path.iterdir()] == [MANIFEST]
    for row, expected in zip(read_manifest(tmp_path / MANIFEST), rows, strict=True):
        for key in KEYS:
            if key != "landmarks":
                assert getattr(row, key) == getattr(expected, key), key
        np.testing.assert_allclose(row.landmarks, expected.landmarks, atol=5e-4)
        assert row.line() == expected.line()


def test_a_row_is_one_line_of_the_agreed_keys() -> None:
    line = manifest_row("a", source="two\nlines").line()
    assert line.endswith("\n") and line.count("\n") == 1
    assert list(json.loads(line)) == [
        "id", "source", "split", "identity", "subset", "crop", "mask", "landmarks", "scale", "centre", "photo_size",
        "detected", "score",
    ]  # fmt: skip
    assert all(len(str(x).partition(".")[2]) <= 3 for point in json.loads(line)["landmarks"] for x in point)


def test_crops_are_spread_over_folders_by_the_hash_of_their_id() -> None:
    assert crop_path("abc") == "crops/ba/abc.jpg"  # SHA-256 of "abc" begins with ba7816bf


@pytest.mark.parametrize(
    ("change", "words"),
    [
        ({"id": "a/b"}, "key 'id' must be a text that can name a file, it is \"a/b\""),
        ({"id": ""}, "key 'id' must be a text that is not empty"),
        ({"split": "val"}, "key 'split' must be one of train, validation, test, it is \"val\""),
        ({"identity": 7}, "key 'identity' must be a text or null, it is 7"),
        ({"subset": None}, "key 'subset' must be a text, it is null"),
        ({"crop": "../../etc/x.jpg"}, "key 'crop' must be a path inside the prepared folder"),
        ({"mask": "/x.png"}, "key 'mask' must be a path inside the prepared folder"),
        ({"landmarks": [[1, 2]] * 67}, "key 'landmarks' must be 68 finite"),
        ({"landmarks": [[1, 2]] * 67 + [[1]]}, "key 'landmarks' must be 68 finite"),
        ({"landmarks": [[1, "x"]] * 68}, "key 'landmarks' must be 68 finite"),
        ({"scale": 0}, "key 'scale' must be a positive number, it is 0"),
        ({"score": True}, "key 'score' must be a number, it is true"),
        ({"centre": [1, 2, 3]}, "key 'centre' must be two numbers"),
        ({"detected": 1}, "key 'detected' must be true or false"),
        ({"spilt": "train"}, "key 'spilt' is unknown"),
    ],
)
def test_a_bad_row_is_named_with_file_row_and_key(tmp_path: Path, change: dict[str, Any], words: str) -> None:
    path = tmp_path / MANIFEST
    bad = json.dumps({**json.loads(manifest_row("b").line()), **change})
    path.write_text(manifest_row("a").line() + bad + "\n")
    with pytest.raises(SeethroughError) as error:
        list(read_manifest(path))
    assert str(error.value).startswith(f"{path} row 2: {words}")
    assert "\n" not in str(error.value)


def test_a_missing_key_and_half_a_row_are_named(tmp_path: Path) -> None:
    path = tmp_path / MANIFEST
    values = json.loads(manifest_row().line())
    del values["landmarks"]
    path.write_text(json.dumps(values))
    with pytest.raises(SeethroughError, match="row 1: key 'landmarks' is missing"):
        list(read_manifest(path))
    path.write_text(manifest_row().line()[:100])
    with pytest.raises(SeethroughError, match="row 1: not JSON"):
        list(read_manifest(path))
    path.write_bytes(b"\xff\xfe\n")
    with pytest.raises(SeethroughError, match="row 1: not JSON"):
        list(read_manifest(path))
    with pytest.raises(SeethroughError, match=r"nothing\.jsonl: cannot be read \(No such file"):
        list(read_manifest(tmp_path / "nothing.jsonl"))


def test_no_half_manifest_appears_when_the_rows_stop(tmp_path: Path) -> None:
    def rows():
        yield manifest_row("a")
        raise RuntimeError("killed")

    with pytest.raises(RuntimeError, match="killed"):
        write_manifest(tmp_path / MANIFEST, rows())
    assert not (tmp_path / MANIFEST).exists()
    assert not is_prepared(tmp_path)


def test_facts_of_a_folder_come_back_with_its_settings(tmp_path: Path) -> None:
    facts = PreparedFolder("ar", "/data/AR", 256, 8 / 7, "dlib", 12, 3, {"quality": 95})
    facts.write(tmp_path)
    assert read_prepared_folder(tmp_path) == facts
    assert not is_prepared(tmp_path)  # the manifest is still to come
    write_manifest(tmp_path / MANIFEST, [])
    assert is_prepared(tmp_path)


@pytest.mark.parametrize(
    ("text", "words"),
    [
        ("{", "not JSON"),
        ("[]", "key 'format' is not 1"),
        ('{"format": 2}', "key 'format' is not 1"),
        ('{"format": 1, "data_set": "ar"}', "key 'root' is missing"),
    ],
)
def test_bad_facts_are_told(tmp_path: Path, text: str, words: str) -> None:
    (tmp_path / PREPARATION).write_text(text)
    with pytest.raises(SeethroughError, match=words):
        read_prepared_folder(tmp_path)
