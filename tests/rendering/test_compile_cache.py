"""Where compiled kernels go when the usual places are read-only."""

from __future__ import annotations

import os
import stat
import subprocess
import sys
import tempfile
from pathlib import Path

import pytest

import seethrough
from seethrough.compile_cache import VARIABLE, provide_compile_cache


@pytest.fixture
def temporary(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    folder = tmp_path / "temporary"
    folder.mkdir()
    monkeypatch.setattr(tempfile, "tempdir", str(folder))
    monkeypatch.setenv(VARIABLE, "x")  # so that it is restored afterwards
    monkeypatch.delenv(VARIABLE)
    numba = sys.modules.get("numba")
    if numba is not None:
        monkeypatch.setattr(numba.config, "CACHE_DIR", numba.config.CACHE_DIR)
    return folder


def read_only(monkeypatch: pytest.MonkeyPatch, *places: Path) -> None:
    real = os.access
    monkeypatch.setattr(
        os, "access", lambda path, mode: not any(Path(path).is_relative_to(p) for p in places) and real(path, mode)
    )


def home(monkeypatch: pytest.MonkeyPatch, folder: Path) -> Path:
    folder.mkdir(exist_ok=True)
    monkeypatch.setenv("HOME", str(folder))
    monkeypatch.delenv("XDG_CACHE_HOME", raising=False)
    return folder


PACKAGE = Path(seethrough.__file__).parent


def test_a_private_temporary_folder_when_all_else_is_read_only(temporary, tmp_path, monkeypatch):
    read_only(monkeypatch, PACKAGE, home(monkeypatch, tmp_path / "home"))
    provide_compile_cache()
    folder = Path(os.environ[VARIABLE])
    assert folder.parent == temporary
    assert stat.S_IMODE(folder.stat().st_mode) == 0o700
    del os.environ[VARIABLE]
    provide_compile_cache()
    assert Path(os.environ[VARIABLE]) == folder  # the next process finds what this one compiled


@pytest.mark.parametrize("writable", ["package", "home"])
def test_one_usual_place_is_enough(temporary, tmp_path, monkeypatch, writable):
    places = {"package": PACKAGE, "home": home(monkeypatch, tmp_path / "home")}
    read_only(monkeypatch, *(place for name, place in places.items() if name != writable))
    provide_compile_cache()
    assert VARIABLE not in os.environ
    assert not list(temporary.iterdir())


def test_a_variable_that_is_set_is_left_alone(temporary, tmp_path, monkeypatch):
    read_only(monkeypatch, PACKAGE, home(monkeypatch, tmp_path / "home"))
    monkeypatch.setenv(VARIABLE, "/chosen")
    provide_compile_cache()
    assert os.environ[VARIABLE] == "/chosen"


def test_a_folder_that_others_may_write_is_not_used(temporary, tmp_path, monkeypatch):
    read_only(monkeypatch, PACKAGE, home(monkeypatch, tmp_path / "home"))
    provide_compile_cache()
    open_to_all = Path(os.environ.pop(VARIABLE))
    open_to_all.chmod(0o777)
    provide_compile_cache()
    assert Path(os.environ[VARIABLE]) != open_to_all
    assert stat.S_IMODE(Path(os.environ[VARIABLE]).stat().st_mode) == 0o700


def test_nothing_can_be_written_anywhere(temporary, tmp_path, monkeypatch):
    read_only(monkeypatch, PACKAGE, home(monkeypatch, tmp_path / "home"))
    monkeypatch.setattr(tempfile, "tempdir", str(tmp_path / "absent"))
    provide_compile_cache()
    assert VARIABLE not in os.environ


def test_importing_the_package_brings_neither_numba_nor_torch():
    code = "import sys, seethrough; print(sorted({'numba', 'torch'} & set(sys.modules)))"
    shown = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert shown.stdout.strip() == "[]"
