"""Sections ``reconstruction_step``, ``segmentation_step``, ``em_cycle``: FOCUS steps beside their plain arithmetic."""

from __future__ import annotations

from collections.abc import Mapping
from functools import partial

from lightning_modules.focus.phases import Phase
from tools.benchmark.focus.arithmetic import Arithmetic, needed_flop
from tools.benchmark.focus.setup import PAPER, SMALL, FocusSetup, step_of
from tools.benchmark.focus.step_timing import DTYPES, pooled, time_steps
from tools.benchmark.measuring import Measurement, summarise
from tools.benchmark.registry import Case

BF16 = "bf16-mixed"
RECONSTRUCTION = "reconstruction_step"
SEGMENTATION = "segmentation_step"
CYCLE = "em_cycle"


def step_measured(
    section: str, setup: FocusSetup, phase: Phase, rounds: int, precision: str = "32-true"
) -> Measurement:
    """Time steps of a phase in Lightning's loop, in turn with their plain arithmetic."""
    module = setup.module()
    batch = setup.faces(module.config.image_size)
    arithmetic = Arithmetic(module, batch)
    plan = [step_of(module, phase)] * (rounds + 1)
    times = time_steps(module, batch, plan, arithmetic, precision)
    return summarise(
        section,
        _name(setup, phase, precision),
        times.steps[phase],
        times.arithmetic[phase],
        setup.batch,
        setup.batch,
        needed_flop(module, batch, phase),
        arithmetic.least_bytes(phase),
        DTYPES[precision],
    )


def _cycle(setup: FocusSetup, segmentation: int, reconstruction: int, cycles: int, precision: str) -> Measurement:
    """Time whole EM cycles, shortened to a few steps in the schedule's proportion."""
    module = setup.module()
    batch = setup.faces(module.config.image_size)
    arithmetic = Arithmetic(module, batch)
    counts = {Phase.SEGMENT: segmentation, Phase.RECONSTRUCT: reconstruction}
    once = [step_of(module, phase) for phase, count in counts.items() for _ in range(count)]
    warm = [step_of(module, phase) for phase in counts]
    times = time_steps(module, batch, warm + once * cycles, arithmetic, precision)
    images = setup.batch * (segmentation + reconstruction)
    share = {phase: count / (segmentation + reconstruction) for phase, count in counts.items()}
    return summarise(
        CYCLE,
        _cycle_name(setup, segmentation, reconstruction, precision),
        pooled(times.steps, counts),
        pooled(times.arithmetic, counts),
        images,
        images,
        sum(share[phase] * needed_flop(module, batch, phase) for phase in counts),
        sum(share[phase] * arithmetic.least_bytes(phase) for phase in counts),
        DTYPES[precision],
    )


def _name(setup: FocusSetup, phase: Phase, precision: str) -> str:
    kind = "" if phase in (Phase.RECONSTRUCT, Phase.SEGMENT) else f" {phase}"
    return f"{setup.name}{kind}{' bf16' if precision == BF16 else ''}"


def _cycle_name(setup: FocusSetup, segmentation: int, reconstruction: int, precision: str) -> str:
    return f"{setup.name} {segmentation}:{reconstruction}{' bf16' if precision == BF16 else ''}"


def _steps(section: str, phases: list[Phase]) -> Mapping[str, Case]:
    main = phases[0]
    found: dict[str, Case] = {
        _name(PAPER, main, "32-true"): partial(step_measured, section, PAPER, main, 3),
        _name(PAPER, main, BF16): partial(step_measured, section, PAPER, main, 2, BF16),
    }
    for phase in phases:
        for precision in ("32-true", BF16):
            found[_name(SMALL, phase, precision)] = partial(step_measured, section, SMALL, phase, 15, precision)
    return found


def reconstruction_cases() -> Mapping[str, Case]:
    """Return the cases of section ``reconstruction_step``."""
    return _steps(RECONSTRUCTION, [Phase.RECONSTRUCT, Phase.INITIALISE, Phase.LANDMARKS])


def segmentation_cases() -> Mapping[str, Case]:
    """Return the cases of section ``segmentation_step``."""
    return _steps(SEGMENTATION, [Phase.SEGMENT, Phase.PRETRAIN])


def cycle_cases() -> Mapping[str, Case]:
    """Return the cases of section ``em_cycle``, in the proportions of the presets."""
    # Two whole cycles of the paper's size take minutes; in bf16 its steps by themselves tell enough.
    settings = [(PAPER, 1, 5, 2, "32-true"), (SMALL, 3, 20, 2, "32-true"), (SMALL, 3, 20, 2, BF16)]
    return {
        _cycle_name(setup, s, r, precision): partial(_cycle, setup, s, r, cycles, precision)
        for setup, s, r, cycles, precision in settings
    }
