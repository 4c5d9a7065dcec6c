from __future__ import annotations

import json
import os
import pickle
from pathlib import Path

import numpy as np
import pytest

from datamodules.photos.manifest import MANIFEST, SPLITS, read_manifest, trusted_row
from datamodules.photos.manifest_index import COLUMNS, FACTS, build_index, open_index
from seethrough.errors import SeethroughError
from tests.datamodules.photos.prepared import manifest_row, prepared_folder

ROWS = [
    {"identity": "ann", "subset": "glasses", "split": "test"},
    {"identity": "Ørjan", "source": "raw/naïve.jpg"},
    {"identity": "ann", "subset": "scarf", "split": "validation"},
    {},
]


def test_the_index_finds_every_row(tmp_path: Path) -> None:
    prepared_folder(tmp_path, ROWS, masks=True)
    index = open_index(tmp_path)
    text = (tmp_path / MANIFEST).read_bytes()
    for entry, expected in zip(index.rows, read_manifest(tmp_path / MANIFEST), strict=True):
        row = trusted_row(text[entry["offset"] :].splitlines()[0])
        assert row.line() == expected.line()
        assert SPLITS[entry["split"]] == expected.split
        assert index.subsets[entry["subset"]] == expected.subset
        assert entry["mask"] and not entry["absent"]
    assert index.rows["identity"].tolist() == [0, 1, 0, -1]
    assert index.rows["lot"][0] == index.rows["lot"][2]  # a person is in one lot with all photos
    assert len(set(index.rows["lot"].tolist())) == 3


def test_the_index_is_built_once_and_mapped_afterwards(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    prepared_folder(tmp_path, ROWS)
    first = open_index(tmp_path)
    monkeypatch.setattr("datamodules.photos.manifest_index.build_index", None)
    again = open_index(tmp_path)
    assert isinstance(again.rows, np.memmap)
    assert (again.rows == first.rows).all()
    assert (again.checksum, again.subsets) == (first.checksum, first.subsets)
    os.utime(tmp_path / MANIFEST, ns=(1, 1))  # a copy: another time, the same text
    assert open_index(tmp_path).checksum == first.checksum


def test_a_changed_manifest_is_indexed_anew(tmp_path: Path) -> None:
    prepared_folder(tmp_path, ROWS)
    before = open_index(tmp_path)
    text = (tmp_path / MANIFEST).read_text()
    (tmp_path / MANIFEST).write_text(text.replace('"scarf"', '"scart"'))  # the same length
    os.utime(tmp_path / MANIFEST, ns=(1, 1))
    after = open_index(tmp_path)
    assert after.subsets == ["", "glasses", "scart"]
    assert after.checksum != before.checksum


@pytest.mark.parametrize("damage", ["facts", "columns", "other"])
def test_a_damaged_index_is_built_anew(tmp_path: Path, damage: str) -> None:
    prepared_folder(tmp_path, ROWS)
    good = np.array(open_index(tmp_path).rows)
    if damage == "facts":
        (tmp_path / FACTS).write_text("{")
    elif damage == "columns":
        (tmp_path / COLUMNS).write_bytes((tmp_path / COLUMNS).read_bytes()[:-1])
    else:
        np.save(tmp_path / COLUMNS, np.zeros(4))
    assert (open_index(tmp_path).rows == good).all()
    assert json.loads((tmp_path / FACTS).read_text())["count"] == 4


def test_a_folder_that_cannot_be_written_is_read_all_the_same(tmp_path: Path) -> None:
    prepared_folder(tmp_path, ROWS)
    (tmp_path / COLUMNS / "in the way").mkdir(parents=True)
    said: list[str] = []
    index = open_index(tmp_path, said.append)
    assert len(index.rows) == 4 and index.path is None
    assert len(said) == 1 and "cannot be written" in said[0]
    assert (pickle.loads(pickle.dumps(index)).rows == index.rows).all()


def test_an_index_travels_to_another_process_as_a_path(tmp_path: Path) -> None:
    prepared_folder(tmp_path, [{}] * 200, side=8)
    index = open_index(tmp_path)
    packed = pickle.dumps(index)
    assert len(packed) < 1000 < index.rows.nbytes
    assert (pickle.loads(packed).rows == index.rows).all()


def test_repeated_ids_and_bad_rows_are_all_named(tmp_path: Path) -> None:
    prepared_folder(tmp_path, [{"id": name} for name in "abcab"])
    with pytest.raises(SeethroughError) as error:
        open_index(tmp_path)
    first, second, last = str(error.value).splitlines()
    assert last == f"{tmp_path / MANIFEST} is damaged; prepare the photos again"
    assert first.startswith(f"{tmp_path / MANIFEST} row 4: key 'id' is 'a' again, as in row 1")
    assert second.startswith(f"{tmp_path / MANIFEST} row 5: key 'id' is 'b' again, as in row 2")
    with (tmp_path / MANIFEST).open("a") as file:
        file.write("{}\n[]\n")
    with pytest.raises(SeethroughError, match=r"row 6: key 'id' is missing.*\n.*row 7: not a JSON object"):
        open_index(tmp_path)
    assert not (tmp_path / COLUMNS).exists()


def test_files_that_are_not_there_are_marked(tmp_path: Path) -> None:
    rows = prepared_folder(tmp_path, ROWS, masks=True)
    (tmp_path / rows[1].crop).unlink()
    assert rows[2].mask is not None
    (tmp_path / rows[2].mask).write_bytes(b"")
    assert build_index(tmp_path).rows["absent"].tolist() == [False, True, True, False]


def test_an_empty_manifest_and_none_are_told(tmp_path: Path) -> None:
    with pytest.raises(SeethroughError, match=r"manifest\.jsonl: cannot be read"):
        open_index(tmp_path)
    (tmp_path / MANIFEST).write_text("\n\n")
    with pytest.raises(SeethroughError, match=r"manifest\.jsonl: holds no face"):
        open_index(tmp_path)


def test_blank_lines_do_not_move_the_rows(tmp_path: Path) -> None:
    prepared_folder(tmp_path, [{"id": "a"}, {"id": "b"}])
    text = (tmp_path / MANIFEST).read_text().replace("\n", "\n\n")
    (tmp_path / MANIFEST).write_text("\n" + text)
    offsets = open_index(tmp_path).rows["offset"].tolist()
    assert [text.encode()[offset - 1 :][:10] for offset in offsets] == [b'{"id":"a",', b'{"id":"b",']


def test_a_last_row_without_a_line_break_is_a_row(tmp_path: Path) -> None:
    prepared_folder(tmp_path, [{"id": "a"}])
    (tmp_path / MANIFEST).write_text(manifest_row("a").line().rstrip("\n"))
    assert len(build_index(tmp_path).rows) == 1
