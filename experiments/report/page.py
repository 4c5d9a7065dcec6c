"""The page itself: template, styles, scripts and data in one file that asks the network for nothing."""

from __future__ import annotations

import base64
import hashlib
import html
import json
import os
from contextlib import suppress
from pathlib import Path
from typing import Any

from experiments.report.contents import Contents
from seethrough.errors import SeethroughError

_TEMPLATE = Path(__file__).with_name("template")
_STYLES = ("base", "tables", "curves", "gallery", "viewer", "print")
_SCRIPTS = (
    "elements", "tabs", "formats", "tables", "sweeps", "runs", "chart_scales", "chart", "chart_hover", "curves",
    "score_table", "score_chart", "scores", "gallery", "zoom", "mesh", "matrices", "shaders", "renderer", "trackball",
    "viewer", "viewer_controls", "main",
)  # fmt: skip


def write_page(contents: Contents, path: Path) -> int:
    """Write the page; returns its size in bytes.

    Raises:
        SeethroughError: it cannot be written.
    """
    text = page(contents)
    partial = path.with_name(f"{path.name}.partial")
    try:
        path.parent.mkdir(parents=True, exist_ok=True)
        partial.write_text(text, encoding="utf-8")
        os.replace(partial, path)
    except OSError as error:
        with suppress(OSError):
            partial.unlink()
        raise SeethroughError(f"cannot write {path}: {error.strerror}") from None
    return path.stat().st_size


def page(contents: Contents) -> str:
    """Return the page as text.

    A policy in it lets the browser run this script only and load nothing from anywhere, so that nothing in the data can
    do either, whatever a run is called.
    """
    style = _joined("styles", _STYLES, ".css")
    script = f'(() => {{\n"use strict";\n{_joined("scripts", _SCRIPTS, ".js")}\n}})();'
    policy = (
        f"default-src 'none'; img-src data: blob:; style-src '{_digest(style)}'; script-src '{_digest(script)}'; "
        "base-uri 'none'; form-action 'none'"
    )
    blocks = [_block("data", as_json(contents.data)), _block("pictures", as_json(contents.pictures))]
    blocks += [_block(f"mesh-{place}", text) for place, text in enumerate(contents.meshes)]
    parts = {
        "@policy@": html.escape(policy, quote=True),
        "@style@": style,
        "@script@": script,
        "@data@": "\n".join(blocks),
    }
    text = (_TEMPLATE / "page.html").read_text(encoding="utf-8")
    for mark, part in parts.items():  # data come last, so that no mark in them counts
        before, _, after = text.partition(mark)
        text = before + part + after
    return text


def as_json(value: Any) -> str:
    """Return JSON that can stand in a script element: no ``<`` could end it, no NaN breaks it."""
    text = json.dumps(_finite(value), ensure_ascii=False, separators=(",", ":"), allow_nan=False)
    return text.replace("<", "\\u003c").replace("\u2028", "\\u2028").replace("\u2029", "\\u2029")


def _finite(value: Any) -> Any:
    if isinstance(value, dict):
        return {str(key): _finite(item) for key, item in value.items()}
    if isinstance(value, list | tuple):
        return [_finite(item) for item in value]
    if isinstance(value, float) and value - value != 0:
        return None
    return value.encode("utf-8", "replace").decode() if isinstance(value, str) else value


def _joined(folder: str, names: tuple[str, ...], suffix: str) -> str:
    return "\n".join((_TEMPLATE / folder / f"{name}{suffix}").read_text(encoding="utf-8") for name in names)


def _block(name: str, text: str) -> str:
    return f'<script type="application/json" id="{name}">{text}</script>'


def _digest(text: str) -> str:
    return "sha256-" + base64.b64encode(hashlib.sha256(text.encode("utf-8")).digest()).decode("ascii")
