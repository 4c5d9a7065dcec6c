"""Settings for some more training of a network that is trained already."""

from __future__ import annotations

import copy
from dataclasses import fields, replace

from lightning_modules.focus.config import FocusConfig, ScheduleConfig
from lightning_modules.focus.optimisation import OptimiserConfig, learning_rate
from lightning_modules.focus.phases import Network, Phase

FLOOR = 0.1
"""A cosine ends near zero, where nothing is learned any more: no network goes on with less than this share of its
rate."""


def bare_schedule(**lengths: int) -> ScheduleConfig:
    """Return a schedule without any step but those that are named."""
    numbers = {field.name for field in fields(ScheduleConfig) if isinstance(field.default, int)}
    return ScheduleConfig(**(dict.fromkeys(numbers, 0) | {"cycle_reconstruction_steps": 1} | lengths))


def continued(config: FocusConfig, schedule: ScheduleConfig) -> FocusConfig:
    """Return the settings that a training ended with, for another schedule.

    Weights that fade are where they ended, pixels move the identity if they did so at the end, no augmentation takes
    anything out of the pictures, and no truth is looked at.
    """
    result = copy.deepcopy(config)
    earlier = config.training_schedule()
    encoder_steps, _ = earlier.network_steps(earlier.total_steps, Network.RECONSTRUCTION)
    frozen = encoder_steps <= earlier.warm_start_steps + config.loss.identity_free_steps
    result.loss.identity_free_steps = schedule.em_steps if frozen else 0
    result.loss.weights.landmark *= config.loss.landmark_final_fraction
    result.loss.landmark_final_fraction = 1.0
    result.supervision.throughout = False
    result.augmentation = replace(config.augmentation, kind="none")
    result.schedule = schedule
    return result


def final_rate(config: FocusConfig, network: Network) -> OptimiserConfig:
    """Return the optimiser of a network with the constant rate that its last EM step had, or a tenth of its full one.

    The larger of the two counts.
    """
    encoder = network is Network.RECONSTRUCTION
    optimiser = config.encoder_optimiser if encoder else config.segmentation_optimiser
    schedule = config.training_schedule()
    phase = Phase.RECONSTRUCT if encoder else Phase.SEGMENT
    special = (optimiser.em_learning_rate, optimiser.photometric_learning_rate if encoder else None)
    rate = FLOOR * next((value for value in special if value is not None), optimiser.learning_rate)
    last = max((segment.end - 1 for segment in schedule.segments if segment.phase is phase), default=None)
    if last is not None:
        rate = max(rate, learning_rate(optimiser, schedule, network, last))
    of_stages = {field.name: None for field in fields(optimiser) if field.name.endswith("_learning_rate")}
    return replace(optimiser, **of_stages, learning_rate=rate, shape="constant", warmup_steps=0)
