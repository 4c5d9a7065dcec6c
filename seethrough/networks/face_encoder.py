"""From a face crop to the coefficients of the face model."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import asdict, dataclass

import torch
from torch import Tensor, nn

from seethrough.errors import SeethroughError
from seethrough.morphable.parameters import FaceParameters, ParameterSizes
from seethrough.networks.narrow_backbone import NarrowBackbone
from seethrough.networks.timm_backbone import timm_backbone

_IMAGENET_MEAN = (0.485, 0.456, 0.406)
_IMAGENET_STD = (0.229, 0.224, 0.225)


@dataclass(frozen=True)
class CoefficientScales:
    """What one unit of the last layer means, for each kind of coefficient.

    The head starts at zero and its outputs stay near N(0, 1); these factors turn them into standard deviations, radians
    and millimetres. The defaults suit a short training; :data:`RELEASE_SCALES` are those of the released FOCUS code.
    """

    identity: float = 1.0
    expression: float = 1.0
    albedo: float = 1.0
    illumination: float = 0.3
    rotation: float = 0.3
    translation_xy: float = 10.0
    translation_z: float = 30.0

    @classmethod
    def from_mapping(cls, scales: CoefficientScales | Mapping[str, float] | None) -> CoefficientScales:
        """Accept an instance, a mapping with some of the names, or ``None`` for the defaults."""
        if isinstance(scales, CoefficientScales):
            return scales
        values = dict(scales or {})
        unknown = sorted(set(values) - set(cls.__dataclass_fields__))
        if unknown:
            raise SeethroughError(
                f"unknown coefficient scale '{unknown[0]}': choose from {', '.join(cls.__dataclass_fields__)}"
            )
        return cls(**values)

    def vector(self, sizes: ParameterSizes) -> Tensor:
        """Return the factors as one (sizes.total,) tensor in the order of the flat parameter vector."""
        kinds = asdict(self)
        if sizes.translation != 3:
            raise ValueError(f"a translation has 3 coefficients, got {sizes.translation}")
        parts = [
            torch.full((getattr(sizes, kind),), float(kinds[kind]))
            for kind in ("identity", "expression", "albedo", "illumination", "rotation")
        ]
        return torch.cat([*parts, torch.tensor([self.translation_xy, self.translation_xy, self.translation_z])])


RELEASE_SCALES = CoefficientScales(albedo=3.0, illumination=1.0, translation_xy=1.0, translation_z=0.005)


class FaceEncoder(nn.Module):
    """Predict the parameters of the face in each crop (FOCUS, Sec. 3.1).

    The coefficient layer starts at zero, so an untrained encoder returns the mean face at rest for every image.

    Args:
        sizes: how many coefficients of each kind the face model has.
        architecture: any timm model name (the paper's is ``resnet50``), or ``narrow`` for the small convolutional
            network that trains on a CPU.
        image_size: height and width of the crops in pixels; ``narrow`` and transformers are built for this size.
        scales: see :class:`CoefficientScales`; a mapping may name only some kinds.
        pretrained: load timm's ImageNet weights (a download on first use).
        normalisation: ``none`` feeds [0, 1] as the FOCUS release does, ``imagenet`` subtracts the mean and divides by
            the deviation that timm's weights were trained with.
        widths: channels of the ``narrow`` stem and stages.
        hidden: size of the hidden layer before the coefficients of ``narrow``.

    Raises:
        SeethroughError: unknown architecture, setting or scale, or weights that cannot be had.
    """

    scale: Tensor
    image_mean: Tensor
    image_std: Tensor

    def __init__(
        self,
        sizes: ParameterSizes,
        architecture: str = "resnet50",
        image_size: int = 224,
        scales: CoefficientScales | Mapping[str, float] | None = None,
        pretrained: bool = False,
        normalisation: str = "none",
        widths: Sequence[int] = (16, 32, 64, 128),
        hidden: int = 256,
    ) -> None:
        super().__init__()
        if normalisation not in ("none", "imagenet"):
            raise SeethroughError(f"unknown image normalisation '{normalisation}': choose none or imagenet")
        self.sizes = sizes
        self.architecture = architecture
        self.image_size = image_size
        self.scales = CoefficientScales.from_mapping(scales)
        if architecture == "narrow":
            if pretrained:
                raise SeethroughError("the narrow encoder has no pretrained weights: set pretrained=false")
            self.backbone: nn.Module = NarrowBackbone(image_size, widths=widths, features=hidden)
            features = hidden
        else:
            self.backbone, features = timm_backbone(architecture, image_size, pretrained)
        self.head = nn.Linear(features, sizes.total)
        nn.init.zeros_(self.head.weight)
        nn.init.zeros_(self.head.bias)
        self.register_buffer("scale", self.scales.vector(sizes), persistent=False)
        identity = normalisation == "none"
        mean = torch.zeros(3) if identity else torch.tensor(_IMAGENET_MEAN)
        std = torch.ones(3) if identity else torch.tensor(_IMAGENET_STD)
        self.register_buffer("image_mean", mean.view(1, 3, 1, 1), persistent=False)
        self.register_buffer("image_std", std.view(1, 3, 1, 1), persistent=False)
        self._normalises = not identity

    def forward(self, image: Tensor) -> FaceParameters:
        """Return the scaled parameters of a (B, 3, image_size, image_size) RGB batch in [0, 1].

        Coefficients are in standard deviations, angles in radians, translations in millimetres. Raises ``ValueError``
        for another shape.
        """
        expected = (3, self.image_size, self.image_size)
        if image.ndim != 4 or tuple(image.shape[1:]) != expected:
            raise ValueError(f"expected images of shape (B, {', '.join(map(str, expected))}), got {tuple(image.shape)}")
        if self._normalises:
            image = (image - self.image_mean) / self.image_std
        vector = self.head(self.backbone(image.contiguous(memory_format=torch.channels_last)))
        # The scales span four orders of magnitude: under autocast the product is taken in float32.
        return FaceParameters.from_vector(vector.to(self.scale.dtype) * self.scale, self.sizes)
