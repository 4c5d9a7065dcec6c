"""From a bump map to a descriptor of the person (Extreme 3D, Sec. 5.2)."""

from __future__ import annotations

import torch
from torch import Tensor, nn
from torch.nn import functional

from seethrough.details.bump_encoding import CODES_PER_MM, ZERO
from seethrough.networks.alexnet import AlexNet

BRIGHTEST = 255.0
BLACK_MM = -ZERO / CODES_PER_MM
"""The bump whose code is 0: what the paper's black squares say, 13.2 mm below the foundation."""


class BumpRecogniser(nn.Module):
    """See bump maps as AlexNet does, and describe whom they show.

    A map is the picture that the paper's authors save: a code of 0 to 255, that of no bump outside the mask. Of the
    detail crop, whose margin a face never reaches, the middle is seen.

    Args:
        network: the layers.
        field: share of the crop's side that is seen.
        margin: how many times as large as the network's picture the view is that training pictures are cut out of.
    """

    def __init__(self, network: AlexNet, field: float = 1.0, margin: float = 1.0) -> None:
        super().__init__()
        if not 0 < field <= 1 or margin < 1:
            raise ValueError(f"field {field} must be in (0, 1] and margin {margin} at least 1")
        self.network, self.field = network, field
        self.view_size = round(network.image_size * margin)

    def view(self, bump: Tensor, mask: Tensor) -> Tensor:
        """Return (B, 1, V, V) views of (B, 1, S, S) bumps in mm: codes over 255, less that of no bump.

        Args:
            bump: mm towards the camera.
            mask: above one half where the bump says something.
        """
        codes = (CODES_PER_MM * bump).clamp(-ZERO, BRIGHTEST - ZERO) / BRIGHTEST
        codes = torch.where(mask > 0.5, codes, torch.zeros_like(codes))
        height, width = codes.shape[-2:]
        if height != width:
            raise ValueError(f"expected square bump maps, got {tuple(bump.shape)}")
        seen = max(round(self.field * width), 1)
        first = (width - seen) // 2
        middle = codes[..., first : first + seen, first : first + seen]
        size = (self.view_size, self.view_size)
        if seen == self.view_size:
            return middle.contiguous()
        return functional.interpolate(middle, size, mode="bilinear", align_corners=False, antialias=True)

    def middle(self, view: Tensor) -> Tensor:
        """Return the (B, 1, R, R) middle of views, as large as the network's picture."""
        first = (self.view_size - self.network.image_size) // 2
        last = first + self.network.image_size
        return view[..., first:last, first:last]

    def forward(self, bump: Tensor, mask: Tensor) -> Tensor:
        """Return (B, D) descriptors of (B, 1, S, S) bumps in mm."""
        return self.network(self.middle(self.view(bump, mask)))
