"""Noticing losses and weights that are not finite: on all processes at the same step, and rarely waiting for a GPU."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

import torch
from torch import Tensor, distributed, nn

from seethrough.errors import SeethroughError


@dataclass
class _Step:
    number: int
    names: list[str]
    finite: Tensor
    ids: list[str]


class FiniteLosses:
    """Keeps what the losses of the last steps were worth on the device, until someone asks.

    A process that stopped by itself would leave the others waiting for its gradients, so :meth:`check` must be called
    by all of them at the same steps; it then fails on all or on none.
    """

    def __init__(self) -> None:
        self._steps: list[_Step] = []

    def add(self, step: int, terms: Mapping[str, Tensor], ids: Sequence[str]) -> None:
        """Note the () terms of one step, and the samples they come from; nothing waits for the device."""
        finite = torch.stack([term.detach() for term in terms.values()]).isfinite()
        self._steps.append(_Step(step, list(terms), finite, [str(name) for name in list(ids)[:8]]))

    def check(self) -> None:
        """Look at what was noted since the last time, and forget it.

        Raises:
            SeethroughError: a term was not finite, here or on another process; names step, term and samples.
        """
        steps, self._steps = self._steps, []
        if not steps:
            return
        bad = torch.stack([~step.finite.all() for step in steps])
        anywhere = bad.any().to(torch.int32)
        if distributed.is_available() and distributed.is_initialized():
            distributed.all_reduce(anywhere, distributed.ReduceOp.MAX)
        if not anywhere.item():
            return
        advice = "lower the learning rate or look at these samples; the last checkpoint is intact"
        for step, is_bad in zip(steps, bad.tolist(), strict=True):
            if is_bad:
                name = step.names[int((~step.finite).int().argmax())]
                raise SeethroughError(
                    f"loss term '{name}' is not finite at step {step.number} (samples {', '.join(step.ids)}, ...): "
                    f"{advice}"
                )
        raise SeethroughError(
            f"a loss term is not finite on another process at step {steps[0].number} to {steps[-1].number}: {advice}"
        )

    def check_saved(self, networks: nn.Module, step: int) -> None:
        """Like :meth:`check`, and look at what is about to be saved; parameters agree on all processes.

        A finite loss may have had a gradient that was not: its step has spoilt the weights, and only the next loss
        would tell.

        Args:
            networks: whose parameters are saved.
            step: training steps done.

        Raises:
            SeethroughError: a loss or a parameter is not finite.
        """
        self.check()
        bad = [name for name, value in networks.named_parameters() if not value.isfinite().all()]
        if bad:
            raise SeethroughError(
                f"weights '{bad[0]}' are not finite after {step} steps, though their losses were: lower the learning "
                "rate; the last checkpoint is intact"
            )
