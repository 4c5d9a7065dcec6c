"""How well the model's landmark vertices agree with dlib's detector on rendered random people."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass

import numpy as np
import torch
from numpy.typing import NDArray

from seethrough.errors import SeethroughError
from seethrough.morphable import FaceModel, FaceParameters
from seethrough.photos.detection import FaceDetector, choose_faces
from seethrough.rendering.camera import focus_camera
from seethrough.rendering.face_renderer import FaceRenderer
from tools.face_model.preview import directional_light

IMAGE_SIZE = 224  # px, as FOCUS crops faces
BATCH = 8
EXPRESSION_SHARE = 0.5  # of a standard deviation: mostly near rest, as people in photos
POSE_SPREAD = (0.06, 0.2, 0.05)  # rad: pitch, yaw, roll
GREY = 0.42  # background: with neither hair nor neck, a head stands out from it whatever its skin
GROUPS: dict[str, range] = {
    "jaw": range(17),
    "brows": range(17, 27),
    "nose": range(27, 36),
    "eyes": range(36, 48),
    "mouth": range(48, 68),
}


@dataclass(frozen=True)
class Agreement:
    """Distances between projected landmark vertices and detected landmarks.

    Attributes:
        people: faces that were rendered.
        offsets: (N, 68, 2) px, detected minus projected, x to the right and y down; N faces that were detected.
    """

    people: int
    offsets: NDArray[np.float64]

    @property
    def distance(self) -> NDArray[np.float64]:
        """(68,) px, mean over people."""
        return np.linalg.norm(self.offsets, axis=2).mean(0)

    @property
    def bias(self) -> NDArray[np.float64]:
        """(68, 2) px, median over people: what moving the vertices could take away."""
        return np.median(self.offsets, axis=0)


def random_people(model: FaceModel, count: int, seed: int) -> Iterator[FaceParameters]:
    """Yield batches of random people under a soft lamp, seen nearly from the front; the same for the same seed."""
    generator = torch.Generator().manual_seed(seed)
    light = directional_light((0.3, -0.5, -1.0), 0.45, 0.6)

    def normal(*shape: int) -> torch.Tensor:
        return torch.randn(*shape, generator=generator)

    for start in range(0, count, BATCH):
        batch = min(BATCH, count - start)
        people = FaceParameters.zeros(model.sizes, batch)
        people.identity = normal(*people.identity.shape)
        people.expression = EXPRESSION_SHARE * normal(*people.expression.shape)
        people.albedo = normal(*people.albedo.shape)
        people.rotation = normal(batch, 3) * torch.tensor(POSE_SPREAD)
        people.illumination = light.expand(batch, 27).clone()
        yield people


def landmark_agreement(model: FaceModel, detector: FaceDetector, people: int, seed: int = 0) -> Agreement:
    """Render random people and compare the detector's 68 landmarks with the projected vertices.

    Args:
        model: a face model with albedo.
        detector: usually dlib's.
        people: faces to render.
        seed: of identities, colours, expressions and poses.

    Raises:
        SeethroughError: the detector found none of the faces.
    """
    renderer = FaceRenderer(model, focus_camera(IMAGE_SIZE), ambient=0.0, backend="cpu", threads=1)
    found: list[NDArray[np.float64]] = []
    for parameters in random_people(model, people, seed):
        with torch.no_grad():
            drawn = renderer(parameters)
        images = drawn.image.clamp(0, 1) * drawn.mask + GREY * (1 - drawn.mask)
        photos = (images.permute(0, 2, 3, 1) * 255).round().byte().numpy()
        for photo, projected in zip(photos, drawn.landmarks.double().numpy(), strict=True):
            faces = choose_faces(detector.faces(photo))
            if faces:
                found.append(faces[0].landmarks - projected)
    if not found:
        raise SeethroughError(f"{model.name}: the detector saw a face in none of {people} pictures; render more people")
    return Agreement(people, np.stack(found))


def agreement_by_group(agreement: Agreement) -> dict[str, dict[str, float]]:
    """Return group -> ``distance`` (mean), ``bias`` (mean length of the median offsets) and ``down`` (their mean y).

    All in px at IMAGE_SIZE; the groups are GROUPS and ``all``. Left and right cancel over both sides of the face, so
    there is no ``right``.
    """
    table = {}
    for name, members in {**GROUPS, "all": range(68)}.items():
        bias = agreement.bias[list(members)]
        table[name] = {
            "distance": float(agreement.distance[list(members)].mean()),
            "bias": float(np.linalg.norm(bias, axis=1).mean()),
            "down": float(bias[:, 1].mean()),
        }
    return table


def describe_agreement(agreement: Agreement) -> str:
    """Return the groups as a table for a person."""
    lines = [
        f"{len(agreement.offsets)} of {agreement.people} rendered people detected; px at {IMAGE_SIZE} px",
        f"{'group':8s}{'distance':>10s}{'bias':>8s}{'down':>8s}",
    ]
    for name, row in agreement_by_group(agreement).items():
        lines.append(f"{name:8s}{row['distance']:10.2f}{row['bias']:8.2f}{row['down']:8.2f}")
    return "\n".join(lines)
