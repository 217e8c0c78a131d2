import copy
import itertools
import math
import multiprocessing
import os
import socket
from pathlib import Path

import pytest
import torch
from hypothesis import given, settings
from hypothesis import strategies as st
from support.tiny_runs import (
    CPU,
    TINY,
    Script,
    Unasked,
    finish,
    losses_of,
    only,
    random_images,
    tiny_config,
    tiny_trainer,
    weights_of,
)
from torch.nn import functional

from vae_tui.evaluation.elbo import measure
from vae_tui.model.mlp import Mlp
from vae_tui.model.vae import reference_losses
from vae_tui.run.commands import Command
from vae_tui.run.events import (
    CommandRefused,
    Diverged,
    EpochEnded,
    LossesMeasured,
    Paused,
    Resumed,
    RunEnded,
    RunStarted,
    SettingChanged,
)
from vae_tui.training.checkpoint import load_state, save_state
from vae_tui.training.random_streams import stream_seed
from vae_tui.training.ranks import Ranks
from vae_tui.training.trainer import CHUNK_SECONDS, Trainer

IMAGES = random_images()


def at(step: int):
    return lambda trainer: trainer.step >= step


def always(trainer: Trainer) -> bool:
    return True


def wish(name: str, **more: object) -> Command:
    return Command(command=name, **more)  # type: ignore[arg-type]


def change(setting: str, value: float) -> Command:
    return Command(command="set", setting=setting, value=value)


def kinds(happened: list) -> list[str]:
    return [type(event).__name__ for event in happened]


def same_weights(one: Trainer, other: Trainer) -> bool:
    return all(
        torch.equal(value, weights_of(other)[name]) for name, value in weights_of(one).items()
    )


def test_a_run_starts_tests_the_untrained_network_trains_and_finishes():
    trainer = tiny_trainer()
    happened = finish(trainer)
    assert [kind for kind in kinds(happened) if kind != "LossesMeasured"] == [
        "RunStarted",
        "EpochEnded",
        "EpochEnded",
        "EpochEnded",
        "EpochEnded",
        "RunEnded",
    ]
    assert [(event.epoch, event.step) for event in only(EpochEnded, happened)] == [
        (0, 0),
        (1, 6),
        (2, 12),
        (3, 18),
    ]
    assert [event.step for event in happened] == sorted(event.step for event in happened)
    assert happened[-1] == RunEnded(time=happened[-1].time, step=18, reason="finished")
    assert isinstance(happened[-3], LossesMeasured)  # the last losses are told in any case
    assert happened[-3].epoch == 3


def test_the_start_tells_what_is_trained_and_between_which_losses():
    trainer = tiny_trainer(clock=lambda: 12.5)
    started = finish(trainer)[0]
    floor, collapse = reference_losses(IMAGES.train, IMAGES.test, "bce")
    assert started == RunStarted(
        time=12.5,
        step=0,
        device="cpu",
        precision="fp32",
        images=600,
        parameters=sum(value.numel() for value in Mlp(4, 16).parameters()),
        steps_per_epoch=6,
        pid=os.getpid(),
        world_size=1,
        epochs=3,
        test_images=150,
        floor=floor,
        collapse=collapse,
        image_shape="28x28x1",
    )


def test_the_untrained_network_is_tested_before_the_first_step():
    tested = finish(tiny_trainer())[1]
    assert isinstance(tested, EpochEnded)
    assert math.isnan(tested.train_bce)
    torch.manual_seed(TINY.seed)
    untrained = measure(Mlp(4, 16), IMAGES.test, stream_seed(TINY.seed, "test of epoch 0"))
    assert (tested.test_bce, tested.test_bce_at_mean) == (untrained.bce, untrained.bce_at_mean)


def test_training_lowers_the_loss():
    tests = only(EpochEnded, finish(tiny_trainer(tiny_config(epochs=30, lr=3e-3))))
    assert tests[-1].train_bce < tests[1].train_bce - 20
    assert tests[-1].test_bce + tests[-1].test_kl < tests[0].test_bce - 20


def test_the_same_seed_gives_the_same_losses_and_another_seed_others():
    one, same, other = (
        finish(tiny_trainer(tiny_config(seed=seed), random_images())) for seed in (1, 1, 2)
    )
    assert losses_of(one) == losses_of(same)
    assert losses_of(one)[-1]["train_bce"] != losses_of(other)[-1]["train_bce"]


def test_streams_of_random_numbers_share_no_seed_even_of_runs_with_neighbouring_seeds():
    purposes = ["noise", *(f"{what} of epoch {n}" for what in ("order", "test") for n in range(99))]
    seeds = [stream_seed(seed, purpose) for seed in range(20) for purpose in purposes]
    assert len(set(seeds)) == len(seeds)
    assert all(0 <= seed < 2**63 for seed in seeds)


class EagerRun:
    """The training loop once more, as plainly as it can be written."""

    def __init__(self, config, images, epochs: int) -> None:
        torch.manual_seed(config.seed)
        model = Mlp(config.latent_dim, config.hidden, noisy=config.model == "vae")
        adam = torch.optim.Adam(model.parameters(), lr=config.lr)
        noise_source = torch.Generator().manual_seed(stream_seed(config.seed, "noise"))
        data, step, per_epoch = images.train.float() / 255, 0, math.ceil(600 / config.batch_size)
        self.means = []
        for epoch in range(epochs):
            order = torch.Generator()
            order.manual_seed(stream_seed(config.seed, f"order of epoch {epoch}"))
            totals = torch.zeros(2, dtype=torch.float64)
            for rows in torch.randperm(600, generator=order).split(config.batch_size):
                x = data[rows]
                eps = torch.randn(len(rows), config.latent_dim, generator=noise_source)
                mu, logvar = model.encoder(x).chunk(2, dim=1)
                z = mu + eps * torch.exp(logvar / 2) if config.model == "vae" else mu
                picture = torch.sigmoid(model.decoder(z))
                if config.reconstruction == "bce":
                    reconstruction = functional.binary_cross_entropy(picture, x, reduction="sum")
                else:
                    reconstruction = 0.5 * ((x - picture) ** 2).sum()
                kl = 0.5 * (logvar.exp() - logvar - 1 + mu**2).sum()
                warmup = config.warmup * per_epoch
                beta = config.beta * (min(1, step / warmup) if warmup else 1)
                loss = reconstruction + (beta * kl if config.model == "vae" else 0)
                adam.zero_grad()
                (loss / len(rows)).backward()
                adam.step()
                totals += torch.tensor([reconstruction.item(), kl.item()])
                step += 1
            self.means.append((totals / 600).tolist())
        self.model = model


@pytest.mark.parametrize(
    "changes",
    [
        {},
        {"batch_size": 128},
        {"beta": 4.0},
        {"warmup": 1.5},
        {"model": "ae"},
        {"reconstruction": "mse"},
        {"batch_size": 1_000},
    ],
    ids=["plain", "ragged", "beta", "warm-up", "ae", "mse", "one batch"],
)
def test_epoch_means_and_weights_are_those_of_a_plain_eager_loop(changes):
    config = tiny_config(**changes)
    trainer = tiny_trainer(config)
    ended = only(EpochEnded, finish(trainer))[1:]
    eager = EagerRun(config, IMAGES, 3)
    ours = [(event.train_bce, event.train_kl) for event in ended]
    for mine, plain in zip(ours, eager.means, strict=True):
        assert mine == pytest.approx(plain, rel=1e-4)
    for name, value in eager.model.state_dict().items():
        torch.testing.assert_close(trainer.model.state_dict()[name], value, rtol=1e-3, atol=1e-5)


def test_every_image_is_seen_once_an_epoch():
    """An epoch at a rate of nearly nothing measures each image with the untrained network."""
    config = tiny_config(lr=1e-30, epochs=1, batch_size=128, model="ae")
    ended = only(EpochEnded, finish(tiny_trainer(config)))[1]
    untrained = measure(tiny_trainer(config).model, IMAGES.train, 1)
    assert ended.train_bce == pytest.approx(untrained.bce_at_mean, rel=1e-6)
    assert ended.train_kl == pytest.approx(untrained.kl, rel=1e-5)


def test_the_auto_encoders_loss_has_no_kl_in_it():
    tests = [
        losses_of(finish(tiny_trainer(tiny_config(model="ae", beta=beta)))) for beta in (1.0, 100.0)
    ]
    assert tests[0] == tests[1]
    assert tests[0][-1]["train_kl"] > 0


def test_beta_rises_over_the_warm_up_epochs_and_stays():
    happened = finish(tiny_trainer(tiny_config(warmup=2.0, beta=4.0, epochs=4, hidden=900)))
    for event in only(LossesMeasured, happened):
        assert event.beta == pytest.approx(4 * min(1, event.step / 12))


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
    times = [
        event.time for event in only(LossesMeasured, finish(tiny_trainer(tiny_config(epochs=100))))
    ]
    # All but the last, which is told in any case; a late look at the clock is forgiven once.
    assert times[-2] - times[0] > (len(times) - 3) * CHUNK_SECONDS
    assert len(times) >= 4


def test_losses_do_not_depend_on_where_chunks_begin():
    config = tiny_config(batch_size=32)
    whole, cut = (
        tiny_trainer(config, timer=itertools.accumulate(itertools.cycle(seconds)).__next__)
        for seconds in ([1e-6], [0.02, 0.1, 0.05, 0.01, 0.3])
    )
    assert losses_of(finish(whole)) == losses_of(finish(cut))
    assert same_weights(whole, cut)


def test_a_pause_holds_the_steps_until_it_is_lifted():
    trainer = tiny_trainer()
    waited = iter(range(4))
    script = Script(
        (at(6), wish("pause")),
        (lambda _: next(waited, None) is None, wish("resume")),
    )
    happened = finish(trainer, script)
    assert kinds([event for event in happened if isinstance(event, (Paused, Resumed))]) == [
        "Paused",
        "Resumed",
    ]
    assert only(Paused, happened)[0].step == only(Resumed, happened)[0].step
    assert losses_of(happened) == losses_of(finish(tiny_trainer()))


def test_pausing_twice_and_resuming_what_runs_say_nothing():
    script = Script(
        (always, wish("resume")),
        (always, wish("pause")),
        (always, wish("pause")),
        (always, wish("resume")),
    )
    happened = finish(tiny_trainer(), script)
    assert len(only(Paused, happened)) == len(only(Resumed, happened)) == 1


@pytest.mark.parametrize("paused", [False, True])
def test_a_stop_ends_the_run_at_the_step_where_it_is(paused):
    trainer = tiny_trainer()
    lines = [(at(7), wish("pause"))] if paused else []
    happened = finish(trainer, Script(*lines, (at(7), wish("stop"))))
    assert happened[-1].reason == "stopped"
    assert happened[-1].step == trainer.step < trainer.total_steps


def test_a_changed_setting_is_told_with_the_commands_id_and_used_from_then_on():
    trainer = tiny_trainer(tiny_config(epochs=4))
    beta, lr = change("beta", 4.0), change("lr", 1e-4)
    happened = finish(trainer, Script((at(6), beta), (at(6), lr)))
    changes = only(SettingChanged, happened)
    assert [(c.name, c.old, c.new, c.command_id) for c in changes] == [
        ("beta", 1.0, 4.0, beta.id),
        ("lr", 1e-3, 1e-4, lr.id),
    ]
    last = only(LossesMeasured, happened)[-1]
    assert (last.beta, last.lr) == (4.0, 1e-4)
    assert trainer.state()["optimizer"]["param_groups"][0]["lr"] == 1e-4
    assert losses_of(happened)[:2] == losses_of(finish(tiny_trainer()))[:2]
    assert losses_of(happened)[3] != losses_of(finish(tiny_trainer(tiny_config(epochs=4))))[3]


def test_more_epochs_lengthen_the_run_and_fewer_shorten_it():
    longer = finish(tiny_trainer(), Script((at(6), change("epochs", 5))))
    assert only(EpochEnded, longer)[-1].epoch == 5
    shorter = finish(tiny_trainer(), Script((at(6), change("epochs", 2))))
    assert only(EpochEnded, shorter)[-1].epoch == 2
    assert shorter[-1].reason == "finished"


def test_undo_takes_changes_back_from_the_newest_on_and_then_is_refused():
    undo = wish("undo")
    script = Script(
        (at(1), change("beta", 2.0)),
        (at(1), change("beta", 3.0)),
        (at(1), wish("undo")),
        (at(1), wish("undo")),
        (at(1), undo),
    )
    happened = finish(tiny_trainer(), script)
    assert [(c.old, c.new) for c in only(SettingChanged, happened)] == [
        (1, 2),
        (2, 3),
        (3, 2),
        (2, 1),
    ]
    (refused,) = only(CommandRefused, happened)
    assert (refused.command_id, refused.why) == (undo.id, "nothing to undo: no setting was changed")


@pytest.mark.parametrize(
    ("command", "why"),
    [
        (change("hidden", 3), "no setting 'hidden'; there are beta, lr, epochs"),
        (change("beta", -1), "--beta must be 0 or more, not -1; the nearest is 0"),
        (change("epochs", 1), "--epochs 1: epoch 2 has begun; the nearest is 2"),
        (
            wish("_change"),
            "no command '_change'; there are pause, resume, stop, save, undo, set",
        ),
    ],
)
def test_what_cannot_be_obeyed_is_refused_with_its_id_and_changes_nothing(command, why):
    happened = finish(tiny_trainer(), Script((at(7), command)))
    (refused,) = only(CommandRefused, happened)
    assert (refused.command_id, refused.why) == (command.id, why)
    assert losses_of(happened) == losses_of(finish(tiny_trainer()))


def run_in_pieces(config, cuts, folder: Path):
    """Train with a break at each step of ``cuts``; return the epochs' losses and the trainer."""
    happened: dict[int, dict] = {}
    state = None
    for cut in [*cuts, math.inf]:
        # Each chunk is one step, so that it can be cut at any.
        trainer = tiny_trainer(config, timer=itertools.count(0.0, CHUNK_SECONDS).__next__)
        if state is not None:
            trainer.load_state(state)
        for events in trainer.run(Unasked()):
            happened |= {losses["epoch"]: losses for losses in losses_of(events)}
            if trainer.step >= cut:
                break
        save_state(folder / "state.pt", trainer.state())
        state = load_state(folder / "state.pt")
    return list(happened.values()), trainer


@settings(max_examples=8, deadline=None)
@given(
    cuts=st.lists(st.integers(0, 18), max_size=4).map(sorted),
    changes=st.sampled_from([{}, {"model": "ae"}, {"warmup": 2.0}, {"batch_size": 128}]),
)
def test_a_run_broken_off_anywhere_goes_on_bit_for_bit(tmp_path_factory, cuts, changes):
    config = tiny_config(**changes)
    whole = tiny_trainer(config)
    expected = losses_of(finish(whole))
    losses, resumed = run_in_pieces(config, cuts, tmp_path_factory.mktemp("state"))
    assert losses == expected
    assert same_weights(whole, resumed)


def test_the_losses_of_a_run_broken_off_between_two_reports_tell_of_every_step_once():
    trainer = tiny_trainer()
    happened = []
    for events in trainer.run(Unasked()):
        happened += events
        if trainer.step > 1 and not only(LossesMeasured, events):
            break
    broken_off = trainer.step
    assert only(LossesMeasured, happened)[-1].step < broken_off < trainer.total_steps
    resumed = tiny_trainer()
    resumed.load_state(trainer.state())
    happened += finish(resumed)
    told = done = 0.0
    for event in only(LossesMeasured, happened):
        told += event.bce * (event.step - done)
        done = event.step
    of_epochs = sum(event.train_bce for event in only(EpochEnded, happened)[1:])
    assert told == pytest.approx(of_epochs * trainer.steps_per_epoch)


def test_a_resumed_run_has_its_settings_and_can_still_undo_them():
    trainer = tiny_trainer()
    finish(trainer, Script((at(6), change("beta", 4.0)), (at(6), wish("stop"))))
    resumed = tiny_trainer()
    resumed.load_state(trainer.state())
    happened = finish(resumed, Script((always, wish("undo"))))
    assert happened[0].step == trainer.step
    assert only(SettingChanged, happened)[0].new == 1.0


def test_a_resumed_run_does_not_test_the_untrained_network_again():
    trainer = tiny_trainer()
    finish(trainer, Script((at(3), wish("stop"))))
    resumed = tiny_trainer()
    resumed.load_state(trainer.state())
    assert [event.epoch for event in only(EpochEnded, finish(resumed))] == [1, 2, 3]


def test_a_run_saved_on_another_type_of_device_goes_on_with_fresh_noise_of_its_own():
    trainer = tiny_trainer()
    finish(trainer, Script((at(6), wish("stop"))))
    state = trainer.state()
    state |= {"noise": torch.zeros(16, dtype=torch.uint8), "noise_device": "cuda"}
    losses = []
    for _ in range(2):
        resumed = tiny_trainer()
        resumed.load_state(copy.deepcopy(state))  # it trains in the tensors that it was given
        losses.append(losses_of(finish(resumed)))
    assert losses[0] == losses[1]
    assert [row["epoch"] for row in losses[0]] == [2, 3]
    expected = losses_of(finish(tiny_trainer()))[2:]
    assert losses[0][-1]["train_bce"] == pytest.approx(expected[-1]["train_bce"], rel=0.05)
    assert losses[0] != expected


def test_a_finished_run_resumed_ends_at_once_and_trains_on_with_more_epochs():
    trainer = tiny_trainer()
    finish(trainer)
    resumed = tiny_trainer()
    resumed.load_state(trainer.state())
    assert kinds(finish(resumed)) == ["RunStarted", "RunEnded"]
    resumed = tiny_trainer()
    resumed.load_state(trainer.state())
    longer = tiny_trainer(tiny_config(epochs=5))
    expected = losses_of(finish(longer))
    assert losses_of(finish(resumed, Script((always, change("epochs", 5))))) == expected[4:]
    assert same_weights(resumed, longer)


@pytest.mark.parametrize("spoil", ["step", "model", "optimizer", "noise", "settings", "undo"])
def test_a_state_that_lacks_something_is_refused(spoil):
    state = tiny_trainer().state()
    del state[spoil]
    with pytest.raises(KeyError, match=spoil):
        tiny_trainer().load_state(state)


def test_losses_that_are_not_finite_end_the_run_naming_the_last_good_step():
    class Poison(Script):
        def take(self, wait: float):
            if self.trainer is not None and self.trainer.step >= 7:
                with torch.no_grad():
                    self.trainer.model.decoder[2].bias[0] = math.nan
            elif self.trainer is not None:
                self.trainer.saved_step = self.trainer.step
            return ()

    trainer = tiny_trainer()
    happened = finish(trainer, Poison())
    diverged, ended = happened[-2:]
    good = trainer.saved_step
    assert isinstance(diverged, Diverged)
    assert (diverged.what, diverged.last_good_step) == ("BCE", good)
    assert ended.reason == "failed"
    assert f"the weights of step {good} are kept" in ended.message
    assert ended.message.endswith("half the lr: vae-tui train --resume RUN --lr 0.0005")
    assert 0 < good < trainer.step


def test_a_rate_too_high_diverges_and_says_so_rather_than_going_on():
    trainer = tiny_trainer(tiny_config(lr=10.0, beta=1e6, epochs=200))
    happened = finish(trainer)
    assert kinds(happened)[-2:] == ["Diverged", "RunEnded"]
    assert happened[-2].what in ("BCE", "KL")


def test_precision_bf16_gives_nearly_the_same_losses():
    fp32, bf16 = (
        losses_of(finish(Trainer(TINY, IMAGES, CPU, precision))) for precision in ("fp32", "bf16")
    )
    assert bf16[-1]["train_bce"] == pytest.approx(fp32[-1]["train_bce"], rel=0.01)
    assert bf16[-1]["train_bce"] != fp32[-1]["train_bce"]


def train_as_rank(rank: int, port: int, config, answers) -> None:
    torch.set_num_threads(1)
    os.environ |= {"MASTER_ADDR": "127.0.0.1", "MASTER_PORT": str(port)}
    os.environ |= {"RANK": str(rank), "WORLD_SIZE": "2", "LOCAL_RANK": str(rank)}
    ranks = Ranks.from_environment()
    ranks.join(CPU)
    trainer = tiny_trainer(config, ranks=ranks)
    script = Script((at(6), change("beta", 2.0))) if rank == 0 else Unasked()
    losses = losses_of(finish(trainer, script))
    answers.put((rank, losses, sum(float(v.sum()) for v in trainer.model.state_dict().values())))
    ranks.leave()
    ranks.end(0)


def test_two_processes_together_give_the_losses_of_one():
    config = tiny_config(batch_size=199)  # 3 images in the last batch: shares of 2 and 1
    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        port = free.getsockname()[1]
    spawn = multiprocessing.get_context("spawn")
    answers = spawn.SimpleQueue()
    processes = [
        spawn.Process(target=train_as_rank, args=(rank, port, config, answers)) for rank in range(2)
    ]
    for process in processes:
        process.start()
    for process in processes:
        process.join(60)
        assert process.exitcode == 0
    (_, first, first_sum), (_, second, second_sum) = sorted(answers.get() for _ in range(2))
    alone = losses_of(finish(tiny_trainer(config), Script((at(6), change("beta", 2.0)))))
    assert first_sum == second_sum
    for one, other in zip(alone, first, strict=True):
        for name in ("test_bce", "test_kl", "test_bce_at_mean"):
            assert other[name] == pytest.approx(one[name], rel=1e-4)
    for one, other in zip(alone[1:], first[1:], strict=True):
        for name in ("train_bce", "train_kl"):
            assert other[name] == pytest.approx(one[name], rel=1e-4)
    assert [losses["train_bce"] for losses in first] == [losses["train_bce"] for losses in second]
