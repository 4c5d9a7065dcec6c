"""The methods and data sets that a config can choose, by name.

Classes are named as ``package.module:Class`` and imported on use, so that ``--help`` and a mistyped key need not wait
for Lightning.
"""

from __future__ import annotations

from importlib import import_module
from typing import Any

from experiments.config.entries import DataSet, Method

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

_FITTING = ("focus",)
"""Methods for pictures of faces whose relief nobody knows."""

DATA_SETS: dict[str, DataSet] = {
    "synthetic": DataSet(
        config="datamodules.synthetic.config:SyntheticConfig",
        module="datamodules.synthetic.datamodule:SyntheticDataModule",
        incidental=("data.folder", "data.workers", "data.render_processes"),
        methods=_FITTING,
    ),
    "detail": DataSet(
        config="datamodules.detail.config:DetailConfig",
        module="datamodules.detail.datamodule:DetailDataModule",
        incidental=("data.folder", "data.workers", "data.render_processes"),
        methods=("bump",),
    ),
    "people": DataSet(
        config="datamodules.people.config:PeopleConfig",
        module="datamodules.people.datamodule:PeopleDataModule",
        incidental=("data.folder", "data.workers", "data.render_processes"),
        methods=("bump", "recognition"),
    ),
    "photos": DataSet(
        config="datamodules.photos.config:PhotoConfig",
        module="datamodules.photos.datamodule:PhotoDataModule",
        incidental=_PHOTO_INCIDENTAL,
        methods=_FITTING,
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
        methods=_FITTING,
    ),
    "focus_release": DataSet(
        config="datamodules.focus_release.config:FocusReleaseConfig",
        module="datamodules.focus_release.datamodule:FocusReleaseDataModule",
        incidental=(*_PHOTO_INCIDENTAL, "data.test_table"),
        methods=_FITTING,
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
        methods=_FITTING,
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
        methods=_FITTING,
    ),
    "now": DataSet(
        config="datamodules.now.config:NowConfig",
        module="datamodules.now.datamodule:NowDataModule",
        incidental=(*_PHOTO_INCIDENTAL, "data.lists", "data.crop"),
        methods=_FITTING,
    ),
    "lfw": DataSet(
        config="datamodules.lfw.config:LfwConfig",
        module="datamodules.lfw.datamodule:LfwDataModule",
        incidental=(*_PHOTO_INCIDENTAL, "data.folder", "data.pairs", "data.all_photos"),
        methods=_FITTING,
    ),
    "bump": DataSet(
        config="datamodules.bump.config:BumpTargetsConfig",
        module="datamodules.bump.datamodule:BumpTargetsDataModule",
        incidental=_PHOTO_INCIDENTAL,
        methods=("bump", "recognition"),
    ),
}


def data_sets_of(method: str) -> list[str]:
    """Return the names of the data sets that fit a method."""
    return [name for name, data_set in DATA_SETS.items() if data_set.fits(method)]


def load_class(path: str) -> Any:
    """Return the class that ``package.module:Class`` names."""
    module, _, name = path.partition(":")
    return getattr(import_module(module), name)
