"""Evaluate runs by the protocols of the papers, with the published figures beside what was measured.

python -m experiments.protocols focus_table4 runs/focus default ar.root=AR
python -m experiments.protocols focus_table1 runs/focus celeba_hq.prepared=DIR ar.prepared=DIR --out tables
python -m experiments.protocols synocc_verification default
"""

from __future__ import annotations

import argparse
from collections.abc import Sequence
from pathlib import Path
from typing import Any

from experiments.command_line import write_json
from experiments.config.arguments import split_words
from experiments.config.suggestions import did_you_mean
from experiments.protocols.catalogue import PROTOCOLS, Protocol
from seethrough.errors import SeethroughError

PROGRAM = "python -m experiments.protocols"
WIDTH = 140


def main(arguments: list[str]) -> int:
    """Parse, evaluate, print."""
    if not arguments or arguments[0] in ("-h", "--help"):
        _overview().parse_args(["--help"])
    name = arguments[0]
    if name not in PROTOCOLS:
        raise SeethroughError(f"there is no protocol {name!r}{did_you_mean(name, PROTOCOLS)}: {', '.join(PROTOCOLS)}")
    protocol = PROTOCOLS[name]
    options = _parser(name, protocol).parse_intermixed_args(arguments[1:])
    settings = _settings(protocol, options)
    result = protocol.load()(settings)

    from rich.console import Console

    from experiments.provenance import commit

    console = Console(width=WIDTH, highlight=False)
    console.print(protocol.title, style="bold")
    for sheet in result.sheets:
        console.print(sheet.rich())
    for note in result.notes:
        console.print(f"- {note}", markup=False)
    said = f"`{PROGRAM} {' '.join(arguments)}`, commit {commit()}."
    if options.json:
        write_json(options.json, {"protocol": name, "commit": commit(), **result.as_json()})
    if settings.out is not None:
        result.write(settings.out, protocol.title, said)
        print(settings.out / "table.md")
    return 0


def _settings(protocol: Protocol, options: argparse.Namespace) -> Any:
    """Return what the protocol is told; raises ``SeethroughError`` for what cannot be."""
    from experiments.protocols import published
    from experiments.protocols.descriptors import KINDS
    from experiments.protocols.runs import open_runs, split_overrides
    from experiments.protocols.settings import Settings

    given = vars(options)
    rows = dict.fromkeys(row for table in protocol.figures for row in getattr(published, table))
    words, overrides = split_words(options.words)
    data_sets = _data_sets(protocol, options.data)
    for key, least in (("jobs", 1), ("level", 0), ("components", 0)):
        if given.get(key) is not None and given[key] < least:
            raise SeethroughError(f"--{key} {given[key]} must be at least {least}")
    unknown = [kind for kind in given.get("descriptors") or () if kind not in KINDS]
    if unknown:
        raise SeethroughError(f"--descriptors {unknown[0]}: choose from {', '.join(KINDS)}")
    special = {key: given[key] for key in protocol.options if given[key] is not None}
    for key in ("pairs", "occluded"):
        if key in special:
            special[key] = Path(special[key])
    return Settings(
        open_runs(words, options.beside, rows, protocol.meshes),
        split_overrides(overrides, data_sets),
        Path(options.out) if options.out else None,
        **special,
    )


def _data_sets(protocol: Protocol, chosen: Sequence[str]) -> tuple[str, ...]:
    for name in chosen:
        if name not in protocol.data_sets:
            raise SeethroughError(f"--data {name}: this protocol reads {', '.join(protocol.data_sets)}")
    return tuple(name for name in protocol.data_sets if not chosen or name in chosen)


def _overview() -> argparse.ArgumentParser:
    width = max(map(len, PROTOCOLS))
    listed = "\n".join(f"  {name:{width}s}  {each.title}" for name, each in PROTOCOLS.items())
    parser = argparse.ArgumentParser(
        PROGRAM,
        usage=f"{PROGRAM} NAME RUN... [key=value...] [options]",
        description=__doc__,
        epilog=f"names:\n{listed}\n\n`{PROGRAM} NAME --help` tells the options of one.",
        formatter_class=argparse.RawDescriptionHelpFormatter,
    )
    parser.add_argument("name", help="of the protocol")
    return parser


def _parser(name: str, protocol: Protocol) -> argparse.ArgumentParser:
    keys = " ".join(f"{data_set}.KEY=VALUE" for data_set in protocol.data_sets)
    parser = argparse.ArgumentParser(
        f"{PROGRAM} {name}",
        description=f"{protocol.title}. Settings of the data: {keys}, or data.KEY=VALUE for all of them.",
    )
    parser.add_argument("words", nargs="*", metavar="RUN|KEY=VALUE", help="runs, and settings of the data")
    parser.add_argument("--json", metavar="PATH", help="also write all numbers as JSON")
    parser.add_argument("--out", metavar="FOLDER", help="also write table.md, numbers.json and rows of single images")
    parser.add_argument("--data", nargs="+", default=[], metavar="NAME", help=f"only these of {protocol.data_sets}")
    parser.add_argument(
        "--beside",
        nargs="+",
        default=[],
        metavar="ROW",
        help="published row of each run, - for none (its settings tell)",
    )
    for option in protocol.options:
        flag = f"--{option.replace('_', '-')}"
        parser.add_argument(flag, **_OPTIONS[option])
    return parser


_OPTIONS: dict[str, dict[str, Any]] = {
    "soft_masks": {"action": "store_true", "help": "score masks as FOCUS's released code does, too: not rounded"},
    "pairs": {"metavar": "FILE", "help": "list of pairs: photo without, photo with an occluder"},
    "jobs": {"type": int, "metavar": "N", "help": "processes that score meshes; default: one a processor"},
    "level": {"type": int, "metavar": "N", "help": "subdivision of the open model's meshes (1)"},
    "descriptors": {
        "nargs": "+", "default": ["identity", "face", "recognition"], "metavar": "KIND",
        "help": "what to compare: identity, face (with albedo), recognition",
    },
    "recognition": {"metavar": "NAME", "help": "recognition network: dlib, or the path of ArcFace weights (dlib)"},
    "components": {"type": int, "metavar": "N", "help": "project on principal components of the other folds; 0: all"},
    "square_root": {"action": "store_true", "help": "take signed square roots before the cosine"},
    "occluded": {"metavar": "FILE", "help": "list of occluded photos: an id or a file name a row"},
    "hidden_share": {
        "type": float, "metavar": "SHARE", "help": "call photos occluded of whose face the run's mask hides more",
    },
}  # fmt: skip
