"""Which network trains at which step: a pure function of the step counter."""

from __future__ import annotations

from bisect import bisect_right
from dataclasses import dataclass, replace
from functools import cached_property
from typing import Literal, get_args

from lightning_modules.focus.phases import STAGES, Network, Phase, Segment, StageName


@dataclass(frozen=True)
class FocusSchedule:
    """The three stages of FOCUS, in steps: initialisation, segmentation pre-training, EM alternation (Sec. 3.2-3.3).

    Attributes:
        supervised_steps: encoder steps on the true coefficients of synthetic faces, before everything else; the paper
            has none.
        landmark_steps: encoder steps on landmarks and prior before anything is rendered; the paper has none.
        colour_steps: encoder steps on all pixels of the render, which move albedo and light only, and on landmarks; the
            paper has none.
        initialisation_steps: encoder steps with the robust loss.
        pretraining_steps: segmentation steps on preliminary masks.
        em_steps: steps of the alternation; each cycle trains the segmentation network first, as the paper does.
        cycle_segmentation_steps: segmentation steps of each cycle.
        cycle_reconstruction_steps: encoder steps of each cycle.
        final_segmentation_steps: segmentation steps after the last cycle, so that the mask fits the final encoder.
        last_stage: the stage that a training ends with; nothing else depends on it.
        whole: the schedule whose segmentation steps are left out here, if this is one of a row without them.
    """

    supervised_steps: int = 0
    landmark_steps: int = 0
    colour_steps: int = 0
    initialisation_steps: int = 0
    pretraining_steps: int = 0
    em_steps: int = 0
    cycle_segmentation_steps: int = 0
    cycle_reconstruction_steps: int = 1
    final_segmentation_steps: int = 0
    last_stage: StageName = "em"
    whole: FocusSchedule | None = None

    def __post_init__(self) -> None:
        negative = [name for name, value in vars(self).items() if isinstance(value, int) and value < 0]
        if negative:
            raise ValueError(f"schedule.{negative[0]}={getattr(self, negative[0])} is negative")
        if self.em_steps and self.cycle_segmentation_steps + self.cycle_reconstruction_steps == 0:
            raise ValueError("an EM cycle needs at least one step")

    @cached_property
    def segments(self) -> list[Segment]:
        """All phases in order, without empty ones."""
        lengths = [
            (Phase.SUPERVISE, self.supervised_steps),
            (Phase.LANDMARKS, self.landmark_steps),
            (Phase.COLOUR, self.colour_steps),
            (Phase.INITIALISE, self.initialisation_steps),
            (Phase.PRETRAIN, self.pretraining_steps),
        ]
        left = self.em_steps
        while left > 0:
            for phase, length in (
                (Phase.SEGMENT, min(left, self.cycle_segmentation_steps)),
                (Phase.RECONSTRUCT, min(max(left - self.cycle_segmentation_steps, 0), self.cycle_reconstruction_steps)),
            ):
                lengths.append((phase, length))
                left -= length
        lengths.append((Phase.SEGMENT, self.final_segmentation_steps))
        segments, start = [], 0
        for phase, length in lengths:
            if length:
                segments.append(Segment(phase, start, start + length))
                start += length
        return segments

    @property
    def total_steps(self) -> int:
        """Steps of all stages."""
        return self.segments[-1].end if self.segments else 0

    @property
    def end_step(self) -> int:
        """Steps up to the end of ``last_stage``, where the training stops."""
        stages = get_args(StageName)
        last = stages.index(self.last_stage)
        return max((part.end for part in self.segments if stages.index(STAGES[part.phase]) <= last), default=0)

    @cached_property
    def _starts(self) -> list[int]:
        return [segment.start for segment in self.segments]

    def segment(self, step: int) -> Segment:
        """Return the segment that ``step`` lies in; raises ``ValueError`` past the end."""
        if not 0 <= step < self.total_steps:
            raise ValueError(f"step {step} is outside the schedule of {self.total_steps} steps")
        return self.segments[bisect_right(self._starts, step) - 1]

    def phase(self, step: int) -> Phase:
        """Return what ``step`` trains."""
        return self.segment(step).phase

    def stage(self, step: int) -> StageName:
        """Return the stage that ``step`` lies in."""
        return STAGES[self.phase(step)]

    def stage_start(self, step: int) -> int:
        """Return the first step of the stage that ``step`` lies in."""
        stage = self.stage(step)
        return next(segment.start for segment in self.segments if STAGES[segment.phase] == stage)

    def phase_steps(self, step: int) -> tuple[int, int]:
        """Return how many steps of its phase lie before ``step``, and how many there are in all its segments."""
        phase = self.phase(step)
        return self._count(lambda segment: segment.phase is phase, step)

    def network_steps(self, step: int, network: Network) -> tuple[int, int]:
        """Return how many steps ``network`` has trained before ``step``, and how many it will train in all."""
        return self._count(lambda segment: segment.phase.network is network, step)

    @property
    def warm_start_steps(self) -> int:
        """Encoder steps before any mask is looked for or used: those of every row of a study."""
        return self.supervised_steps + self.landmark_steps + self.colour_steps

    def rate_span(self, step: int, network: Network) -> tuple[int, int]:
        """Return how many steps of one fall of the learning rate lie before ``step``, and its length.

        The encoder's rate falls once in each warm start and once more in everything after them: pixels bring light and
        albedo, which the landmarks have not touched, and they need a full rate again.
        """
        done, total = self.network_steps(step, network)
        if network is Network.SEGMENTATION:
            return done, total
        start = 0
        for length in (self.supervised_steps, self.landmark_steps, self.colour_steps):
            if step < start + length:
                return done - start, length
            start += length
        return done - self.warm_start_steps, total - self.warm_start_steps

    def _count(self, counts, step: int) -> tuple[int, int]:
        chosen = [segment for segment in self.segments if counts(segment)]
        done = sum(min(step, segment.end) - segment.start for segment in chosen if segment.start < step)
        return done, sum(segment.end - segment.start for segment in chosen)

    def keeping_segmentation(self, kept: Literal["em", "pretraining", "none"]) -> FocusSchedule:
        """Return the schedule with the same encoder steps and fewer segmentation steps.

        Args:
            kept: ``em`` all of them, ``pretraining`` only those before the EM stage, or ``none``.
        """
        if kept == "em":
            return self
        encoder_steps = sum(s.end - s.start for s in self.segments if s.phase is Phase.RECONSTRUCT)
        return replace(
            self,
            pretraining_steps=self.pretraining_steps if kept == "pretraining" else 0,
            em_steps=encoder_steps,
            cycle_segmentation_steps=0,
            cycle_reconstruction_steps=max(encoder_steps, 1),
            final_segmentation_steps=0,
            whole=self,
        )

    def progress(self, step: int) -> float:
        """Return the share of the whole training that lies before ``step``, in [0, 1); see :meth:`in_whole`."""
        whole, place = self.in_whole(step)
        return place / whole.total_steps

    def in_whole(self, step: int) -> tuple[FocusSchedule, int]:
        """Return the schedule with all segmentation steps, and the step there that trains the same of its network.

        What is counted in steps of both networks so means the same for rows with and without segmentation steps.
        """
        network = self.phase(step).network
        if self.whole is None or network is Network.SEGMENTATION:  # only the pre-training is kept, where it is
            return self.whole or self, step
        left, _ = self.network_steps(step, network)
        for segment in self.whole.segments:
            if segment.phase.network is network:
                if left < segment.end - segment.start:
                    return self.whole, segment.start + left
                left -= segment.end - segment.start
        raise ValueError(f"step {step} trains the encoder for longer than the whole schedule")
