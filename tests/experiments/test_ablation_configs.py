"""Rows of the tables: each differs from FOCUS in what it is named for, and in nothing else."""

from __future__ import annotations

from functools import cache

import pytest

from experiments.config.composition import Composition, compose
from experiments.resuming import changed
from lightning_modules.focus.phases import Network

TRUTH = {"model.mask": "truth", "model.segmentation_labels": "truth"}
NO_PERCEPTUAL_MASK = {"model.loss.weights.distance": 0.0, "model.loss.weights.preserve": 0.0}


def _segmentation_steps(factor: int) -> dict[str, int]:
    """Return what differs where each turn of the segmentation network is so many times as long, and no encoder turn."""
    schedule = row("focus").config.model.schedule
    turn, last = schedule.cycle_segmentation_steps, schedule.final_segmentation_steps
    turns = schedule.em_steps // (turn + schedule.cycle_reconstruction_steps)
    return {
        "model.schedule.em_steps": schedule.em_steps + turns * (factor - 1) * turn,
        "model.schedule.cycle_segmentation_steps": factor * turn,
        "model.schedule.final_segmentation_steps": factor * last,
    }


@cache
def row(name: str) -> Composition:
    return compose([f"ablation/{name}"])


ROWS = {
    "focus": {},
    "mofa": {"model.mask": "none", "model.perceptual": "none"},
    "backbone": {"model.mask": "none"},
    "oracle_mask": {"model.mask": "truth"},
    "supervised": TRUTH,
    "cutmix": TRUTH | {"model.augmentation.kind": "cutmix"},
    "cutout": TRUTH | {"model.augmentation.kind": "cutout"},
    "skin_mask": {"model.mask": "skin"},
    "preliminary_mask": {"model.mask": "preliminary"},
    "pretrained": {"model.segmentation_in_em": False},
    "baseline": NO_PERCEPTUAL_MASK | {"model.loss.neighbour_window": 1},
    "neighbour": NO_PERCEPTUAL_MASK,
    "perceptual": {"model.loss.weights.neighbour": 0.0},
    "segmentation_steps_x2": _segmentation_steps(2),
    "segmentation_steps_x4": _segmentation_steps(4),
}


@pytest.mark.parametrize("name", ROWS)
def test_a_row_differs_in_what_it_is_named_for(name: str) -> None:
    differences = {key: now for key, _, now in changed(row("focus").plain, row(name).plain, free=())}
    assert differences == ROWS[name]


@pytest.mark.parametrize(
    ("name", "expected"),
    [
        ("bump", {}),
        ("bump_l1", {"model.loss.gradient": 0.0}),
        ("bump_transposed", {"model.translator.upsampling": "transposed"}),
        ("bump_transposed_3x3", {"model.translator.upsampling": "transposed_3x3"}),
    ],
)
def test_a_row_of_the_translator_differs_in_what_it_is_named_for(name: str, expected: dict) -> None:
    assert {key: now for key, _, now in changed(row("bump").plain, row(name).plain, free=())} == expected


@pytest.mark.parametrize("name", ROWS)
def test_a_row_has_the_encoder_steps_of_focus(name: str) -> None:
    own, focus = (row(other).config.model.training_schedule() for other in (name, "focus"))
    end = focus.total_steps
    assert own.network_steps(own.total_steps, Network.RECONSTRUCTION) == focus.network_steps(
        end, Network.RECONSTRUCTION
    )
    assert own.warm_start_steps == focus.warm_start_steps > 0
    assert own.phase(own.warm_start_steps - 1) == focus.phase(focus.warm_start_steps - 1) == "colour"


def test_the_last_stage_may_change_on_the_way() -> None:
    method = row("focus").method
    assert "model.schedule.last_stage" in method.incidental
    assert not any(key.startswith("model.loss") for key in method.incidental)
