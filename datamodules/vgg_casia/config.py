"""Settings of VGG-Face, VGGFace2 and CASIA-WebFace."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Literal

from datamodules.photos.config import PhotoConfig
from seethrough.errors import SeethroughError

Layout = Literal["auto", "vgg_face", "vggface2", "casia_folders", "casia_record"]


@dataclass
class VggCasiaConfig(PhotoConfig):
    """Settings of :class:`~datamodules.vgg_casia.datamodule.VggCasiaDataModule`."""

    root: str = ""
    """Folder of the data set, or a .rec file; read only to prepare it."""
    prepared: str = "data/prepared/vgg_casia"
    """Folder of aligned crops that `python -m tools.prepare_photos` writes; what trainings and evaluations read."""
    layout: Layout = "auto"
    """What lies in the root: files/PERSON.txt (vgg_face), train/n000002 (vggface2), 0000045/001.jpg (casia_folders),
    train.rec (casia_record); `auto` looks."""
    path_template: str = "images/{identity}/{id}.jpg"
    """vgg_face: where a downloaded photo lies, relative to the root; knows {identity}, {id}, {number} (the id without
    zeros), {url_name} and {url_stem}; without a suffix, any photo of that name is taken. On a command line, begin with
    `./` rather than a brace: ./{identity}/{id}.jpg."""
    only_downloaded: bool = False
    """vgg_face: pass over rows whose photo is not there, instead of naming each; many addresses are dead."""
    curated_only: bool = False
    """vgg_face: take rows with the curation flag alone."""
    minimum_score: float | None = None
    """vgg_face: pass over faces whose detection score is below this."""
    minimum_box: float = 0.0
    """vgg_face and vggface2: pass over faces whose box has a shorter side than this many px."""
    boxes: bool = True
    """vgg_face and vggface2: go by the data set's boxes where there are several faces in a photo."""
    list_file: str = "auto"
    """casia_folders: list of the photos to take; `auto` takes "cleaned list.txt" where it is there, empty takes all."""
    record_file: str = ""
    """casia_record: name of the record file in the root; empty for train.rec, or the only one."""
    verification_files: list[str] = field(default_factory=list)
    """casia_record: files such as lfw.bin beside the record file, whose photos become test sets of their names."""

    def __post_init__(self) -> None:
        super().__post_init__()
        if self.minimum_box < 0:
            raise SeethroughError(f"data.minimum_box={self.minimum_box} must not be negative")
