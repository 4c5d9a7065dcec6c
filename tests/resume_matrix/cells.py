"""What is trained in the matrix: tiny trainings of real methods on real data modules."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

from datamodules.photos.preparing.shard_writing import write_shards
from tests.datamodules.bump.targets import targets_folder
from tests.datamodules.photos.prepared import prepared_folder

SIDE, FACES, VALIDATED = 32, 14, 4
STAGES = ("initialisation", "pretraining", "em")
"""Warm starts belong to the first one; kills may fall on the first and the last step of each."""

_SHARED = (
    "checkpoint.every_steps=3", "checkpoint.keep=2", "trainer.accelerator=cpu", "trainer.log_every_n_steps=2",
    "trainer.limit_val_batches=1", "trainer.enable_progress_bar=false", "data.batch_size=2", "seed=3",
)  # fmt: skip
_FOCUS = (
    "focus", "preset/small", f"model.image_size={SIDE}", "model.encoder.widths=[4,8,8,8]", "model.encoder.hidden=16",
    "model.face_model.identity=6", "model.face_model.expression=4", "model.face_model.albedo=4",
    "model.segmentation.widths=[4,4,8,8]", "model.segmentation.dropout=0.2", "model.augmentation.kind=cutout",
    "model.schedule.landmark_steps=3", "model.schedule.colour_steps=2", "model.schedule.initialisation_steps=4",
    "model.schedule.pretraining_steps=4", "model.schedule.em_steps=8", "model.schedule.cycle_segmentation_steps=2",
    "model.schedule.cycle_reconstruction_steps=2", "model.schedule.final_segmentation_steps=2",
    "model.segmentation_optimiser.algorithm=adadelta",
)  # fmt: skip
_BUMP = (
    "preset/bump_small", "model.translator.width=4", "model.translator.depth=2", "model.schedule.steps=14",
    "model.baseline_images=8", "trainer.precision=32-true", "trainer.val_check_interval=4",
)  # fmt: skip


@dataclass(frozen=True)
class Training:
    """One training of the matrix, which all its cells share.

    Attributes:
        data: kind of data: ``synthetic``, ``photos``, ``shards`` or ``bump`` (photos with bump maps, the other method).
        processes: that train side by side.
        workers: processes that load data, for each of them.
    """

    data: str
    processes: int
    workers: int

    @property
    def name(self) -> str:
        """The name of the run, and of its folders."""
        return f"{self.data}-{self.processes}-{self.workers}"

    @property
    def stages(self) -> Sequence[str]:
        """The stages that it goes through."""
        return ("all",) if self.data == "bump" else STAGES

    def steps(self, stage: str) -> tuple[int, int]:
        """Return the first step of a stage and the step behind its last one."""
        return {"all": (0, 14), "initialisation": (0, 9), "pretraining": (9, 13), "em": (13, 23)}[stage]

    def arguments(self, data: Path) -> list[str]:
        """Return what ``experiments.train`` is given; ``data`` is the folder of :func:`write_data`."""
        method = _BUMP if self.data == "bump" else _FOCUS
        words = [*method, *_SHARED, f"trainer.devices={self.processes}", f"data.workers={self.workers}"]
        if self.data == "synthetic":
            words += [
                "data/synthetic", f"data.size={FACES}", f"data.validation_size={VALIDATED}", f"data.folder={data}",
                f"data.scene.image_size={SIDE}", "data.render_processes=1",
            ]  # fmt: skip
        elif self.data == "bump":
            words += ["data/bump", f"data.prepared={data / 'bump'}", f"data.image_size={SIDE}"]
        else:
            place = f"data.{'shards' if self.data == 'shards' else 'prepared'}={data / self.data}"
            words += ["data/photos", "augmentation/release", place, f"data.image_size={SIDE}"]
        if self.data == "shards":  # epochs that no validation ends
            words.append("trainer.limit_val_batches=0")
        return [*words, f"name={self.name}", "out=runs", "resume=auto"]


def write_data(kind: str, folder: Path) -> None:
    """Write the faces of one kind of data, unless they are there."""
    target = folder / kind
    if kind == "synthetic" or target.exists():  # the first start renders its pool
        return
    splits = ["train"] * FACES + ["validation"] * VALIDATED
    rows = [{"id": f"face-{number:03d}", "split": split} for number, split in enumerate(splits)]
    if kind == "bump":
        targets_folder(target, rows)
        return
    prepared_folder(folder / "photos", rows, masks=True)
    if kind == "shards":
        write_shards(folder / "photos", target, 4, progress=False)
