"""The first use of a clone says what takes so long."""

from __future__ import annotations

from pathlib import Path
from types import SimpleNamespace

import pytest

from seethrough.rendering import tell_of_compiling
from seethrough.rendering.kernels import rasterization


def test_compiling_is_told_where_nothing_is_compiled(tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys) -> None:
    tell_of_compiling()  # tests of rendering begin with a warm-up: numba's own files are found
    assert capsys.readouterr().err == ""
    monkeypatch.setattr(
        rasterization, "rasterize_forward", SimpleNamespace(stats=SimpleNamespace(cache_path=str(tmp_path)))
    )
    tell_of_compiling()
    assert "compiling, once for this clone" in capsys.readouterr().err
    (tmp_path / "rasterization.rasterize_forward-1.py311.1.nbc").touch()
    tell_of_compiling()
    assert capsys.readouterr().err == ""
