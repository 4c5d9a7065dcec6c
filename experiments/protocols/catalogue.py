"""The protocols by name."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from importlib import import_module
from typing import Any


@dataclass(frozen=True)
class Protocol:
    """A protocol.

    Attributes:
        title: what it repeats.
        function: import path of what runs it, called with
            :class:`~experiments.protocols.settings.Settings`; imported on use.
        data_sets: that it reads.
        figures: names of the published tables in :mod:`experiments.protocols.published` whose rows a run may repeat.
        options: of the command line, beyond those of all.
        meshes: a folder of meshes may stand in the place of a run.
    """

    title: str
    function: str
    data_sets: tuple[str, ...]
    figures: tuple[str, ...] = ()
    options: tuple[str, ...] = ()
    meshes: bool = False

    def load(self) -> Callable[[Any], Any]:
        """Return the function."""
        module, _, name = self.function.partition(":")
        return getattr(import_module(f"experiments.protocols.{module}"), name)


_SHAPES = ("jobs", "level")
_VERIFICATION = ("descriptors", "recognition", "components", "square_root", "occluded", "hidden_share")
PROTOCOLS: dict[str, Protocol] = {
    "focus_table1": Protocol(
        "FOCUS, Table 1: colour error on CelebA-HQ and AR",
        "picture_tables:colours",
        ("celeba_hq", "ar"),
        ("FOCUS_TABLE_1",),
    ),
    "focus_table3": Protocol(
        "FOCUS, Table 3: shape error on matched pairs of NoW",
        "now_pairs:matched_pairs",
        ("now",),
        ("FOCUS_TABLE_3",),
        ("pairs", *_SHAPES),
        meshes=True,
    ),
    "focus_table4": Protocol(
        "FOCUS, Table 4: masks on AR", "picture_tables:ar_masks", ("ar",), ("FOCUS_TABLE_4",), ("soft_masks",)
    ),
    "focus_table5": Protocol(
        "FOCUS, Table 5: ablation, masks on AR and shapes on NoW",
        "picture_tables:ablation",
        ("ar", "now"),
        ("FOCUS_TABLE_5", "FOCUS_TABLE_5_NOW"),
        ("soft_masks", *_SHAPES),
    ),
    "focus_supplement1": Protocol(
        "FOCUS, supplement, Table 1: masks on CelebA-HQ",
        "picture_tables:celeba_masks",
        ("celeba_hq",),
        ("FOCUS_SUPPLEMENT_1",),
        ("soft_masks",),
    ),
    "focus_supplement2": Protocol(
        "FOCUS, supplement, Table 2: supervised rows with and without the misfit prior",
        "now_pairs:supervised_pairs",
        ("now",),
        ("FOCUS_SUPPLEMENT_2",),
        ("pairs", *_SHAPES),
    ),
    "now": Protocol(
        "FOCUS, Table 2: predictions for NoW, and their scores",
        "now_tables:challenge",
        ("now",),
        ("FOCUS_TABLE_2", "FOCUS_TABLE_5_NOW"),
        _SHAPES,
        meshes=True,
    ),
    "lfw": Protocol("Extreme 3D faces, Table 1: verification on LFW", "verification:lfw", ("lfw",), (), _VERIFICATION),
    "synocc_verification": Protocol(
        "Verification of synthetic people, as on LFW", "verification:synthetic", ("synthetic",), (), _VERIFICATION
    ),
}
