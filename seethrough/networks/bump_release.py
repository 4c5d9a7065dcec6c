"""Reader of the bump network that the authors of Extreme 3D published, ``ckpt_109_grad.pth.tar``."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from pathlib import Path

from torch import Tensor

from seethrough.errors import SeethroughError
from seethrough.networks.bump_translator import BumpTranslator
from seethrough.weights_file import load_weights

GENERATOR = "Gnet."
_WIDTHS = [16 * 2**level for level in range(7)]
_UP_LAYERS = (("up", "conv0"), ("first", "conv"), ("second", "conv2"))
_REMEDY = "name the authors' ckpt_109_grad.pth.tar, or a run of experiments.train bump"


def load_release_translator(path: str | Path) -> BumpTranslator:
    """Return the released network with its mask head, in eval mode; nothing is unpickled but tensors.

    The file holds the state of the whole training, keys ``Gnet.*`` of the network and ``Dnet.*`` of a discriminator
    that is not needed, written by PyTorch 0.3 under Python 2 from a GPU; files of newer versions are read as well.

    Raises:
        SeethroughError: there is no such file, it holds more than tensors, or not the released network's.
    """
    return released_translator(read_state(path), path)


def read_state(path: str | Path) -> Mapping[str, Tensor]:
    """Read a file of named tensors, all versions of PyTorch's format; raises ``SeethroughError`` for others."""
    path = Path(path)
    if not path.is_file():
        raise SeethroughError(f"no bump network at {path}: {_REMEDY}")
    state = load_weights(path, _REMEDY)
    if not isinstance(state, Mapping) or not all(isinstance(value, Tensor) for value in state.values()):
        raise SeethroughError(f"{path} is not a state of named tensors: {_REMEDY}")
    return state


def released_translator(state: Mapping[str, Tensor], source: str | Path) -> BumpTranslator:
    """Build the network of a released state; its unused convolution and the discriminator are left out.

    Raises:
        SeethroughError: names the first tensor that is absent or has another shape.
    """
    translator = BumpTranslator(mask_head=True)
    own, found = translator.state_dict(), {}
    for ours, theirs in released_names():
        for kind in ("weight", "bias"):
            name, key = f"{ours}.{kind}", f"{GENERATOR}{theirs}.{kind}"
            shape = tuple(own[name].shape)
            if key not in state or tuple(state[key].shape) != shape:
                what = f"has the shape {tuple(state[key].shape)}" if key in state else "is absent"
                raise SeethroughError(f"{source} is not the released bump network: {key} {shape} {what}; {_REMEDY}")
            found[name] = state[key]
    translator.load_state_dict(found)
    return translator.eval()


def released_names() -> Iterator[tuple[str, str]]:
    """Yield the name of each layer in :class:`BumpTranslator` and in the release."""
    for level, width in enumerate(_WIDTHS):
        block = f"conv_block{1 if level == 0 else width // 2}_{width}"
        if level:
            yield f"encoder.{level}.down", f"{block}.conv_down"
        yield f"encoder.{level}.first", f"{block}.conv"
        yield f"encoder.{level}.second", f"{block}.conv2"
    decoders = [(f"decoder.{level}", f"up_block{2 * width}_{width}") for level, width in enumerate(_WIDTHS[:-1])]
    for ours, theirs in [*decoders, ("mask_decoder", "up_block32_16_mask")]:
        yield from ((f"{ours}.{one}", f"{theirs}.{other}") for one, other in _UP_LAYERS)
    yield "head", "last_alt"
    yield "mask_output", "last_alt_mask"
