"""The methods and data sets that a config can choose, by name.

Classes are named as ``package.module:Class`` and imported on use, so that ``--help`` and a mistyped key need not wait
for Lightning.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from importlib import import_module
from typing import Any


@dataclass(frozen=True)
class Method:
    """A training method: the dataclass of its settings and the LightningModule that takes it as its only argument."""

    config: str
    """Import path of the dataclass."""
    module: str
    """Import path of the LightningModule; built as ``module(config)``."""
    manual_optimisation: bool = False
    """The module steps its optimisers itself and leaves parameters unused in some steps."""
    ends_itself: bool = False
    """The module stops the trainer when its schedule is done, so no limit on epochs is needed."""
    evaluation: str | None = None
    """Import path of the :class:`~experiments.evaluation.method_evaluation.MethodEvaluation` of its runs."""
    progress: str | None = None
    """Import path of a callback, built without arguments, that replaces Lightning's progress bar."""
    warm_up: str | None = None
    """Import path of a function, called without arguments before a training on the CPU, that compiles what would stall
    the first step."""
    without_download: str | None = None
    """Import path of a function that returns settings whose networks are built without a download, and a line on what
    is left out for that, empty where nothing is; for ``--check``."""
    refused: Mapping[str, str] = field(default_factory=dict)
    """Trainer settings that cannot work with this method, and what to do instead."""
    incidental: tuple[str, ...] = ()
    """Settings that do not change what is learned, so that a resumed run may change them."""


@dataclass(frozen=True)
class DataSet:
    """A source of samples: the dataclass of its settings and the LightningDataModule that takes it."""

    config: str
    """Import path of the dataclass."""
    module: str
    """Import path of the LightningDataModule; built as ``module(config)``."""
    incidental: tuple[str, ...] = ()
    """Settings that do not change the samples, so that a resumed run may change them."""


METHODS: dict[str, Method] = {
    "focus": Method(
        config="lightning_modules.focus.config:FocusConfig",
        module="lightning_modules.focus.lightning_model:FocusModule",
        manual_optimisation=True,
        ends_itself=True,
        evaluation="experiments.evaluation.focus:FocusRunEvaluation",
        progress="lightning_modules.focus.progress:StageProgress",
        warm_up="seethrough.rendering:warm_up",
        without_download="lightning_modules.focus.pretrained_encoder:without_download",
        incidental=("model.renderer.backend", "model.schedule.last_stage"),
        refused={
            "trainer.gradient_clip_val": "the two networks are clipped one by one; "
            "use model.encoder_optimiser.clip_norm and model.segmentation_optimiser.clip_norm",
            "trainer.accumulate_grad_batches": "it steps its optimisers itself; use model.accumulate_batches",
        },
    ),
    "bump": Method(
        config="lightning_modules.bump.config:BumpConfig",
        module="lightning_modules.bump.lightning_model:BumpModule",
        ends_itself=True,
        evaluation="experiments.evaluation.bump:BumpRunEvaluation",
        progress="lightning_modules.step_progress:StepProgress",
        incidental=("model.translator.weights",),
        refused={"trainer.gradient_clip_val": "use model.optimiser.clip_norm"},
    ),
    "recognition": Method(
        config="lightning_modules.recognition.config:RecognitionConfig",
        module="lightning_modules.recognition.lightning_model:RecognitionModule",
        ends_itself=True,
        evaluation="experiments.evaluation.recognition:RecognitionRunEvaluation",
        progress="lightning_modules.step_progress:StepProgress",
        without_download="lightning_modules.recognition.building:without_download",
        incidental=("model.network.weights",),
        refused={"trainer.gradient_clip_val": "use model.optimiser.clip_norm"},
    ),
}

_PHOTO_INCIDENTAL = (
    "data.root",
    "data.prepared",
    "data.workers",
    "data.detector",
    "data.test_split",
    "data.subset",
)
"""Of every family of photos."""

DATA_SETS: dict[str, DataSet] = {
    "synthetic": DataSet(
        config="datamodules.synthetic.config:SyntheticConfig",
        module="datamodules.synthetic.datamodule:SyntheticDataModule",
        incidental=("data.folder", "data.workers", "data.render_processes"),
    ),
    "detail": DataSet(
        config="datamodules.detail.config:DetailConfig",
        module="datamodules.detail.datamodule:DetailDataModule",
        incidental=("data.folder", "data.workers", "data.render_processes"),
    ),
    "people": DataSet(
        config="datamodules.people.config:PeopleConfig",
        module="datamodules.people.datamodule:PeopleDataModule",
        incidental=("data.folder", "data.workers", "data.render_processes"),
    ),
    "photos": DataSet(
        config="datamodules.photos.config:PhotoConfig",
        module="datamodules.photos.datamodule:PhotoDataModule",
        incidental=_PHOTO_INCIDENTAL,
    ),
    "celeba_hq": DataSet(
        config="datamodules.celeba_hq.config:CelebaHqConfig",
        module="datamodules.celeba_hq.datamodule:CelebaHqDataModule",
        incidental=(
            *_PHOTO_INCIDENTAL,
            "data.masks",
            "data.mapping",
            "data.partition",
            "data.identities",
            "data.subsets",
            "data.landmarks",
        ),
    ),
    "focus_release": DataSet(
        config="datamodules.focus_release.config:FocusReleaseConfig",
        module="datamodules.focus_release.datamodule:FocusReleaseDataModule",
        incidental=(*_PHOTO_INCIDENTAL, "data.test_table"),
    ),
    "vgg_casia": DataSet(
        config="datamodules.vgg_casia.config:VggCasiaConfig",
        module="datamodules.vgg_casia.datamodule:VggCasiaDataModule",
        incidental=(
            *_PHOTO_INCIDENTAL,
            "data.layout",
            "data.path_template",
            "data.only_downloaded",
            "data.record_file",
            "data.verification_files",
        ),
    ),
    "ar": DataSet(
        config="datamodules.ar.config:ArConfig",
        module="datamodules.ar.datamodule:ArDataModule",
        incidental=(
            *_PHOTO_INCIDENTAL,
            "data.format",
            "data.raw_order",
            "data.masks",
            "data.masked_only",
            "data.other",
        ),
    ),
    "now": DataSet(
        config="datamodules.now.config:NowConfig",
        module="datamodules.now.datamodule:NowDataModule",
        incidental=(*_PHOTO_INCIDENTAL, "data.lists", "data.crop"),
    ),
    "lfw": DataSet(
        config="datamodules.lfw.config:LfwConfig",
        module="datamodules.lfw.datamodule:LfwDataModule",
        incidental=(*_PHOTO_INCIDENTAL, "data.folder", "data.pairs", "data.all_photos"),
    ),
    "bump": DataSet(
        config="datamodules.bump.config:BumpTargetsConfig",
        module="datamodules.bump.datamodule:BumpTargetsDataModule",
        incidental=_PHOTO_INCIDENTAL,
    ),
}


def load_class(path: str) -> Any:
    """Return the class that ``package.module:Class`` names."""
    module, _, name = path.partition(":")
    return getattr(import_module(module), name)
