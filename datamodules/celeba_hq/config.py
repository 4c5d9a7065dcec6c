"""Settings of CelebAMask-HQ."""

from __future__ import annotations

from dataclasses import dataclass

from datamodules.photos.config import PhotoConfig


@dataclass
class CelebaHqConfig(PhotoConfig):
    """Settings of :class:`~datamodules.celeba_hq.datamodule.CelebaHqDataModule`."""

    root: str = ""
    """Folder `CelebAMask-HQ` as it unpacks, with the photos, the masks and the mapping file."""
    prepared: str = "data/prepared/celeba_hq"
    """Folder of aligned crops that `python -m tools.prepare_photos` writes; what trainings and evaluations read."""
    masks: bool = True
    """Merge the masks of the parts of a face to one of the visible face; a face without a skin mask is then a fault."""
    mapping: str = ""
    """File that says which CelebA photo each one is; empty to take `CelebA-HQ-to-CelebA-mapping.txt` from the root."""
    partition: str = ""
    """CelebA's `list_eval_partition.txt`; empty to look in and beside the root, and else split by photo number."""
    identities: str = ""
    """CelebA's `identity_CelebA.txt`; empty to look in and beside the root. Without it, people are unknown."""
    subsets: str = ""
    """List by `python -m tools.celeba_subsets`; empty to take `celeba_hq_subsets.csv` from the root if it is there."""
    landmarks: str = ""
    """CSV table `photo,x1,y1,...,x68,y68`; a detector finds the landmarks of photos that it does not name."""
