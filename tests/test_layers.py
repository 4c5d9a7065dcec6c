"""The import arrows of the architecture, and the shape of source files."""

from __future__ import annotations

import ast
from collections.abc import Iterator
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parents[1]
PACKAGES = ("seethrough", "lightning_modules", "datamodules", "experiments", "tools", "tests")

LIGHTNING = {"pytorch_lightning", "lightning", "lightning_fabric"}
MAY_NOT_IMPORT = {
    "seethrough": LIGHTNING
    | {"omegaconf", "wandb", "datamodules", "lightning_modules", "experiments", "tools", "tests"},
    "datamodules": {"lightning_modules", "experiments", "tools", "tests", "wandb"},
    "lightning_modules": {"datamodules", "experiments", "tools", "tests", "wandb"},
    "experiments": {"tests"},
    "tools": {"tests"},
    "tests": set(),
}
# Optional, or slow to import, or not everybody's licence: only inside the function that needs them.
LAZY = {
    *("wandb", "insightface", "nvdiffrast", "albumentations", "cv2", "tensorboard", "faiss"),
    *("onnx", "onnxruntime", "onnxscript"),
}
# What --help and a mistyped key have to wait for.
QUICK = ("experiments/config/**/*.py", "experiments/command_line.py", "experiments/train.py")
SETTINGS = ("lightning_modules/**/config.py", "datamodules/**/config.py")


def sources(package: str) -> list[Path]:
    return sorted((ROOT / package).rglob("*.py"))


def imported(tree: ast.AST) -> Iterator[str]:
    """Yield all modules that a tree names in an import, a relative one as ``.``, or gives to ``import_module``."""
    for node in ast.walk(tree):
        if isinstance(node, ast.Import):
            yield from (alias.name for alias in node.names)
        elif isinstance(node, ast.ImportFrom):
            yield "." * node.level + (node.module or "")
        elif isinstance(node, ast.Call) and node.args and isinstance(node.args[0], ast.Constant):
            function = node.func
            name = function.attr if isinstance(function, ast.Attribute) else getattr(function, "id", "")
            if name in ("import_module", "__import__") and isinstance(node.args[0].value, str):
                yield node.args[0].value


def imported_at_once(body: list[ast.stmt]) -> Iterator[str]:
    """Yield the modules that importing the file imports: not those in functions or under ``TYPE_CHECKING``."""
    for statement in body:
        if isinstance(statement, ast.FunctionDef | ast.AsyncFunctionDef):
            continue
        if isinstance(statement, ast.If) and "TYPE_CHECKING" in ast.unparse(statement.test):
            yield from imported_at_once(statement.orelse)
            continue
        blocks = [getattr(statement, name, []) for name in ("body", "orelse", "finalbody")]
        blocks += [handler.body for handler in getattr(statement, "handlers", [])]
        if any(blocks):
            for block in blocks:
                yield from imported_at_once(block)
        else:
            yield from imported(statement)


def packages_of(modules: Iterator[str]) -> set[str]:
    return {module.split(".")[0] for module in modules}


@pytest.mark.parametrize("package", PACKAGES)
def test_arrows(package: str) -> None:
    for path in sources(package):
        found = packages_of(imported(ast.parse(path.read_text(encoding="utf-8"))))
        forbidden = found & MAY_NOT_IMPORT[package]
        assert not forbidden, f"{path.relative_to(ROOT)} imports {sorted(forbidden)}"


@pytest.mark.parametrize("package", [package for package in PACKAGES if package != "tests"])
def test_optional_packages_are_imported_where_they_are_used(package: str) -> None:
    for path in sources(package):
        early = packages_of(imported_at_once(ast.parse(path.read_text(encoding="utf-8")).body)) & LAZY
        assert not early, f"{path.relative_to(ROOT)} imports {sorted(early)} at its top"


def test_reading_settings_does_not_wait_for_lightning() -> None:
    for pattern in QUICK + SETTINGS:
        for path in ROOT.glob(pattern):
            early = packages_of(imported_at_once(ast.parse(path.read_text(encoding="utf-8")).body))
            slow = early & (LIGHTNING if pattern in SETTINGS else LIGHTNING | {"torch"})
            assert not slow, f"{path.relative_to(ROOT)} imports {sorted(slow)} at its top"


def test_the_walk_sees_what_it_should() -> None:
    text = """
import a.b
from c import d
try:
    import e
except ImportError:
    import f
if TYPE_CHECKING:
    import g
def function():
    import h
    importlib.import_module("i.j")
class Class:
    import k
"""
    tree = ast.parse(text)
    assert packages_of(imported(tree)) == set("abcefghik") - {"b"}
    assert packages_of(imported_at_once(tree.body)) == {"a", "c", "e", "f", "k"}


@pytest.mark.parametrize("package", PACKAGES)
def test_files_are_short_and_have_telling_names(package: str) -> None:
    for path in sources(package):
        name = path.relative_to(ROOT)
        lines = len(path.read_text(encoding="utf-8").splitlines())
        assert lines <= 350, f"{name} has {lines} lines: look for the seam"
        silent = {"utils", "util", "helpers", "helper", "misc", "common"} & {path.stem, *name.parts}
        assert not silent, f"{name} says nothing about what is in it"
