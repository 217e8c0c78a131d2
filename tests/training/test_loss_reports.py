"""The losses reported between an epoch's start and its end."""

import itertools
import math

import pytest
import torch
from support.tiny_runs import (
    NoCommands,
    Ticker,
    finish,
    kinds,
    losses_of,
    only,
    random_images,
    same_weights,
    tiny_config,
    tiny_trainer,
)

from vae_tui.run.events import (
    Diverged,
    EpochEnded,
    LossesMeasured,
)
from vae_tui.run.series import averaged
from vae_tui.training.loss_meter import LossMeter
from vae_tui.training.trainer import CHUNK_SECONDS

IMAGES = random_images()


def test_beta_rises_over_the_warm_up_epochs_and_stays():
    happened = finish(tiny_trainer(tiny_config(warmup=2.0, beta=4.0, epochs=4, hidden=900)))
    for event in only(LossesMeasured, happened):
        assert event.beta == pytest.approx(4 * min(1, event.step / 12))


def test_beta_rises_in_the_first_half_of_each_cycle_and_stays_in_the_second():
    config = tiny_config(warmup=2.0, beta=4.0, epochs=5, hidden=900, kl_schedule="cyclical")
    happened = only(LossesMeasured, finish(tiny_trainer(config, timer=Ticker(CHUNK_SECONDS))))
    rising = [0, 4 / 6, 8 / 6, 2, 16 / 6, 20 / 6]
    expected = [*rising, *[4.0] * 6] * 3
    assert len(happened) == 30
    # Reported is the weight that the next step will use.
    assert [event.beta for event in happened] == pytest.approx(expected[1:31])


def test_the_reported_losses_add_up_to_the_epochs_means():
    config = tiny_config(epochs=1, batch_size=32, hidden=900, latent_dim=20)
    happened = finish(tiny_trainer(config))
    ended = only(EpochEnded, happened)[1]
    bce = kl = images = 0
    for event in only(LossesMeasured, happened):
        since = min(event.step * 32, 600) - images
        bce, kl, images = bce + since * event.bce, kl + since * event.kl, images + since
    assert images == 600
    assert bce / 600 == pytest.approx(ended.train_bce, rel=1e-9)
    assert kl / 600 == pytest.approx(ended.train_kl, rel=1e-9)


def test_losses_are_reported_at_most_twenty_times_a_second():
    timer = Ticker(0.008)
    happened = finish(tiny_trainer(tiny_config(epochs=60), timer=timer, clock=lambda: timer.now))
    *times, last = [event.time for event in only(LossesMeasured, happened)]
    assert len(times) > 20
    assert all(b - a >= CHUNK_SECONDS for a, b in itertools.pairwise(times))
    assert last - times[-1] <= 2 * CHUNK_SECONDS  # the last losses are reported in any case


def test_speed_and_duration_are_those_of_the_training_steps():
    # A chunk begins and ends with a reading of the timer, so each of its single steps takes 0.25 s.
    happened = finish(tiny_trainer(tiny_config(batch_size=150), timer=Ticker(0.25)))
    assert [event.images_per_second for event in only(LossesMeasured, happened)] == [600.0] * 12
    assert [event.seconds for event in only(EpochEnded, happened)] == [0.0, 1.0, 1.0, 1.0]


def test_the_seconds_of_a_report_are_those_of_all_steps_since_the_last():
    meter = LossMeter(interval=1.0)
    totals = [0.0] * len(averaged())
    meter.add(100, 1, totals, seconds=0.25)
    assert meter.take(0.0, last=False).seconds == 0.25
    for step in (2, 3):
        meter.add(100 * step, step, totals, seconds=0.25)
        assert meter.take(step / 4, last=False) is None
    taken = meter.take(1.0, last=False)
    assert (taken.images, taken.steps, taken.seconds) == (200, 2, 0.5)


def test_losses_do_not_depend_on_where_chunks_begin():
    config = tiny_config(batch_size=32)
    whole, cut = (
        tiny_trainer(config, timer=Ticker(*seconds))
        for seconds in ([1e-6], [0.02, 0.1, 0.05, 0.01, 0.3])
    )
    assert losses_of(finish(whole)) == losses_of(finish(cut))
    assert same_weights(whole, cut)


def test_losses_that_are_not_finite_end_the_run_naming_the_last_good_step():
    trainer = tiny_trainer(timer=Ticker(CHUNK_SECONDS))  # each chunk is one step
    happened = []
    for events in trainer.run(NoCommands()):
        happened += events
        if trainer.step == 6:
            trainer.saved_step = 6
        if trainer.step == 7:
            with torch.no_grad():
                trainer.model.decoder[2].bias[0] = math.nan
    diverged, ended = happened[-2:]
    assert isinstance(diverged, Diverged)
    assert (diverged.step, diverged.what, diverged.last_good_step) == (8, "BCE", 6)
    assert ended.reason == "failed"
    assert ended.message == (
        "BCE is not finite after step 8; the weights of step 6 are kept; "
        "resume with half the learning rate, 0.0005, or smaller"
    )
    assert all(math.isfinite(event.bce) for event in only(LossesMeasured, happened))


def test_a_rate_too_high_diverges_and_says_so_rather_than_going_on():
    trainer = tiny_trainer(tiny_config(lr=10.0, beta=1e6, epochs=200))
    happened = finish(trainer)
    assert kinds(happened)[-2:] == ["Diverged", "RunEnded"]
    assert happened[-2].what in ("BCE", "KL")


def test_the_kl_in_the_loss_is_reported_of_runs_with_free_bits_only():
    config = tiny_config(epochs=1, free_bits=0.3)
    measured = only(LossesMeasured, finish(tiny_trainer(config, timer=Ticker(CHUNK_SECONDS))))
    assert measured[0].value("kl_in_loss") == pytest.approx(config.latent_dim * 0.3, rel=0.01)
    assert all(event.value("kl_in_loss") > event.kl for event in measured)
    plain = only(LossesMeasured, finish(tiny_trainer(tiny_config(epochs=1))))
    assert all("kl_in_loss" not in event.more for event in plain)
