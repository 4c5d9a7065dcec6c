"""What a face model holds, in numbers and in words."""

from __future__ import annotations

import torch

from seethrough.morphable import FaceModel


def inspect_face_model(model: FaceModel) -> dict[str, int]:
    """Count what is in a model; the keys are public.

    Returns:
        ``vertices``, ``triangles``, ``identity_modes``, ``expression_modes``, ``albedo_modes``, ``landmarks``,
        ``now_landmarks`` and ``mirror_pairs`` (pairs of two different vertices; midline vertices are not counted).
    """
    indices = torch.arange(model.vertex_count)
    return {
        "vertices": model.vertex_count,
        "triangles": len(model.triangles),
        "identity_modes": model.sizes.identity,
        "expression_modes": model.sizes.expression,
        "albedo_modes": model.sizes.albedo,
        "landmarks": len(model.landmarks),
        "now_landmarks": len(model.now_landmarks),
        "mirror_pairs": int((model.mirror.cpu() > indices).sum()),
    }


def describe(model: FaceModel) -> str:
    """Return the counts, the extent and the strongest modes as lines for a person."""
    extent = (model.mean.amax(0) - model.mean.amin(0)).tolist()
    lines = [model.name, f"  {model.provenance}"] if model.provenance else [model.name]
    lines += [f"  {key.replace('_', ' '):18s}{value:>9,d}" for key, value in inspect_face_model(model).items()]
    lines += [f"  {'width height depth':18s}" + "".join(f"{length:9.1f}" for length in extent) + "  mm"]
    for name, basis in (("identity", model.identity_basis), ("expression", model.expression_basis)):
        rms = basis[:5].square().sum(-1).mean(1).sqrt().tolist()
        if rms:
            lines += [
                f"  {name + ' rms':18s}" + "".join(f"{value:9.2f}" for value in rms) + "  mm per sigma, first modes"
            ]
    lines += [f"  {'regions':18s}  {', '.join(model.regions) or 'none'}"]
    lines += [f"  {'named actions':18s}  {len(model.expression_units)}"]
    return "\n".join(lines)
