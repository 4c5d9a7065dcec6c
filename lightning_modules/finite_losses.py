"""Noticing losses, gradients and weights that are not finite: on all processes at once, rarely waiting for a GPU."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass

import torch
from torch import Tensor, distributed, nn

from seethrough.errors import SharedError

SHOWN = 8
_INTACT = "the last checkpoint is intact"
_ADVICE = f"lower the learning rate or look at these samples; {_INTACT}"


@dataclass
class _Step:
    number: int
    names: list[str]
    finite: Tensor
    ids: list[str]
    gradient: Tensor | None = None


class FiniteLosses:
    """Keeps whether the losses and gradients of the last steps were finite on the device, until someone asks.

    A process that stopped by itself would leave the others waiting for its gradients, so :meth:`check` must be called
    by all of them at the same steps; it then fails on all or on none.
    """

    def __init__(self) -> None:
        self._steps: list[_Step] = []

    def add(self, step: int, terms: Mapping[str, Tensor], ids: Sequence[str]) -> None:
        """Note the () terms of one step, and the samples they come from; nothing waits for the device."""
        finite = torch.stack([term.detach() for term in terms.values()]).isfinite()
        self._steps.append(_Step(step, list(terms), finite, [str(name) for name in ids]))

    def add_gradient(self, norm: Tensor) -> None:
        """Note the () norm of the gradient that the steps added last have led to, on all processes the same."""
        if self._steps:
            self._steps[-1].gradient = norm.detach().isfinite()

    def check(self, guilty: Callable[[], str] | None = None) -> None:
        """Look at what was noted since the last time, and forget it.

        Args:
            guilty: finds out which term of the last step has a gradient that is not finite; empty where none has.

        Raises:
            SharedError: a term or a gradient was not finite, here or on another process; names step, term and samples.
        """
        steps, self._steps = self._steps, []
        if not steps:
            return
        bad = torch.stack([~step.finite.all() for step in steps])
        poor = torch.stack([bad[0] & False if step.gradient is None else ~step.gradient for step in steps])
        anywhere = (bad | poor).any().to(torch.int32)
        several = distributed.is_available() and distributed.is_initialized()
        if several:
            distributed.all_reduce(anywhere, distributed.ReduceOp.MAX)
        if not anywhere.item():
            return
        said = _loss_fault(steps, bad.tolist()) or _gradient_fault(steps, poor.tolist(), guilty)
        if several:
            everywhere: list[str] = [""] * distributed.get_world_size()
            distributed.all_gather_object(everywhere, said)
            # What has a name before what every process sees after the gradients have been added up.
            said = min((each for each in everywhere if each), key=lambda each: each.startswith("the gradient"))
        raise SharedError(said)

    def check_saved(self, networks: nn.Module, step: int) -> None:
        """Like :meth:`check`, and look at what is about to be saved; parameters agree on all processes.

        Args:
            networks: whose parameters are saved.
            step: training steps done.

        Raises:
            SharedError: a loss, a gradient or a parameter is not finite.
        """
        self.check()
        bad = [name for name, value in networks.named_parameters() if not value.isfinite().all()]
        if bad:
            raise SharedError(
                f"weights '{bad[0]}' are not finite after {step} steps, though their losses were: lower the learning "
                f"rate; {_INTACT}"
            )


def gradient_norm(network: nn.Module, clip_norm: float | None) -> Tensor:
    """Return the () norm of a network's gradient, after clipping it to ``clip_norm`` where that is given."""
    if clip_norm is not None:
        return nn.utils.clip_grad_norm_(network.parameters(), clip_norm)
    gradients = [each.grad for each in network.parameters() if each.grad is not None]
    if not gradients:
        return torch.zeros((), device=next(network.parameters()).device)
    return torch.stack(torch._foreach_norm(gradients)).norm()


def guilty_term(terms: Mapping[str, Tensor], network: nn.Module) -> str:
    """Return the first of some () terms whose gradient by a network's parameters is not finite; empty without one.

    Their graphs must still be there: after a backward pass the terms have to be made again.
    """
    parameters = [each for each in network.parameters() if each.requires_grad]
    for name, term in terms.items():
        if term.requires_grad:
            gradients = torch.autograd.grad(term, parameters, retain_graph=True, allow_unused=True)
            if not all(each.isfinite().all() for each in gradients if each is not None):
                return name
    return ""


def _loss_fault(steps: Sequence[_Step], bad: Sequence[bool]) -> str:
    for step, is_bad in zip(steps, bad, strict=True):
        if is_bad:
            name = step.names[int((~step.finite).int().argmax())]
            return f"loss term '{name}' is not finite at step {step.number} ({_samples(step)}): {_ADVICE}"
    return ""


def _gradient_fault(steps: Sequence[_Step], poor: Sequence[bool], guilty: Callable[[], str] | None) -> str:
    for step, is_poor in zip(steps, poor, strict=True):
        if not is_poor:
            continue
        term = guilty() if guilty is not None and step is steps[-1] else ""
        if term:
            return (
                f"the slope of loss term '{term}' is not finite at step {step.number}, though its value is "
                f"({_samples(step)}): {_ADVICE}"
            )
        return (
            f"the gradient is not finite at step {step.number}, though the losses are "
            f"(terms {', '.join(step.names)}; {_samples(step)}): {_ADVICE}"
        )
    return ""


def _samples(step: _Step) -> str:
    return "samples " + ", ".join(step.ids[:SHOWN]) + (", ..." if len(step.ids) > SHOWN else "")
