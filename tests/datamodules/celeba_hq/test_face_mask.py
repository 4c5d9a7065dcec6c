"""The visible face merged from masks of parts."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest
from PIL import Image

from datamodules.celeba_hq.face_mask import COVERS, FACE, PartMasks, resized, visible_face
from seethrough.errors import SeethroughError
from tests.datamodules.celeba_hq.trees import CelebaTree, face_parts, part_mask

GLASSES = [(17, 23, 30, 34), (34, 23, 47, 34)]


def source(tree: CelebaTree, index: int = 0) -> PartMasks:
    folder = tree.mask_path(index, "skin").parent
    return PartMasks(folder, f"{index:05d}", tuple(path.name[5:] for path in sorted(folder.iterdir())))


def test_every_part_of_a_face_counts_and_everything_before_it_does_not() -> None:
    here = np.zeros((4, 4), dtype=bool)
    here[1, 2] = True
    nowhere = np.zeros_like(here)
    for name in FACE:
        assert np.array_equal(visible_face({"skin": nowhere, name: here}, "x"), here), name
    for name in COVERS:
        assert not visible_face({"skin": here, name: here}, "x").any(), name
    for name in ("l_ear", "r_ear", "neck"):  # beside the face, or behind the chin
        assert np.array_equal(visible_face({"skin": here, name: here}, "x"), here), name


@pytest.mark.parametrize("order", [1, -1])
def test_glasses_stay_out_in_whichever_order_the_files_come(order: int) -> None:
    parts = face_parts(eye_g=GLASSES)
    face = visible_face(dict(list(parts.items())[::order]), "x")
    eyes = parts["l_eye"] | parts["r_eye"]
    assert (eyes & part_mask(GLASSES)).sum() > 20
    assert not (face & part_mask(GLASSES)).any()
    assert (
        face.sum() == (parts["skin"] & ~part_mask(GLASSES)).sum() + (eyes & ~part_mask(GLASSES) & ~parts["skin"]).sum()
    )


def test_what_no_part_claims_is_no_face() -> None:
    # A hand is no class: where the annotator left it out of the skin it stays out.
    skin = part_mask([(14, 8, 50, 60)]) & ~part_mask([(10, 40, 30, 62)])
    face = visible_face({**face_parts(), "skin": skin, "u_lip": skin & False, "l_lip": skin & False}, "x")
    assert not face[45:55, 18:26].any()


def test_a_mask_of_half_the_photos_size_is_read_to_its_size(tmp_path: Path) -> None:
    tree = CelebaTree(tmp_path)
    tree.parts(0, face_parts())
    large = source(tree).read(128, 128)
    face = visible_face(face_parts(), "x")
    assert large.dtype == np.float32 and large.shape == (128, 128)
    assert large.min() == 0 and large.max() == 1
    # Centres of blocks of 2 x 2 stay where they were: the sum over blocks is the mask, blurred along its border only.
    blocks = large.reshape(64, 2, 64, 2).mean(axis=(1, 3))
    inner = np.abs(blocks - face) > 0.3
    assert not inner.any()
    np.testing.assert_array_equal(source(tree).read(64, 64), face)


def test_a_face_at_the_border_of_the_photo_reaches_it() -> None:
    assert resized(np.ones((8, 8), dtype=bool), 20, 20).min() == 1


def test_absent_classes_are_absent_and_only_the_first_channel_counts(tmp_path: Path) -> None:
    tree = CelebaTree(tmp_path)
    values = np.zeros((64, 64, 3), dtype=np.uint8)
    values[20:40, 20:40, 0] = 1  # not 0 is enough
    values[:10, :, 1] = 255
    path = tree.mask_path(0, "skin")
    path.parent.mkdir(parents=True)
    Image.fromarray(values).save(path)
    np.testing.assert_array_equal(source(tree).read(64, 64) > 0, values[:, :, 0] > 0)


def test_damaged_masks_are_named(tmp_path: Path) -> None:
    tree = CelebaTree(tmp_path)
    tree.parts(0, face_parts())
    parts = source(tree)
    with pytest.raises(SeethroughError, match=r"00000_\*.png: the masks have 64 x 64 pixels, the photo 128 x 64"):
        parts.read(64, 128)
    nose = tree.mask_path(0, "nose")
    Image.new("L", (32, 32)).save(nose)
    with pytest.raises(
        SeethroughError,
        match=r"32 x 32 pixels, the other masks of this photo have 64 x 64|64 x 64 pixels, .* have 32 x 32",
    ):
        parts.read(64, 64)
    tree.parts(0, {"nose": face_parts()["nose"]})
    nose.write_bytes(nose.read_bytes()[: nose.stat().st_size // 2])
    with pytest.raises(SeethroughError, match=r"00000_nose.png: the image cannot be decoded"):
        parts.read(64, 64)
    nose.unlink()
    with pytest.raises(SeethroughError, match=r"00000_nose.png: no such file"):
        parts.read(64, 64)
    with pytest.raises(SeethroughError, match=r"00000_skin.png: no skin mask"):
        PartMasks(nose.parent, "00000", ("_l_eye.png",)).read(64, 64)
