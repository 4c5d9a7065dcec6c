"""Networks: the face encoder, the segmentation U-Net, the bump translator, and the frozen recognition networks."""

from seethrough.networks.bump_translator import BumpTranslator
from seethrough.networks.face_encoder import RELEASE_SCALES, CoefficientScales, FaceEncoder
from seethrough.networks.perceptual import PerceptualNet, load_perceptual_net
from seethrough.networks.segmentation_unet import SegmentationUNet

__all__ = [
    "RELEASE_SCALES",
    "BumpTranslator",
    "CoefficientScales",
    "FaceEncoder",
    "PerceptualNet",
    "SegmentationUNet",
    "load_perceptual_net",
]
