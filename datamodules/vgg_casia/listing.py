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
    note = ""
    try:
        layout = config.layout
        if layout == "auto":
            layout, seen = find_layout(root)
            note = f"{root} is read in the layout {layout}, for there is {seen}; data.layout chooses another"
        records, faults = _listed(root, layout, config)
    except PermissionError as error:
        raise SeethroughError(f"{error.filename}: cannot be read; change its permissions") from error
    if not len(records) and not faults:
        if layout == "vgg_face":
            where = f"data.path_template={config.path_template}"
            raise SeethroughError(
                f"{root}: no photo of the lists in {root / 'files'} lies where {where} says; correct it"
            )
        raise SeethroughError(f"{root}: no photo found in the layout {layout}; {EXPECTED}")
    return Listing(records, faults, note)


def find_layout(root: Path) -> tuple[Layout, str]:
    """Tell which layout a folder has, and what shows it.

    Raises:
        SeethroughError: none of them, several, or one in a folder that lies beside others.
    """
    if root.is_file():
        if root.suffix == ".rec":
            return "casia_record", root.name
        raise SeethroughError(f"{root}: a file; data.root must be the folder of a data set, or a .rec file")
    found: dict[Layout, Path] = {}
    lists = root / "files"
    if lists.is_dir() and (named := min((p for p in lists.iterdir() if p.suffix.lower() == ".txt"), default=None)):
        found["vgg_face"] = named
    splits = [root / split for split in split_folders(root).values()]
    people = [split / name for split in splits for name in person_folders(split) if VGGFACE2_PERSON.fullmatch(name)]
    if people:
        found["vggface2"] = people[0]
    folders = people_root(root)
    people = [folders / name for name in person_folders(folders) if CASIA_PERSON.fullmatch(name)]
    if people:
        found["casia_folders"] = people[0]
    if record := min(root.glob("*.rec"), default=None):
        found["casia_record"] = record
    if len(found) > 1:
        raise SeethroughError(f"{root}: looks like {' and like '.join(found)}; choose one by data.layout")
    if not found:
        raise SeethroughError(f"{root}: no known layout; {EXPECTED}")
    (layout, seen), *_ = found.items()
    beside = [name for name in person_folders(root) if root / name != folders]
    if layout == "casia_folders" and folders != root and beside:
        raise SeethroughError(
            f"{root}: {folders.name} in it looks like casia_folders, and there are other folders ({_named(beside)}): "
            f"give the data set itself, data.root={folders}"
        )
    return layout, str(seen.relative_to(root))


def _named(names: list[str]) -> str:
    return ", ".join(names[:3]) + (f" and {len(names) - 3} more" if len(names) > 3 else "")


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
