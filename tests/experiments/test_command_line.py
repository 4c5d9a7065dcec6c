"""How commands fail, and what they write for other programs."""

from __future__ import annotations

import json
from pathlib import Path

import numpy as np
import pytest
import torch

from datamodules.photos.faults import FaultyDataError
from experiments.command_line import run, write_json
from seethrough.errors import SeethroughError


def leave(error: BaseException | int | None):
    def main(arguments: list[str]) -> int | None:
        if isinstance(error, BaseException):
            raise error
        return error

    return main


@pytest.mark.parametrize(
    ("error", "code", "said"),
    [
        (None, 0, ""),
        (1, 1, ""),
        (SeethroughError("a file\nis missing"), 2, "error: a file is missing\n"),
        (FaultyDataError("row 1: x\nrow 2: y\n2 faults"), 2, "row 1: x\nrow 2: y\nerror: 2 faults\n"),
        (KeyboardInterrupt(), 130, "interrupted\n"),
    ],
)
def test_exit_codes(error, code: int, said: str, capsys: pytest.CaptureFixture[str]) -> None:
    with pytest.raises(SystemExit) as left:
        run(leave(error), [])
    assert left.value.code == code
    assert capsys.readouterr().err == said


def test_faults_of_ours_keep_their_traceback() -> None:
    with pytest.raises(ZeroDivisionError):
        run(leave(ZeroDivisionError()), [])


def test_json(tmp_path: Path) -> None:
    path = tmp_path / "new" / "numbers.json"
    payload = {"mask_f1": np.float32(0.5), "rows": [torch.tensor(2), float("nan")], "by_class": {"any name": Path("a")}}
    write_json(path, payload)
    assert json.loads(path.read_text()) == {"mask_f1": 0.5, "rows": [2, None], "by_class": {"any name": "a"}}


def test_json_keys_are_in_snake_case(tmp_path: Path) -> None:
    with pytest.raises(ValueError, match="'maskF1' is not in snake case"):
        write_json(tmp_path / "x.json", [{"mask_f1": 1}, {"maskF1": 1}])


def test_json_that_cannot_be_written(tmp_path: Path) -> None:
    (tmp_path / "file").write_text("")
    with pytest.raises(SeethroughError, match="cannot write"):
        write_json(tmp_path / "file" / "x.json", {})
