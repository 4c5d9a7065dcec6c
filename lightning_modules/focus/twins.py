"""Colour errors of the two pictures of a pair of twins in the region that both show."""

from __future__ import annotations

import torch
from torch import Tensor

from seethrough.metrics import image_rmse


class SharedRegionErrors:
    """Measure both twins of a scene, with and without its occluder, on the same pixels.

    Their own visible regions differ by what the occluder hides, and errors are not the same all over a face. A picture
    waits here until its twin comes; twins that different processes see do not meet.
    """

    def __init__(self) -> None:
        self._waiting: dict[str, tuple[Tensor, Tensor, Tensor]] = {}

    def add(
        self, ids: list[str], twins: list[str], image: Tensor, rendered: Tensor, visible: Tensor
    ) -> tuple[list[str], Tensor]:
        """Take a batch and return the ids whose pairs it completes, with their errors.

        Args:
            ids: names of the samples.
            twins: the names of their twins; empty where there is none.
            image: (B, 3, H, W) photo in [0, 1].
            rendered: (B, 3, H, W) rendered face.
            visible: (B, 1, H, W) true visible face inside the rendered one.

        Returns:
            ids, and (N,) RMSE in units of 1/255 where both twins show the face; twins follow each other.
        """
        done: list[str] = []
        pairs: list[tuple[Tensor, ...]] = []
        for row, (name, twin) in enumerate(zip(ids, twins, strict=True)):
            if not twin or name == twin:
                continue
            own = (image[row], rendered[row], visible[row] > 0.5)
            other = self._waiting.pop(twin, None)
            if other is None:
                self._waiting[name] = (own[0].clone(), own[1].clone(), own[2])
                continue
            shared = (own[2] & other[2]).to(image.dtype)
            done += [name, twin]
            pairs += [(own[0], own[1], shared), (other[0], other[1], shared)]
        if not pairs:
            return [], torch.zeros(0, device=image.device)
        stacked = [torch.stack(part) for part in zip(*pairs, strict=True)]
        return done, image_rmse(*stacked)

    def forget(self) -> None:
        """Drop pictures whose twins never came."""
        self._waiting.clear()
