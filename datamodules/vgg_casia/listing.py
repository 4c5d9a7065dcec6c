"""Which of the layouts a folder has, and the listing of it."""

from __future__ import annotations

from pathlib import Path

from datamodules.photos.faults import Fault
from datamodules.photos.photo_folders import person_folders
from datamodules.photos.record import Listing
from datamodules.vgg_casia.casia_folders import PERSON as CASIA_PERSON
from datamodules.vgg_casia.casia_folders import list_casia_folders, people_root
from datamodules.vgg_casia.casia_record import list_casia_record, record_file
from datamodules.vgg_casia.config import Layout, VggCasiaConfig
from datamodules.vgg_casia.file_records import FileRecords
from datamodules.vgg_casia.packed_records import PackedRecords
from datamodules.vgg_casia.vgg_face import VggFaceFilter, list_vgg_face
from datamodules.vgg_casia.vggface2 import PERSON as VGGFACE2_PERSON
from datamodules.vgg_casia.vggface2 import list_vggface2, split_folders
from seethrough.errors import SeethroughError

EXPECTED = (
    "expected files/Aamir_Khan.txt (vgg_face), train/n000002/0001_01.jpg (vggface2), 0000045/001.jpg (casia_folders) "
    "or train.rec (casia_record)"
)


def listing(config: VggCasiaConfig) -> Listing:
    """List all faces of ``data.root``; reads tables and folders, no photo.

    Raises:
        SeethroughError: there is no such folder, its layout is unknown, or it lacks a file that nothing goes without.
    """
    root = Path(config.root).expanduser()
    if not config.root:
        raise SeethroughError("data.root is empty: give the folder of the data set, data.root=FOLDER")
    if not root.exists():
        raise SeethroughError(f"{root}: no such folder; check data.root")
    try:
        layout = find_layout(root) if config.layout == "auto" else config.layout
        records, faults = _listed(root, layout, config)
    except PermissionError as error:
        raise SeethroughError(f"{error.filename}: cannot be read; change its permissions") from error
    if not len(records) and not faults:
        raise SeethroughError(f"{root}: no photo found in the layout {layout}; {EXPECTED}")
    return Listing(records, faults)


def find_layout(root: Path) -> Layout:
    """Tell which layout a folder has.

    Raises:
        SeethroughError: none of them, or several.
    """
    if root.is_file():
        if root.suffix == ".rec":
            return "casia_record"
        raise SeethroughError(f"{root}: a file; data.root must be the folder of a data set, or a .rec file")
    found: list[Layout] = []
    if (root / "files").is_dir() and any(path.suffix.lower() == ".txt" for path in (root / "files").iterdir()):
        found.append("vgg_face")
    splits = split_folders(root).values()
    if any(VGGFACE2_PERSON.fullmatch(name) for split in splits for name in person_folders(root / split)):
        found.append("vggface2")
    if any(map(CASIA_PERSON.fullmatch, person_folders(people_root(root)))):
        found.append("casia_folders")
    if any(root.glob("*.rec")):
        found.append("casia_record")
    if len(found) == 1:
        return found[0]
    if found:
        raise SeethroughError(f"{root}: looks like {' and like '.join(found)}; choose one by data.layout")
    raise SeethroughError(f"{root}: no known layout; {EXPECTED}")


def _listed(root: Path, layout: Layout, config: VggCasiaConfig) -> tuple[FileRecords | PackedRecords, list[Fault]]:
    if layout == "casia_record":
        return list_casia_record(record_file(root, config.record_file), tuple(config.verification_files))
    if not root.is_dir():
        raise SeethroughError(f"{root}: a file; data.root must be a folder for the layout {layout}")
    if layout == "vgg_face":
        wanted = VggFaceFilter(config.curated_only, config.minimum_score, config.minimum_box)
        return list_vgg_face(
            root, config.path_template, wanted, only_downloaded=config.only_downloaded, boxes=config.boxes
        )
    if layout == "vggface2":
        return list_vggface2(root, boxes=config.boxes, minimum_box=config.minimum_box)
    return list_casia_folders(root, config.list_file)
