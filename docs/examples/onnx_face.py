"""From a photo to a mesh with encoder.onnx alone: NumPy, Pillow and onnxruntime, nothing of Seethrough.

    python docs/examples/onnx_face.py onnx/encoder.onnx photo.jpg landmarks.npy face.obj \
        --face-model seethrough/morphable/data/open_face_model.npz

landmarks.npy: (68, 2) landmarks in iBUG order, px of the photo, from any detector. What crop, rotation and camera are
is told by the file's own metadata, which this program prints; the formulas below are those.
"""

from __future__ import annotations

import argparse
import json
import re

import numpy as np
import onnxruntime
from PIL import Image, ImageOps


def cut(
    photo: Image.Image, landmarks: np.ndarray, told: dict[str, str], size: int
) -> tuple[np.ndarray, float, np.ndarray]:
    """Return the (1, 3, size, size) crop of a photo, its scale, and the photo's point (2,) in its middle."""
    points = np.stack([landmarks[rows].mean(0) for rows in json.loads(told["crop_points"])])
    template = np.array(json.loads(told["crop_template"])) * [1, -1, 1]
    solved = np.linalg.lstsq(np.column_stack([template, np.ones(5)]), points, rcond=None)[0]
    factor = float(re.search(r"crop_px = (\S+) / s", told["crop"])[1])
    scale, middle = factor / np.linalg.norm(solved[:3], axis=0).mean(), solved[3]
    left, top = middle - size / 2 / scale
    right, bottom = middle + size / 2 / scale
    margin = int(max(0, -left, -top, right - photo.width, bottom - photo.height)) + 1
    black = Image.new("RGB", (photo.width + 2 * margin, photo.height + 2 * margin))
    black.paste(photo, (margin, margin))
    box = tuple(float(value) + margin for value in (left, top, right, bottom))
    picture = np.asarray(black.resize((size, size), Image.Resampling.BICUBIC, box=box), np.float32) / 255
    return picture.transpose(2, 0, 1)[None], scale, middle


def rotation_matrix(angles: np.ndarray) -> np.ndarray:
    """Return the (3, 3) rotation from the face model's frame to the camera's."""
    (ca, cb, cc), (sa, sb, sc) = np.cos(angles), np.sin(angles)
    about_x = np.array([[1, 0, 0], [0, ca, -sa], [0, sa, ca]])
    about_y = np.array([[cb, 0, sb], [0, 1, 0], [-sb, 0, cb]])
    about_z = np.array([[cc, -sc, 0], [sc, cc, 0], [0, 0, 1]])
    return np.diag([1, -1, -1]) @ about_x @ about_y @ about_z


def main() -> None:
    """Read the command line, write the mesh, and say where the landmarks of the face lie in the photo."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    for name in ("encoder", "photo", "landmarks", "out"):
        parser.add_argument(name)
    parser.add_argument("--face-model", required=True, metavar="NPZ")
    options = parser.parse_args()
    session = onnxruntime.InferenceSession(options.encoder, providers=["CPUExecutionProvider"])
    told = session.get_modelmeta().custom_metadata_map
    for name in ("crop", "shape", "rotation", "camera", "face_model"):
        print(f"{name}: {told[name]}")
    size = session.get_inputs()[0].shape[2]
    landmarks = np.load(options.landmarks)
    upright = ImageOps.exif_transpose(Image.open(options.photo))
    image, scale, middle = cut(upright.convert("RGB"), landmarks, told, size)
    names = [output.name for output in session.get_outputs()]
    values = [value[0].astype(np.float64) for value in session.run(names, {"image": image})]
    found = dict(zip(names, values, strict=True))

    with np.load(options.face_model) as model:
        shape = model["mean"].astype(np.float64)
        for kind in ("identity", "expression"):
            shape += np.tensordot(found[kind], model[f"{kind}_basis"][: len(found[kind])], 1)
        polygons, marks = model["polygons"], model["landmarks"]
    place = found["translation"] + [0, 0, float(re.search(r"\(0, 0, (\S+)\)", told["rotation"])[1])]
    camera = shape @ rotation_matrix(found["rotation"]).T + place
    focal = float(re.search(r"crop_px = (\S+) \*", told["camera"])[1])
    in_photo = focal * camera[:, :2] / camera[:, 2:] / scale + middle

    with open(options.out, "w", encoding="utf-8") as file:
        file.writelines(f"v {x:.4f} {y:.4f} {z:.4f}\n" for x, y, z in shape)
        file.writelines(f"f {' '.join(str(corner + 1) for corner in face if corner >= 0)}\n" for face in polygons)
    error = scale * np.linalg.norm(in_photo[marks] - landmarks, axis=1).mean()
    print(f"{options.out}: {len(shape)} vertices, mm; landmarks {error:.2f} px of the crop from the detector's")


if __name__ == "__main__":
    main()
