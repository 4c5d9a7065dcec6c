"""The networks as ONNX sees them: tensors in, named tensors out, and the words that a user of the file needs."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any

from torch import Tensor, nn

from tools.export_onnx.conventions import detail_crop, face_crop, face_model, face_parameters

if TYPE_CHECKING:
    from lightning_modules.bump.loading import LoadedTranslator
    from lightning_modules.focus.lightning_model import FocusModule
    from seethrough.networks import FaceEncoder, SegmentationUNet
    from seethrough.networks.bump_translator import BumpTranslator

PARAMETERS = ("identity", "expression", "albedo", "illumination", "rotation", "translation")
"""Outputs of the encoder, in the order of :class:`~seethrough.morphable.FaceParameters`."""

_RANGE = "RGB float32 in [0, 1], batch x 3 x {size} x {size}, row 0 on top"
_FOUNDATIONS = {
    "focus": "the depth map of the fitted face, seen by the camera that it was fitted with",
    "release": "the depth map of the fitted face, its pose fitted again for the camera of the released weights",
}


@dataclass(frozen=True)
class ExportedNetwork:
    """One network to be written.

    Attributes:
        name: of the file, without its ending.
        network: takes one tensor for each of ``inputs``, (B, 3, size, size), and returns a tuple of ``outputs``.
        size: px.
        inputs: names of its inputs.
        outputs: names of its outputs.
        metadata: what its user has to know.
    """

    name: str
    network: nn.Module
    size: int
    inputs: tuple[str, ...]
    outputs: tuple[str, ...]
    metadata: Mapping[str, str]


class EncoderOutputs(nn.Module):
    """A face encoder whose parameters come as six tensors."""

    def __init__(self, encoder: FaceEncoder) -> None:
        super().__init__()
        self.encoder = encoder

    def forward(self, image: Tensor) -> tuple[Tensor, ...]:
        """Return (B, n) tensors in the order of :data:`PARAMETERS` for (B, 3, S, S) images."""
        # Not of the parameters themselves: these have a length, the batch, which asking would fix.
        return tuple(iter(self.encoder(image)))


class SegmentationOutputs(nn.Module):
    """A segmentation network whose mask is a probability."""

    def __init__(self, segmentation: SegmentationUNet) -> None:
        super().__init__()
        self.segmentation = segmentation

    def forward(self, rendered: Tensor, image: Tensor) -> tuple[Tensor]:
        """Return the (B, 1, S, S) mask of (B, 3, S, S) renders on black and photos, 1 = visible face."""
        return (self.segmentation.mask(rendered, image),)


class TranslatorOutputs(nn.Module):
    """A bump translator whose bump, and mask where it has one, come as a tuple."""

    def __init__(self, translator: BumpTranslator) -> None:
        super().__init__()
        self.translator = translator

    def forward(self, image: Tensor) -> tuple[Tensor, ...]:
        """Return the (B, 1, S, S) bump in mm of (B, 3, S, S) images, and the mask head's map."""
        said = self.translator.translate(image)
        return (said.bump,) if said.mask is None else (said.bump, said.mask)


def focus_networks(module: FocusModule, told: Mapping[str, str]) -> list[ExportedNetwork]:
    """Return the encoder of FOCUS, and its segmentation network where the run has trained one.

    Args:
        module: in eval mode.
        told: metadata of the run.
    """
    focus, size = module.focus, module.focus.image_size
    model, camera = module.config.face_model, focus.face_renderer.camera
    meaning = {
        **face_parameters(camera, module.config.renderer.ambient),
        "face_model": face_model(model.source, focus.face_renderer.model, model.level),
    }
    metadata = {**told, "input_range": _RANGE.format(size=size), **face_crop(size)}
    encoder = ExportedNetwork(
        "encoder", EncoderOutputs(focus.encoder), size, ("image",), PARAMETERS, {**metadata, **meaning}
    )
    if not module.config.has_segmentation:
        return [encoder]
    mask = (
        "mask: probability that a pixel shows the face, to be cut to the rendered face; rendered: the face of the "
        "encoder's parameters on black, clamped to [0, 1]"
    )
    segmentation = ExportedNetwork(
        "segmentation",
        SegmentationOutputs(focus.segmentation),
        size,
        ("rendered", "image"),
        ("mask",),
        {**metadata, "units": mask},
    )
    return [encoder, segmentation]


def bump_networks(loaded: LoadedTranslator, told: Mapping[str, str]) -> list[ExportedNetwork]:
    """Return the translator from a crop of its training's size to its bump map.

    Args:
        loaded: the translator.
        told: metadata of the run.
    """
    translator, view = loaded.network.translator.eval(), loaded.view
    outputs = ("bump",) if translator.mask_output is None else ("bump", "mask")
    mask = "" if translator.mask_output is None else "; mask: above 0.5 on the face"
    metadata = {
        **told,
        "input_range": _RANGE.format(size=view.size),
        "crop": detail_crop(view.extents, view.size),
        "units": f"bump: mm towards the camera, along {view.along}{mask}",
        "face_model": f"none; bumps are put on {_FOUNDATIONS[loaded.foundation]}",
    }
    return [ExportedNetwork("translator", TranslatorOutputs(translator), view.size, ("image",), outputs, metadata)]


def metadata_of(checkpoint: Mapping[str, Any], file: Path) -> dict[str, str]:
    """Return where the weights come from: file, commit, licence, steps, where the checkpoint tells them."""
    from experiments.provenance import commit

    provenance: Mapping[str, Any] = checkpoint.get("provenance") or {}
    values = {
        "checkpoint": file.name,
        "method": (checkpoint.get("hyper_parameters") or {}).get("method"),
        "training_commit": checkpoint.get("commit") or provenance.get("commit"),
        "licence": provenance.get("licence"),
        "exported_by_commit": commit(),
    }
    return {key: str(value) for key, value in values.items() if value is not None}
