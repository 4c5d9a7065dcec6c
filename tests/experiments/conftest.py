from __future__ import annotations

from pathlib import Path

import pytest

from experiments.config.composition import Composition, compose
from experiments.config.registry import DATA_SETS, METHODS, DataSet, Method
from tests.experiments.reconstruction_photos import save_photos, save_translator

TINY = "tests.experiments.tiny"


@pytest.fixture(autouse=True)
def _tiny(monkeypatch: pytest.MonkeyPatch) -> None:
    """Register the tiny method and data sets."""
    refused = {"trainer.gradient_clip_val": "use model.optimiser"}
    method = Method(
        f"{TINY}:TinyConfig", f"{TINY}:TinyModule", manual_optimisation=True, ends_itself=True, refused=refused
    )
    monkeypatch.setitem(METHODS, "tiny", method)
    monkeypatch.setitem(DATA_SETS, "points", DataSet(f"{TINY}:TinyDataConfig", f"{TINY}:TinyData"))
    monkeypatch.setitem(DATA_SETS, "needy", DataSet(f"{TINY}:NeedyDataConfig", f"{TINY}:TinyData"))


@pytest.fixture(scope="module")
def photos(tmp_path_factory: pytest.TempPathFactory) -> dict[str, Path]:
    """Photos good and bad, by name."""
    return save_photos(tmp_path_factory.mktemp("photos") / "album")


@pytest.fixture(scope="module")
def translator(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A run whose translator says half a millimetre everywhere."""
    return save_translator(tmp_path_factory.mktemp("run") / "half")


@pytest.fixture
def configs(tmp_path: Path) -> Path:
    """A folder with a few configs."""
    folder = tmp_path / "configs"
    files = {
        "tiny": "method: tiny\n",
        "data/points": "dataset: points\n",
        "steep": "model:\n  slope: 2.0\n  optimiser: {learning_rate: 1e-2}\n",
        "study/steep": "# both\nextends: [tiny, data/points, steep]\nmodel:\n  steps: 3\n",
        "study/long": "extends: study/steep\nmodel: {steps: 9}\n",
    }
    for name, text in files.items():
        path = folder / f"{name}.yaml"
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(text, encoding="utf-8")
    return folder


@pytest.fixture
def composed(tmp_path: Path, configs: Path, monkeypatch: pytest.MonkeyPatch):
    """Composes the tiny training with overrides, its runs in a folder of their own."""
    monkeypatch.delenv("SEETHROUGH_RUN_NAME", raising=False)

    def make(*overrides: str) -> Composition:
        return compose(["tiny", "data/points"], [f"out={tmp_path}/runs", *overrides], configs)

    return make
