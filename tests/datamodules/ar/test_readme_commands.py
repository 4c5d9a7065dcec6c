"""README's commands for AR, typed one after the other on a generated tree."""

from __future__ import annotations

import re
import shlex
from collections.abc import Callable
from pathlib import Path

import pytest
from PIL import Image

from experiments.evaluate import main as evaluate
from experiments.protocols.command import main as protocols
from seethrough.errors import SeethroughError
from tests.datamodules.rendered_faces import photo_of
from tools.prepare_photos.command import main as prepare

pytestmark = pytest.mark.slow
README = Path(__file__).resolve().parents[3] / "README.md"
MAINS = {"tools.prepare_photos": prepare, "experiments.evaluate": evaluate, "experiments.protocols": protocols}


@pytest.fixture(autouse=True)
def _tree(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """AR: three photos with a mask, one of another shot with a mask, one without a mask, one whose face is hidden."""
    monkeypatch.chdir(tmp_path)
    mask = Image.new("L", (384, 288))
    mask.paste(1, (125, 65, 260, 225))
    Path("AR/masks").mkdir(parents=True)
    for face, name in enumerate(("m-001-01", "m-001-08", "w-001-11", "w-001-02", "m-001-21")):
        photo_of(face % 4, 384, 288, 224).save(f"AR/{name}.bmp")
        if name != "m-001-21":
            mask.save(f"AR/masks/{name}.png")


def hide_a_face() -> None:
    Image.new("RGB", (384, 288), (96, 104, 112)).save("AR/w-001-24.bmp")
    Image.new("L", (384, 288), 255).save("AR/masks/w-001-24.png")


def typed() -> list[tuple[Callable[[list[str]], int], list[str]]]:
    section = README.read_text(encoding="utf-8").partition("### AR\n")[2].partition("\n### ")[0]
    commands = re.findall(r"^python -m ([^#\n]+)", section, re.MULTILINE)
    return [(MAINS[words[0]], words[1:]) for words in map(shlex.split, commands)]


def test_readme_as_typed_with_a_face_that_is_not_found(capsys: pytest.CaptureFixture[str]) -> None:
    hide_a_face()
    codes = [main(words) for main, words in typed()]
    assert codes == [1, 0, 1, 0, 0], "the preparations tell that they left one out"
    said = capsys.readouterr().out
    assert "Scarf, masks rounded" in said
    assert len(Path("data/prepared/ar/manifest.jsonl").read_text().splitlines()) == 5
    assert len(Path("data/prepared/ar_masks/manifest.jsonl").read_text().splitlines()) == 3
    # The folder alone, too; and the other one is refused in the words of this command.
    assert protocols(["focus_table5", "default", "ar.root=AR", "--data", "ar"]) == 0
    with pytest.raises(SeethroughError, match=r"prepared with ar\.masked_only=False.*choose another ar\.prepared"):
        protocols(["focus_table4", "default", "ar.prepared=data/prepared/ar"])


def test_protocol_prepares_by_itself_and_tells_its_own_setting() -> None:
    hide_a_face()
    with pytest.raises(SeethroughError, match=r"go on without them by ar\.skip_bad=true") as caught:
        protocols(["focus_table4", "default", "ar.root=AR"])
    assert "data.skip_bad" not in str(caught.value)
    assert protocols(["focus_table4", "default", "ar.root=AR", "ar.skip_bad=true"]) == 0
