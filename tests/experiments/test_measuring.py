"""An evaluation that is interrupted."""

from __future__ import annotations

import signal
from pathlib import Path

import pytest

from experiments.command_line import EXIT_INTERRUPTED, run
from experiments.evaluate import main
from lightning_modules.focus.lightning_model import FocusModule
from tests.datamodules.photos.prepared import prepared_folder
from tests.experiments.reconstruction_photos import SIZE, save_network


def test_ctrl_c_is_said_and_leaves_with_130(tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys) -> None:
    def interrupted(*_) -> None:
        raise KeyboardInterrupt

    network = save_network(tmp_path / "small")
    (network / "config.yaml").write_text(f"method: focus\ndataset: photos\nmodel:\n  image_size: {SIZE}\n")
    prepared_folder(tmp_path / "photos", [{"split": "test"}])
    monkeypatch.setattr(FocusModule, "test_step", interrupted)
    before = signal.getsignal(signal.SIGINT)
    try:
        with pytest.raises(SystemExit) as left:
            run(main, [str(network), "data/photos", f"data.prepared={tmp_path / 'photos'}", "data.workers=0"])
    finally:
        signal.signal(signal.SIGINT, before)  # Lightning ignores it from then on
    assert left.value.code == EXIT_INTERRUPTED
    assert capsys.readouterr().err.splitlines()[-1] == "interrupted"
