from __future__ import annotations

import math
from dataclasses import replace

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from experiments.config.composition import compose
from lightning_modules.focus.optimisation import OptimiserConfig, learning_rate
from lightning_modules.focus.phases import Network, Phase
from lightning_modules.focus.schedule import FocusSchedule

PAPER = FocusSchedule(0, 0, 0, 300_000, 100_000, 200_000, 5_000, 25_000)


def test_paper_schedule():
    assert PAPER.total_steps == 600_000
    assert PAPER.phase(0) is PAPER.phase(299_999) is Phase.INITIALISE
    assert PAPER.phase(300_000) is PAPER.phase(399_999) is Phase.PRETRAIN
    # each cycle of 30k trains the segmentation network for 5k first
    assert PAPER.phase(400_000) is PAPER.phase(404_999) is PAPER.phase(430_000) is Phase.SEGMENT
    assert PAPER.phase(405_000) is PAPER.phase(429_999) is Phase.RECONSTRUCT
    # 200k = 6 whole cycles and 20k: 5k of segmentation, 15k of reconstruction
    assert PAPER.phase(599_999) is Phase.RECONSTRUCT
    assert PAPER.network_steps(600_000, Network.SEGMENTATION) == (135_000, 135_000)
    assert PAPER.network_steps(405_000, Network.RECONSTRUCTION) == (300_000, 465_000)


schedules = st.builds(
    FocusSchedule,
    *[st.integers(0, 12) for _ in range(6)],
    cycle_segmentation_steps=st.integers(0, 4),
    cycle_reconstruction_steps=st.integers(1, 5),
    final_segmentation_steps=st.integers(0, 4),
)


@given(schedules)
@settings(max_examples=60, deadline=None)
def test_every_step_has_one_phase_and_the_counts_add_up(schedule):
    trained = {network: 0 for network in Network}
    assert schedule.total_steps == (
        schedule.supervised_steps + schedule.landmark_steps + schedule.colour_steps + schedule.initialisation_steps
        + schedule.pretraining_steps + schedule.em_steps
        + schedule.final_segmentation_steps
    )  # fmt: skip
    for step in range(schedule.total_steps):
        for network in Network:
            assert schedule.network_steps(step, network)[0] == trained[network]
        done, total = schedule.phase_steps(step)
        assert 0 <= done < total
        trained[schedule.phase(step).network] += 1


@given(schedules, st.sampled_from(["em", "pretraining", "none"]))
@settings(max_examples=60, deadline=None)
def test_rows_keep_the_encoder_steps_whatever_segmentation_steps_they_keep(schedule, kept):
    row = schedule.keeping_segmentation(kept)

    def steps(of, phase):
        return sum(segment.end - segment.start for segment in of.segments if segment.phase is phase)

    for phase in Phase:
        wanted = steps(schedule, phase)
        if phase.network is Network.SEGMENTATION:
            wanted *= kept == "em" or (kept == "pretraining" and phase is Phase.PRETRAIN)
        assert steps(row, phase) == wanted


@given(schedules, st.sampled_from(["supervision", "landmarks", "colours", "initialisation", "pretraining", "em"]))
@settings(max_examples=60, deadline=None)
def test_a_training_that_ends_early_ends_with_its_stage(schedule, stage):
    last = {"supervision": 1, "landmarks": 2, "colours": 3, "initialisation": 4, "pretraining": 5, "em": 7}[stage]
    early = replace(schedule, last_stage=stage)
    assert early.segments == schedule.segments
    assert early.end_step == sum(early.phase(step) in list(Phase)[:last] for step in range(schedule.total_steps))


def test_steps_outside_and_bad_lengths_are_refused():
    with pytest.raises(ValueError, match="outside the schedule"):
        PAPER.phase(600_000)
    with pytest.raises(ValueError, match="initialisation_steps=-1 is negative"):
        FocusSchedule(initialisation_steps=-1)
    with pytest.raises(ValueError, match="at least one step"):
        FocusSchedule(em_steps=5, cycle_segmentation_steps=0, cycle_reconstruction_steps=0)


def test_rates():
    paper = OptimiserConfig()
    assert learning_rate(paper, PAPER, Network.RECONSTRUCTION, 4_999) == pytest.approx(0.1)
    assert learning_rate(paper, PAPER, Network.RECONSTRUCTION, 299_999) == pytest.approx(0.1 * 0.99**59)
    segmentation = OptimiserConfig(learning_rate=0.006, pretraining_learning_rate=0.03, decay=1.0)
    assert learning_rate(segmentation, PAPER, Network.SEGMENTATION, 300_000) == pytest.approx(0.03)
    assert learning_rate(segmentation, PAPER, Network.SEGMENTATION, 400_000) == pytest.approx(0.006)
    schedule = FocusSchedule(initialisation_steps=100)
    cosine = OptimiserConfig(learning_rate=1.0, shape="cosine", warmup_steps=10, final_fraction=0.1)
    assert learning_rate(cosine, schedule, Network.RECONSTRUCTION, 4) == pytest.approx(
        0.5 * (0.1 + 0.9 * 0.5 * (1 + math.cos(math.pi * 0.04)))
    )
    assert learning_rate(cosine, schedule, Network.RECONSTRUCTION, 50) == pytest.approx(0.55)


def test_cosine_starts_again_after_the_landmark_warm_start():
    schedule = FocusSchedule(landmark_steps=100, initialisation_steps=50, pretraining_steps=10, em_steps=0)
    cosine = OptimiserConfig(learning_rate=1.0, shape="cosine", warmup_steps=0, final_fraction=0.1)
    rates = [learning_rate(cosine, schedule, Network.RECONSTRUCTION, step) for step in range(150)]
    assert rates[0] == rates[100] == pytest.approx(1.0)
    assert rates[99] < 0.11 and rates[149] < 0.11
    assert rates[125] == pytest.approx(0.55)
    cosine.photometric_learning_rate = 0.2
    assert learning_rate(cosine, schedule, Network.RECONSTRUCTION, 0) == pytest.approx(1.0)
    assert learning_rate(cosine, schedule, Network.RECONSTRUCTION, 125) == pytest.approx(0.2 * 0.55)


def test_each_warm_start_has_a_cosine_of_its_own():
    schedule = FocusSchedule(supervised_steps=40, landmark_steps=20, colour_steps=10, initialisation_steps=30)
    assert [schedule.phase(step) for step in (0, 39, 40, 59, 60, 69, 70)] == [
        Phase.SUPERVISE, Phase.SUPERVISE, Phase.LANDMARKS, Phase.LANDMARKS, Phase.COLOUR, Phase.COLOUR,
        Phase.INITIALISE,
    ]  # fmt: skip
    cosine = OptimiserConfig(learning_rate=1.0, shape="cosine", warmup_steps=0, final_fraction=0.1)
    rates = [learning_rate(cosine, schedule, Network.RECONSTRUCTION, step) for step in range(100)]
    assert rates[0] == rates[40] == rates[60] == rates[70] == pytest.approx(1.0)
    assert rates[20] == rates[50] == rates[65] == rates[85] == pytest.approx(0.55)
    assert schedule.keeping_segmentation("none").supervised_steps == 40


@pytest.mark.parametrize("kept", ["none", "pretraining"])
@pytest.mark.parametrize("origin", ["training", "stage"])
def test_rows_without_segmentation_steps_have_the_rates_of_the_others(kept, origin):
    """At every encoder step, though it is an earlier step of their training."""
    focus = FocusSchedule(
        landmark_steps=7, initialisation_steps=20, pretraining_steps=9, em_steps=45, cycle_segmentation_steps=4,
        cycle_reconstruction_steps=11, final_segmentation_steps=3,
    )  # fmt: skip
    row = focus.keeping_segmentation(kept)
    optimiser = OptimiserConfig(learning_rate=1.0, shape="decay", decay=0.9, decay_steps=5, decay_from=origin)

    def encoder_steps(schedule):
        return [s for s in range(schedule.total_steps) if schedule.phase(s).network is Network.RECONSTRUCTION]

    def rates(schedule):
        steps = encoder_steps(schedule)
        return [learning_rate(optimiser, schedule, Network.RECONSTRUCTION, step) for step in steps]

    # What fades over the training does so alike, too.
    own, others = ([s.progress(step) for step in encoder_steps(s)] for s in (row, focus))
    assert own == others and own[0] == 0.0 < own[-1] < 1.0
    assert rates(row) == rates(focus) and len(set(rates(row))) > 5
    if kept == "pretraining":
        before, after = (learning_rate(optimiser, s, Network.SEGMENTATION, 30) for s in (row, focus))
        assert before == after


def test_rates_of_the_presets_with_adadelta():
    """The paper's ratio of 0.06 at every step; the release's stages as programs with counters of their own."""
    paper, release = (
        compose(["focus", f"preset/{name}", "data/synthetic"]).config.model for name in ("paper", "release")
    )
    schedule = paper.training_schedule()
    assert schedule == PAPER
    for step in (0, 300_000, 400_000, 599_999):
        encoder = learning_rate(paper.encoder_optimiser, schedule, Network.RECONSTRUCTION, step)
        assert encoder == pytest.approx(0.1 * 0.99 ** (step // 5_000))
        segmentation = learning_rate(paper.segmentation_optimiser, schedule, Network.SEGMENTATION, step)
        assert segmentation == pytest.approx(0.06 * encoder)
    schedule = release.training_schedule()
    assert schedule.total_steps == 530_000 and schedule.phase(335_000) is Phase.SEGMENT
    assert schedule.phase(335_001) is Phase.RECONSTRUCT and schedule.phase(360_000) is Phase.SEGMENT
    expected = {
        299_999: (0.1 * 0.99**59, None),
        300_000: (None, 0.03),
        329_999: (None, 0.03 * 0.99**5),
        330_000: (0.04377, 0.002626),
        529_999: (0.04377 * 0.99**39, 0.002626 * 0.95**39),
    }
    for step, (encoder, segmentation) in expected.items():
        if encoder is not None:
            assert learning_rate(release.encoder_optimiser, schedule, Network.RECONSTRUCTION, step) == pytest.approx(
                encoder
            )
        if segmentation is not None:
            rate = learning_rate(release.segmentation_optimiser, schedule, Network.SEGMENTATION, step)
            assert rate == pytest.approx(segmentation)
