"""The misfit prior: what the fitting pipeline gets wrong on average, on faces that it could fit (FOCUS Sec. 3.4)."""

from __future__ import annotations

import hashlib
from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass, fields
from pathlib import Path
from typing import TYPE_CHECKING, Any

import torch
from torch import Tensor

from lightning_modules.focus.model_signature import model_signature, same_model
from seethrough.errors import SeethroughError
from seethrough.weights_file import load_weights

if TYPE_CHECKING:
    from lightning_modules.focus.lightning_model import FocusModule

FILE_NAME = "misfit_prior.pt"
BUILD = "python -m tools.misfit_prior"


@dataclass(frozen=True)
class MisfitPrior:
    """E_MP of Eq. 11 with what it was measured on.

    Both the predicted and the true shape are neutral faces of the fitted model in its own frame, before pose, so that
    they are subtracted as they are: neither a translation nor a similarity is taken out.

    Attributes:
        error: (V, 3) mm, mean of predicted minus true vertices, on the fitted model's mesh.
        identity_error: (I,) standard deviations, mean of predicted minus true identity coefficients; a linear model
            decodes it to ``error`` on any of its meshes.
        model: the face model, as the settings name it.
        signature: of the fitted model.
        faces: how many faces the mean is over.
        steps: how long the network was trained on such faces before.
        seed: of the faces.
        checkpoint: name of the checkpoint file that it belongs to.
        fingerprint: of that checkpoint's encoder.
    """

    error: Tensor
    identity_error: Tensor
    model: str
    signature: Tensor
    faces: int
    steps: int
    seed: int
    checkpoint: str
    fingerprint: str

    def as_dict(self) -> dict[str, Any]:
        """Return tensors and plain values, as they stand in a file."""
        return {field.name: getattr(self, field.name) for field in fields(self)}

    @classmethod
    def from_dict(cls, content: Mapping[str, Any]) -> MisfitPrior:
        """Read :meth:`as_dict` back; raises ``ValueError`` for anything else."""
        kinds = {"error": 2, "identity_error": 1, "signature": 1}
        for field in fields(cls):
            value = content.get(field.name)
            if value is None or (field.name in kinds and getattr(value, "ndim", None) != kinds[field.name]):
                raise ValueError(f"no {field.name}")
        return cls(**{field.name: content[field.name] for field in fields(cls)})


def encoder_fingerprint(state_dict: Mapping[str, Tensor], prefix: str = "focus.encoder.") -> str:
    """Return 16 hexadecimal digits that no other encoder weights have."""
    digest = hashlib.blake2b(digest_size=8)
    for name in sorted(key for key in state_dict if key.startswith(prefix)):
        digest.update(name.encode())
        digest.update(state_dict[name].detach().cpu().contiguous().flatten().view(torch.uint8).numpy().data)
    return digest.hexdigest()


def misfit_prior_file(checkpoint: Path) -> Path:
    """Return where the prior of a checkpoint file lies: in its run folder, beside ``checkpoints``."""
    folder = checkpoint.parent.parent if checkpoint.parent.name == "checkpoints" else checkpoint.parent
    return folder / FILE_NAME


def read_misfit_prior(file: Path) -> MisfitPrior:
    """Read a prior; nothing is unpickled. Raises ``SeethroughError`` for a file that is none."""
    content = load_weights(file, f"build it with {BUILD} RUN")
    try:
        return MisfitPrior.from_dict(content)
    except (ValueError, TypeError, AttributeError) as error:
        reason = (str(error).splitlines() or [type(error).__name__])[0][:100]
        raise SeethroughError(f"{file} is no misfit prior ({reason}): build it with {BUILD} RUN") from None


def refuse_stale(prior: MisfitPrior, module: FocusModule, checkpoint: Path, where: Path) -> None:
    """Raise ``SeethroughError`` where a prior was measured for other weights or another face model."""
    name = checkpoint.name
    again = f"build it again with {BUILD} {where.parent}, or remove {where}"
    if prior.model != module.config.face_model.source or not _fits(prior, module):
        raise SeethroughError(f"{where} was measured with another face model ('{prior.model}') than {name}: {again}")
    if prior.fingerprint != encoder_fingerprint(module.state_dict()):
        raise SeethroughError(f"{where} was measured for {prior.checkpoint}, and {name} has other weights: {again}")


def attach_misfit_prior(module: FocusModule, checkpoint: Path, content: Mapping[str, Any], named: bool = False) -> None:
    """Load the prior of a run, if it has one; arguments and errors are those of :func:`misfit_prior_of`."""
    prior = misfit_prior_of(module, checkpoint, content, named)
    if prior is not None:
        module.focus.set_misfit_prior(prior.error, prior.identity_error)


def misfit_prior_of(
    module: FocusModule, checkpoint: Path, content: Mapping[str, Any], named: bool = False
) -> MisfitPrior | None:
    """Return the prior of a run, if it has one: out of a packed checkpoint, or from beside the checkpoints.

    Args:
        module: has the checkpoint's weights.
        checkpoint: its file.
        content: what that file holds.
        named: the user named this very file; a prior beside it that says it is another file's is then left alone.

    Raises:
        SeethroughError: the prior belongs to another checkpoint or face model.
    """
    stored = content.get("misfit_prior")
    if stored is not None:
        try:
            prior = MisfitPrior.from_dict(stored)
        except ValueError as error:
            raise SeethroughError(f"the misfit prior in {checkpoint} is broken ({error}): pack it again") from None
        if not _fits(prior, module):
            raise SeethroughError(f"the misfit prior in {checkpoint} is of another face model: pack it again")
        return prior
    where = misfit_prior_file(checkpoint)
    if not where.is_file():
        return None
    prior = read_misfit_prior(where)
    if named and prior.checkpoint != checkpoint.name:
        return None
    refuse_stale(prior, module, checkpoint, where)
    return prior


def _fits(prior: MisfitPrior, module: FocusModule) -> bool:
    model = module.focus.face_renderer.model
    shapes = (tuple(prior.error.shape), len(prior.identity_error))
    wanted = ((model.vertex_count, 3), model.sizes.identity)
    return shapes == wanted and same_model(prior.signature, model_signature(model))


def measure(
    predict: Callable[[Tensor], tuple[Tensor, Tensor]], batches: Iterable[tuple[Tensor, Tensor, Tensor]]
) -> tuple[Tensor, Tensor]:
    """Return (V, 3) mm and (I,) standard deviations: the mean of predicted minus true neutral faces, Eq. 11.

    Args:
        predict: from (B, 3, H, W) images to neutral vertices (B, V, 3) and identity coefficients (B, I).
        batches: images, true neutral vertices and true identity coefficients.

    Raises:
        ValueError: there is no face.
    """
    vertex_sum, identity_sum, count = torch.zeros((), dtype=torch.float64), torch.zeros((), dtype=torch.float64), 0
    for image, true_vertices, true_identity in batches:
        vertices, identity = predict(image)
        vertex_sum = vertex_sum + (vertices.cpu().double() - true_vertices.cpu().double()).sum(0)
        identity_sum = identity_sum + (identity.cpu().double() - true_identity.cpu().double()).sum(0)
        count += len(image)
    if not count:
        raise ValueError("the mean error of no faces")
    return (vertex_sum / count).float(), (identity_sum / count).float()
