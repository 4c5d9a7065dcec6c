"""The README names only commands, configs and files that exist."""

from __future__ import annotations

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
