"""Write the list of the occluded and unoccluded test photos of CelebA-HQ.

python -m tools.celeba_subsets CelebAMask-HQ
python -m tools.celeba_subsets CelebAMask-HQ --out data/celeba_hq_subsets.csv --jobs 8

The list follows from the masks and a fixed seed alone, so that everybody who has the same data set gets the same one:
compare its SHA-256. It lies in the data set's own folder, where a preparation finds it; a list elsewhere (--out) is
named by data.subsets=FILE. The rule is told in datamodules/celeba_hq/subsets.py.
"""

from __future__ import annotations

import argparse
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import TYPE_CHECKING

from experiments.command_line import run
from seethrough.errors import SeethroughError

if TYPE_CHECKING:
    from datamodules.celeba_hq.subsets import Measured
    from datamodules.photos.faults import Fault
    from datamodules.photos.record import PhotoRecord

PROGRAM = "python -m tools.celeba_subsets"


def main(arguments: list[str]) -> int:
    """Measure all test photos, draw, write."""
    options = _parser().parse_args(arguments)
    if options.jobs < 1:
        raise SeethroughError(f"--jobs {options.jobs} must be at least 1")
    from datamodules.celeba_hq.celeba_tables import OFFICIAL_SPLIT
    from datamodules.celeba_hq.config import CelebaHqConfig
    from datamodules.celeba_hq.layout import data_set_folder
    from datamodules.celeba_hq.listing import NOT_THERE, ids_of_other_splits, listing
    from datamodules.celeba_hq.subset_file import SUBSETS_FILE
    from datamodules.celeba_hq.subsets import COUNTS, draw, subset_table, table_digest
    from datamodules.photos.faults import SHOWN, refuse_or_skip

    config = CelebaHqConfig(root=options.root, mapping=options.mapping, partition=options.partition)
    found = listing(config, subsets=False)
    others = ids_of_other_splits(config)
    # The list is drawn from test photos: what is wrong with the others, or that they are not there, changes nothing.
    faults = [fault for fault in found.faults if not fault.id or fault.id not in others]
    absent = [fault for fault in faults if fault.what == NOT_THERE]
    if len(absent) > SHOWN and not options.skip_bad:
        raise SeethroughError(
            f"{options.root}: {len(absent):,} test photos of the mapping are not there, the first is "
            f"{absent[0].where}; complete the data set, or draw from those that are there by --skip-bad: not the list "
            "that others have"
        )
    left_out = refuse_or_skip(faults, "CelebA-HQ", options.skip_bad, setting="--skip-bad")
    records = [record for record in found.records if record.split == "test" and record.id not in left_out]
    if not records:
        raise SeethroughError(f"{options.root}: no photo of the test split is there, so there is nothing to draw from")
    measured, faults = _measure_all(records, options.jobs)
    refuse_or_skip(faults, "CelebA-HQ", options.skip_bad, setting="--skip-bad")
    drawn = draw(measured)
    table = subset_table(measured, drawn)
    out = Path(options.out) if options.out else data_set_folder(Path(options.root)) / SUBSETS_FILE
    try:
        out.parent.mkdir(parents=True, exist_ok=True)
        out.write_bytes(table.encode())
    except OSError as error:
        raise SeethroughError(f"{out}: cannot be written ({error.strerror}); name another file by --out") from error
    for kind, wanted in COUNTS.items():
        candidates = sum(each.kind == kind for each in measured)
        drawn_count = sum(each == kind for each in drawn.values())
        print(f"{kind}: {drawn_count} of {candidates} photos" + (f", wanted {wanted}" if candidates < wanted else ""))
    if len(measured) != (whole := OFFICIAL_SPLIT["test"]):
        print(f"{len(measured)} test photos, the data set has {whole}: the list of the whole data set is another one")
    print(f"{out}: sha256 {table_digest(table)}")
    return 0


def _measure_all(records: list[PhotoRecord], jobs: int) -> tuple[list[Measured], list[Fault]]:
    from tqdm import tqdm

    from datamodules.celeba_hq.face_mask import PartMasks
    from datamodules.celeba_hq.subsets import Measured, measure
    from datamodules.photos.faults import Fault

    def one(record: PhotoRecord) -> Measured | Fault:
        assert isinstance(record.mask, PartMasks)
        try:
            return measure(record.id, record.mask)
        except SeethroughError as error:
            where, _, what = str(error).partition(": ")
            return Fault(where, what, record.id)

    # Decoding PNGs leaves the interpreter to the other threads.
    with ThreadPoolExecutor(jobs) as pool:
        results = list(
            tqdm(pool.map(one, records), total=len(records), desc="reading masks", unit="photo", disable=None)
        )
    measured = [result for result in results if isinstance(result, Measured)]
    return measured, [result for result in results if isinstance(result, Fault)]


def _parser() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(PROGRAM, description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("root", metavar="FOLDER", help="the unpacked CelebAMask-HQ")
    parser.add_argument("--out", metavar="FILE", help="list to write; default celeba_hq_subsets.csv in FOLDER")
    parser.add_argument("--mapping", default="", metavar="FILE", help="CelebA-HQ-to-CelebA-mapping.txt from elsewhere")
    parser.add_argument("--partition", default="", metavar="FILE", help="CelebA's list_eval_partition.txt")
    parser.add_argument("--jobs", type=int, default=2, metavar="N", help="threads that read masks; default 2")
    parser.add_argument("--skip-bad", action="store_true", help="go on without photos whose files are bad")
    return parser


if __name__ == "__main__":
    run(main)
