"""The README names only commands, configs and files that exist."""

from __future__ import annotations

import json
import re
import shlex
from importlib.util import find_spec
from pathlib import Path

import pytest

from experiments.config.arguments import split_words
from experiments.config.composition import compose
from experiments.config.help import FLAGS
from seethrough.errors import SeethroughError

ROOT = Path(__file__).resolve().parents[1]
README = (ROOT / "README.md").read_text(encoding="utf-8")
COMMANDS = sorted({match.strip() for match in re.findall(r"python -m [^`\n#]+", README)})
TARGETS = set(re.findall(r"^([a-z-]+):", (ROOT / "Makefile").read_text(encoding="utf-8"), re.MULTILINE))


@pytest.mark.parametrize("command", COMMANDS)
def test_modules_exist(command: str) -> None:
    module = shlex.split(command)[2]
    assert find_spec(module) is not None
    assert find_spec(f"{module}.__main__") if (ROOT / module.replace(".", "/")).is_dir() else True


@pytest.mark.parametrize("command", [command for command in COMMANDS if " experiments.train " in command])
def test_trainings_compose(command: str) -> None:
    arguments = shlex.split(command)[3:]
    flags = [argument for argument in arguments if argument.startswith("--")]
    assert set(flags) <= set(FLAGS)
    names, overrides = split_words([word for word in arguments if word not in flags])
    if "runs/NAME/config.yaml" in names:
        names = ["focus", "data/synthetic"]
    if "neighbor" in command:
        with pytest.raises(SeethroughError) as caught:
            compose(names, overrides)
        assert f"error: {caught.value}\n" in README
    else:
        compose(names, overrides)


def test_make_targets_exist() -> None:
    for line in re.findall(r"^make ([a-z -]+)", README, re.MULTILINE):
        assert set(line.split("#")[0].split()) <= TARGETS


def test_links_lead_somewhere() -> None:
    links = [link for link in re.findall(r"\]\(([^)]+)\)", README) if not link.startswith("http")]
    assert len(links) > 5
    for link in links:
        assert (ROOT / link.split("#")[0]).exists(), link


def test_the_table_of_masks_says_what_the_studies_measured() -> None:
    def number(study: str, row: str, column: str, subset: str, key: str = "mean") -> float:
        table = json.loads((ROOT / f"experiments/studies/{study}/results/table.json").read_text(encoding="utf-8"))
        wanted = (row, column, subset)
        found = (n for n in table["numbers"] if (n["row"], n["column"], n["subset"]) == wanted and key in n)
        return next(found)[key]

    scored = {"none": ("focus", "all_face"), "FOCUS": ("focus", "mask"), "the true one": ("supervised", "mask")}
    trained = {"none": "backbone", "FOCUS": "focus", "the true one": "oracle_mask"}
    cost, skill = "twin:image_rmse_shared_region", "skill of shape_error_mm"
    for name, row in trained.items():
        line = next(text for text in README.splitlines() if text.startswith(f"| {name} ") and text.count("|") == 8)
        f1, plain, occluded, added, *skills = (cell.strip() for cell in line.strip("|").split("|")[1:])
        assert f1.startswith(f"{number('masks', scored[name][0], f'{scored[name][1]}_own_f1', 'occluded'):.3f}")
        for cell, subset in ((plain, "unoccluded"), (occluded, "occluded")):
            mean, deviation = (number("image_fit", row, "image_rmse", subset, key) for key in ("mean", "sd_over_seeds"))
            assert cell == f"{mean:.1f} ± {deviation:.1f}"
        mean, low, high = (number("image_fit", row, cost, "occluded", key) for key in ("mean", "low", "high"))
        assert added == f"{mean:.1f} [{low:.1f}, {high:.1f}]"
        subsets = ("unoccluded", "occluded")
        assert skills == [f"{number('occlusion_shape', row, skill, subset):.3f}" for subset in subsets]
