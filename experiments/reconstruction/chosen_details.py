"""From the command's options to the stages that add details."""

from __future__ import annotations

import argparse

from experiments.reconstruction.completion_stages import CompletionStages
from experiments.reconstruction.detail_stages import DetailStages
from experiments.reconstruction.filled_bump import HoleFiller
from experiments.reconstruction.foundations import FoundationSource
from experiments.reconstruction.stage_range import StageRange
from experiments.reconstruction.visible_part import FOCUS, HEAD
from seethrough.details import FOUNDATIONS
from seethrough.details.filling.visible_face import check_source
from seethrough.details.shading import shading_preset
from seethrough.errors import SeethroughError

NEAREST = 100
_OF_COMPLETION = ("references", "nearest", "mask", "stages")
_OF_FOUNDATIONS = ("foundation", "foundation_model", "foundation_expressions")


def chosen_details(options: argparse.Namespace) -> DetailStages | None:
    """Return the stages that the parsed options ask for, None for none.

    Raises:
        SeethroughError: an option without the one that it belongs to, or what is not there.
    """
    _refuse_stray(options)
    if not options.detail and options.bump is None and options.shading is None:
        return None
    if options.misfit_prior:
        raise SeethroughError(
            "--misfit-prior corrects the face model's meshes, details lie on the face that covers the photo: give one"
        )
    completion = _completion(options) if options.detail else None
    reused = completion is not None and completion.stages.reuses("bump")
    if options.shading is not None:
        shading_preset(options.shading)
    bump = options.bump
    if options.detail and bump is None and options.shading is None and not reused:
        bump = _default_translator()
    translator = None
    if bump is not None:
        from lightning_modules.bump.loading import load_translator

        translator = load_translator(bump)
    mask = FOCUS if options.mask is None else check_source(options.mask)
    if mask == HEAD and translator is None and not reused:
        raise SeethroughError("--mask head is a translator's mask: add --bump RUN")
    source = None
    given = [name for name in _OF_FOUNDATIONS if getattr(options, name) is not None]
    if reused and given and options.foundation is None:
        raise SeethroughError(
            f"--{given[0].replace('_', '-')}: --stages {options.stages} takes the foundation of the earlier run; leave "
            "it out, name --foundation too, or start with --stages foundation.."
        )
    if not reused or given:
        preset = FOUNDATIONS[0] if translator is None else translator.foundation
        source = FoundationSource(
            options.foundation or preset, options.foundation_model, options.foundation_expressions
        )
    return DetailStages(source, translator, options.shading or "default", mask, completion)


def _completion(options: argparse.Namespace) -> CompletionStages:
    stages = StageRange.parsed(options.stages)
    for stage, names in (
        ("face", ("adapt",)),
        ("bump", ("bump", "shading", "mask")),
        ("fill", ("references", "nearest")),
    ):
        for name in names:
            if stages.reuses(stage) and getattr(options, name):
                raise SeethroughError(
                    f"--stages {options.stages} takes the {stage} of an earlier run, which --{name} would change: "
                    f"leave it out, or start with --stages {stage}.."
                )
    if options.nearest is not None and options.references is None:
        raise SeethroughError("--nearest says how many references are compared: add --references FOLDER")
    references = None if stages.reuses("fill") or not stages.reaches("fill") else options.references
    return CompletionStages(stages, HoleFiller(references, NEAREST if options.nearest is None else options.nearest))


def _default_translator() -> str | None:
    """Return the translator that comes along, or None where none does; a choice that nobody made is told."""
    from lightning_modules.bump import packing

    if packing.DEFAULT_FILE.is_file():
        print("bump maps: the translator that comes with Seethrough (--bump RUN takes another, --shading none)")
        return packing.DEFAULT
    print("bump maps: shape from shading, no translator comes along (--bump RUN names one)")
    return None


def _refuse_stray(options: argparse.Namespace) -> None:
    if not options.detail:
        for name in _OF_COMPLETION:
            if getattr(options, name) is not None:
                raise SeethroughError(f"--{name} is about complete faces: add --detail")
    if options.detail or options.bump is not None or options.shading is not None:
        return
    for name in _OF_FOUNDATIONS:
        if getattr(options, name) is not None:
            raise SeethroughError(f"--{name.replace('_', '-')} says what details lie on: add --bump RUN or --shading")
