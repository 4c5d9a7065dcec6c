"""One door to every face model: a name or a path in, a FaceModel out."""

from __future__ import annotations

from pathlib import Path

from seethrough.errors import SeethroughError
from seethrough.morphable.archive import read_face_model
from seethrough.morphable.bfm2009 import load_bfm2009
from seethrough.morphable.bfm2017 import load_bfm2017
from seethrough.morphable.cropping import crop_to_face
from seethrough.morphable.face_model import FaceModel
from seethrough.morphable.ict_facekit import load_ict_facekit

OPEN = "open"

_EXPECTED = (
    "expected 'open', an .npz of this project, model2017-1_bfm_nomouth.h5 or another .h5 of BFM 2017 or 2019, "
    "01_MorphableModel.mat of BFM 2009, or the FaceXModel folder of ICT-FaceKit"
)


def load_face_model(
    name_or_path: str | Path,
    *,
    level: int | None = None,
    expression: str | Path | None = None,
    landmarks: str | Path | None = None,
    crop: bool = False,
    add_expression_mean: bool = False,
) -> FaceModel:
    """Load a face model, whatever file it is in; the kind is told from the ending.

    Args:
        name_or_path: ``open`` (embedded, CC0), or the path of an ``.npz`` (this project), an ``.h5`` (BFM 2017, 2019),
            a ``.mat`` (BFM 2009) or a folder (ICT-FaceKit).
        level: times that the open model is subdivided; for the open model only.
        expression: an expression basis for BFM 2009 (see :func:`load_bfm2009`), for that model only.
        landmarks: a text file of 68 vertex indices in place of the known ones; not for ``open`` and ``.npz``.
        crop: cut a whole head down to the face as FOCUS's first release does (see :func:`face_region`).
        add_expression_mean: let zero coefficients be the mean expression of a Basel model instead of the neutral face.

    Raises:
        SeethroughError: nothing there, a damaged file or one of another kind, a setting that the model does not have.
    """
    source = str(name_or_path)
    path = Path(name_or_path).expanduser()
    suffix = path.suffix.lower()
    if source == OPEN:
        kind = "open"
    elif not path.exists():
        raise SeethroughError(f"{source}: no such face model; {_EXPECTED}")
    elif path.is_dir():
        kind = "ict"
    else:
        kind = {".npz": "archive", ".h5": "bfm2017", ".hdf5": "bfm2017", ".mat": "bfm2009"}.get(suffix, "")
        if not kind:
            raise SeethroughError(f"{source}: cannot tell a face model from the ending {suffix!r}; {_EXPECTED}")
    _refuse("level", level is not None, kind, ("open",), source)
    _refuse("expression", expression is not None, kind, ("bfm2009",), source)
    _refuse("landmarks", landmarks is not None, kind, ("bfm2009", "bfm2017", "ict"), source)
    _refuse("add_expression_mean", add_expression_mean, kind, ("bfm2009", "bfm2017"), source)

    if kind == "open":
        # Imported here: whoever brings a model of their own does not read the embedded one.
        from seethrough.morphable.open_model import load_open_model

        model = load_open_model() if level is None else load_open_model(level)
    elif kind == "archive":
        model = read_face_model(path)
    elif kind == "ict":
        model = load_ict_facekit(path, landmarks=landmarks)
    elif kind == "bfm2017":
        model = load_bfm2017(path, landmarks=landmarks, add_expression_mean=add_expression_mean)
    else:
        model = load_bfm2009(path, expression=expression, landmarks=landmarks, add_expression_mean=add_expression_mean)
    return crop_to_face(model) if crop else model


_KINDS = {
    "open": "the open model",
    "archive": "an .npz",
    "ict": "ICT-FaceKit",
    "bfm2017": "BFM 2017 and 2019",
    "bfm2009": "BFM 2009",
}


def _refuse(setting: str, given: bool, kind: str, allowed: tuple[str, ...], source: str) -> None:
    if given and kind not in allowed:
        takers = ", ".join(_KINDS[name] for name in allowed)
        raise SeethroughError(f"{source}: {setting} is a setting of {takers}; leave it out for {_KINDS[kind]}")
