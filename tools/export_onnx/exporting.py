"""One network to ONNX, and the proof that onnxruntime gives what PyTorch gives."""

from __future__ import annotations

import logging
import os
import warnings
from collections.abc import Mapping, Sequence
from contextlib import redirect_stderr, redirect_stdout
from importlib.util import find_spec
from io import StringIO
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np
import torch
from torch import Tensor
from torch.nn import functional

from seethrough.errors import SeethroughError

if TYPE_CHECKING:
    from onnxruntime import InferenceSession

    from tools.export_onnx.networks import ExportedNetwork

NEEDED = ("onnx", "onnxruntime", "onnxscript")
TOLERANCE = 1e-4
"""Of an output's largest value, and of 1 where that is smaller."""

_BATCHES = (1, 3)  # another one than the example's, so that the batch is seen to be free


def require_onnx() -> None:
    """Raise ``SeethroughError`` where one of the packages that exporting needs is not installed."""
    missing = [name for name in NEEDED if find_spec(name) is None]
    if missing:
        raise SeethroughError(f"ONNX files need {' and '.join(missing)}, not installed here: pip install -e '.[onnx]'")


def exported_bytes(exported: ExportedNetwork) -> bytes:
    """Return the network as an ONNX file, its batch free, with its metadata."""
    import onnx

    model = _traced(exported)
    onnx.helper.set_model_props(model, dict(exported.metadata))
    model.domain, model.model_version = "seethrough", 1
    model.doc_string = f"{exported.name} of Seethrough: {', '.join(exported.inputs)} to {', '.join(exported.outputs)}"
    return model.SerializeToString()


def _traced(exported: ExportedNetwork) -> Any:
    images = pictures(2, exported.size, len(exported.inputs))
    free = {name: {0: torch.export.Dim("batch")} for name in exported.inputs}
    logging.getLogger("torch.onnx").setLevel(logging.ERROR)
    # It tells its progress and advice for those who write networks.
    with warnings.catch_warnings(), redirect_stdout(StringIO()), redirect_stderr(StringIO()):
        warnings.simplefilter("ignore")
        program = torch.onnx.export(
            exported.network.eval(),
            images,
            dynamo=True,
            input_names=exported.inputs,
            output_names=exported.outputs,
            dynamic_shapes=free,
            external_data=False,
            verbose=False,
        )
    assert program is not None
    return program.model_proto


def session(content: bytes, threads: int) -> InferenceSession:
    """Return what runs an ONNX file on the CPU."""
    import onnxruntime

    options = onnxruntime.SessionOptions()
    options.intra_op_num_threads = threads
    options.inter_op_num_threads = 1
    return onnxruntime.InferenceSession(content, options, providers=["CPUExecutionProvider"])


def largest_difference(exported: ExportedNetwork, content: bytes) -> float:
    """Return the largest difference between onnxruntime's and PyTorch's outputs, in the sense of :data:`TOLERANCE`."""
    runtime, worst = session(content, torch.get_num_threads()), 0.0
    for batch in _BATCHES:
        images = pictures(batch, exported.size, len(exported.inputs))
        with torch.no_grad():
            expected: Sequence[Tensor] = exported.network.eval()(*images)
        found: list[Any] = runtime.run(None, as_feed(exported.inputs, images))
        for ours, theirs in zip(expected, found, strict=True):
            if tuple(ours.shape) != theirs.shape or not np.isfinite(theirs).all():
                return float("inf")
            scale = max(1.0, float(ours.abs().max()) if ours.numel() else 0.0)
            change = np.abs(ours.numpy() - theirs)
            worst = max(worst, float(change.max(initial=0.0)) / scale)
    return worst


def as_feed(names: Sequence[str], images: Sequence[Tensor]) -> Mapping[str, np.ndarray]:
    """Return what onnxruntime takes."""
    return {name: image.numpy() for name, image in zip(names, images, strict=True)}


def pictures(batch: int, size: int, count: int) -> tuple[Tensor, ...]:
    """Return ``count`` tensors (batch, 3, size, size) in [0, 1] with coarse and fine structure."""
    generator = torch.Generator().manual_seed(batch)
    made = []
    for _ in range(count):
        coarse = torch.rand(batch, 3, 5, 5, generator=generator)
        fine = torch.rand(batch, 3, size, size, generator=generator)
        made.append(0.8 * functional.interpolate(coarse, (size, size), mode="bilinear") + 0.2 * fine)
    return tuple(made)


def write(content: bytes, file: Path) -> None:
    """Write a file in one piece; raises ``SeethroughError`` where it cannot be."""
    temporary = file.with_name(file.name + ".partial")
    try:
        temporary.write_bytes(content)
        os.replace(temporary, file)
    except OSError as error:
        raise SeethroughError(f"cannot write {file}: {error.strerror}") from None
