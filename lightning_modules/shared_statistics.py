"""BatchNorm's running statistics, the same on all processes where they are used."""

from __future__ import annotations

from torch import distributed, nn
from torch.nn.modules.batchnorm import _BatchNorm


def share_statistics(network: nn.Module) -> None:
    """Give all processes the running statistics of the first one, which are those that checkpoints keep.

    DDP does that before each forward pass, except under Lightning's manual optimisation, where it never does after the
    first: every process would go its own way, and a resumed training another one. Statistics are not used while a
    network trains, so that it is enough to share them when it stops.
    """
    if not (distributed.is_available() and distributed.is_initialized()) or distributed.get_world_size() == 1:
        return
    for module in network.modules():
        if isinstance(module, _BatchNorm):
            for buffer in module.buffers(recurse=False):
                distributed.broadcast(buffer, 0)
