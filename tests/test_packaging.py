"""What a user installs."""

from __future__ import annotations

import subprocess
import sys
import tomllib
import zipfile
from pathlib import Path

import pytest

import seethrough

ROOT = Path(__file__).resolve().parents[1]


@pytest.fixture(scope="module")
def project() -> dict:
    return tomllib.loads((ROOT / "pyproject.toml").read_text(encoding="utf-8"))


def test_versions_agree() -> None:
    assert f"version: {seethrough.__version__}\n" in (ROOT / "CITATION.cff").read_text(encoding="utf-8")


def test_pins_around_known_traps(project: dict) -> None:
    dependencies = {line.split(">")[0].split("=")[0]: line for line in project["project"]["dependencies"]}
    assert dependencies["pytorch-lightning"] == "pytorch-lightning>=2.6.4,<2.7"
    assert dependencies["omegaconf"] == "omegaconf>=2.4"
    assert dependencies["torch"] == "torch>=2.11"
    assert not {"wandb", "insightface", "albumentations", "nvdiffrast", "hydra-core"} & set(dependencies)
    extras = project["project"]["optional-dependencies"]
    assert extras["albumentations"] == ["albumentations==2.0.8", "opencv-python-headless>=4.9,<6"]


def test_all_means_all_optional_features(project: dict) -> None:
    extras = project["project"]["optional-dependencies"]
    assert extras["all"] == [f"seethrough[{','.join(name for name in extras if name not in ('all', 'dev'))}]"]


def test_nothing_that_is_shipped_is_ignored_by_git() -> None:
    """Hatch leaves out what git ignores, so a data file in a package could be missing from the wheel."""
    files = ["lightning_modules/focus/data/default.pt", "seethrough/morphable/data/open_face_model.npz"]
    ignored = subprocess.run(["git", "check-ignore", *files], cwd=ROOT, capture_output=True, text=True, check=False)
    assert not ignored.stdout.split()


@pytest.mark.slow
def test_the_wheel_holds_three_packages_and_their_data(tmp_path: Path) -> None:
    pytest.importorskip("hatchling")
    command = [sys.executable, "-m", "hatchling", "build", "-t", "wheel", "-d", str(tmp_path)]
    subprocess.run(command, cwd=ROOT, check=True, capture_output=True, timeout=300)
    (wheel,) = tmp_path.glob("*.whl")
    names = zipfile.ZipFile(wheel).namelist()
    tops = {name.split("/")[0] for name in names}
    assert tops == {
        "seethrough", "lightning_modules", "datamodules", f"seethrough-{seethrough.__version__}.dist-info",
    }  # fmt: skip
    # Data files above all: the open face model, and the checkpoint that `default` names.
    listed = ["git", "ls-files", "seethrough", "lightning_modules", "datamodules"]
    tracked = subprocess.run(listed, cwd=ROOT, capture_output=True, text=True, check=False)
    missing = set(tracked.stdout.split()) - set(names)
    assert not missing, f"tracked but not in the wheel: {sorted(missing)[:5]}"
    assert any(name.endswith("licenses/LICENSE") for name in names)
