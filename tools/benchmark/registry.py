"""The sections of the benchmark: each is a mapping from case names to what measures them."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from importlib import import_module
from importlib.util import find_spec

from tools.benchmark.measuring import Measurement

Case = Callable[[], Measurement]


@dataclass(frozen=True)
class Section:
    """What is measured together.

    Attributes:
        group: the heading that it stands under.
        found: module and function that returns its cases; imported only when the section is asked for.
        item: what the numbers are per.
        reference: what is run in turn with the cases, for the table; empty where nothing is.
        needs: packages that may be missing.
        remedy: what brings them.
        gpu: whether it runs on a CUDA device alone.
        note: what a reader of the table has to know of its cases.
    """

    group: str
    found: str
    item: str
    reference: str = ""
    needs: tuple[str, ...] = ()
    remedy: str = ""
    gpu: bool = False
    note: str = ""

    def lack(self) -> str:
        """Return what it needs and this machine does not have, with the remedy, in a few words; "" for nothing."""
        missing = [name for name in self.needs if find_spec(name) is None]
        if self.gpu:
            import torch

            if not torch.cuda.is_available():
                return "needs a CUDA device"
        return f"needs {', '.join(missing)}: {self.remedy}" if missing else ""


_HERE = "tools.benchmark"
_ARITHMETIC = "the passes through the networks that the step cannot do without, as PyTorch's own layers and alone"

SECTIONS: dict[str, Section] = {
    "ceilings": Section("Machine", f"{_HERE}.ceiling_cases:cases", "call"),
    "renderer": Section(
        "Face model and renderer", f"{_HERE}.rendering.renderer:cases", "image",
        "the same in plain PyTorch operations and autograd in float64, visibility given",
        note="`antialias` and `edge`: with gradients of the outline, in two ways; `face`: decoded, posed and lit, too.",
    ),
    "decode": Section(
        "Face model and renderer", f"{_HERE}.rendering.decode:cases", "image",
        "the sum over modes of shape and albedo as three einsums of PyTorch",
        note="From coefficients to vertices and colours.",
    ),
    "neighbour_loss": Section(
        "FOCUS", f"{_HERE}.focus.neighbour_loss:cases", "image",
        "a colour norm for each shift of the window, in PyTorch",
    ),
    "reconstruction_step": Section(
        "FOCUS", f"{_HERE}.focus.training_steps:reconstruction_cases", "training image", _ARITHMETIC
    ),
    "segmentation_step": Section(
        "FOCUS", f"{_HERE}.focus.training_steps:segmentation_cases", "training image", _ARITHMETIC
    ),
    "em_cycle": Section("FOCUS", f"{_HERE}.focus.training_steps:cycle_cases", "training image", _ARITHMETIC),
    "training_loop": Section(
        "FOCUS", f"{_HERE}.focus.training_loop:cases", "training image", "the same steps in a bare PyTorch loop"
    ),
    "processes": Section(
        "FOCUS", f"{_HERE}.focus.process_steps:cases", "training image of one process", "the same in one process alone",
        note="Two processes train together on this machine.",
    ),
    "joint_training": Section(
        "FOCUS", f"{_HERE}.focus.joint_training:cases", "training image, on a GPU",
        needs=("nvdiffrast",), remedy="see the README's table of licences", gpu=True,
    ),
    "inference": Section(
        "FOCUS", f"{_HERE}.focus.inference:cases", "image",
        "the passes through encoder and segmentation network, as PyTorch's own layers and alone"
    ),
    "other_ways": Section(
        "FOCUS", f"{_HERE}.focus.other_ways:cases", "image", "what is done instead",
        note="What might be faster and is not done; why: tools/benchmark/results/changes.md.",
    ),
    "translator": Section(
        "Detail", f"{_HERE}.details.translator:cases", "image",
        "the network as PyTorch's own layers one after the other, in PyTorch's own memory layout",
    ),
    "shape_from_shading": Section(
        "Detail", f"{_HERE}.details.shape_from_shading:cases", "photo",
        "of the albedo step, SciPy's sparse factorisation of the same problem; of the others none",
        note="`kinect`, `ivcam`: the published settings for other depth cameras, which the papers refer to.",
    ),
    "hole_filling": Section(
        "Detail", f"{_HERE}.details.hole_filling:cases", "photo",
        "the paper's way in plain PyTorch: all distances, one reference, Poisson blending by conjugate gradients; of "
        "the membrane, SciPy's sparse factorisation",
        note="`default` mixes 64 references, `paper` takes one; `membrane`: no reference at all.",
    ),
    "soft_symmetry": Section(
        "Detail", f"{_HERE}.details.soft_symmetry:cases", "photo",
        "only the linear system of Eq. 9, by conjugate gradients in PyTorch",
        note="Cases are the whole completion: which vertices are seen, detail on them, factorisation, points of the "
        "other half; `release`: as the released code.",
    ),
    "stitching": Section(
        "Detail", f"{_HERE}.details.stitching:cases", "photo",
        note="Joining both halves' points to one mesh; `crossings left`: triangles that cross are not mended; `model's "
        "triangles`: no points are joined. No reference.",
    ),
    "photo_to_mesh": Section(
        "Detail", f"{_HERE}.details.photo_to_mesh:cases", "photo",
        note="The other rows are the stages of the first. Files are written by a second thread beside the stages that "
        "follow, so the clock shows less than the CPU. No reference.",
    ),
    "loader": Section(
        "Data and scores", f"{_HERE}.data.loader:cases", "image",
        "of the pool, PNG files in a DataLoader of PyTorch; of photos, Pillow decoding the JPEGs, a part of the work",
        note="`pool`: rendered before the training and read from disk; `live`: rendered for the batch.",
    ),
    "now_metric": Section(
        "Data and scores", f"{_HERE}.data.now_metric:cases", "scan",
        "the distances of all points to all triangles, once, in PyTorch (told from every 500th point)",
    ),
    "onnx": Section(
        "Deployment", f"{_HERE}.deployment.onnx_runtime:cases", "image", "the same network in PyTorch",
        needs=("onnx", "onnxruntime", "onnxscript"), remedy="pip install -e '.[onnx]'",
    ),
    "growth": Section(
        "How cost grows", f"{_HERE}.growth.curves:cases", "image or photo",
        "of the step, its networks' passes; of the others none",
        note="In the plot, blue is time on the left axis and orange memory on the right one; the dotted line is time "
        "in proportion to pixels, triangles or references, or to one over the threads, and the same for an image of "
        "any batch.",
    ),
}  # fmt: skip
"""Name -> section, in the order in which they run."""


def cases_of(section: str) -> Mapping[str, Case]:
    """Return the cases of a section, in the order in which they run."""
    module, function = SECTIONS[section].found.split(":")
    return getattr(import_module(module), function)()
