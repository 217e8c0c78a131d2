"""What a trainer, as an iterator, reports and learns."""

import math
import os

import pytest
import torch
from support.tiny_runs import (
    CPU,
    TINY,
    finish,
    kinds,
    losses_of,
    only,
    random_images,
    tiny_config,
    tiny_trainer,
)
from torch.nn import functional

from vae_tui.evaluation.elbo import measure
from vae_tui.model.device import device_name
from vae_tui.model.mlp.module import Mlp
from vae_tui.model.step_plan import StepPlan
from vae_tui.model.vae import reference_losses
from vae_tui.run.events import (
    EpochEnded,
    LossesMeasured,
    RunEnded,
    RunStarted,
)
from vae_tui.training.random_streams import stream_seed
from vae_tui.training.trainer import Trainer

IMAGES = random_images()


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
    assert isinstance(happened[-3], LossesMeasured)  # the last losses are reported in any case
    assert happened[-3].epoch == 3


def test_the_start_reports_what_is_trained_and_the_reference_losses():
    trainer = tiny_trainer(clock=lambda: 12.5)
    started = finish(trainer)[0]
    floor, collapse = reference_losses(IMAGES.train, IMAGES.test, "bce")
    assert started == RunStarted(
        time=12.5,
        step=0,
        device="cpu",
        precision="fp32",
        gradient="handwritten",
        images=600,
        parameters=sum(value.numel() for value in Mlp(4, 16).parameters()),
        image_shape="28x28x1",
        steps_per_epoch=6,
        pid=os.getpid(),
        host=os.uname().nodename,
        device_name=device_name(torch.device("cpu")),
        world_size=1,
        threads=1,
        epochs=3,
        test_images=150,
        floor=floor,
        collapse=collapse,
        commands_from=0,
    )


def test_the_untrained_network_is_tested_before_the_first_step():
    tested = finish(tiny_trainer())[1]
    assert isinstance(tested, EpochEnded)
    assert math.isnan(tested.train_bce)
    torch.manual_seed(TINY.seed)
    untrained = measure(Mlp(4, 16), IMAGES.test, stream_seed(TINY.seed, "test of epoch 0"))
    assert (tested.test_bce, tested.test_bce_at_mean) == (untrained.bce, untrained.bce_at_mean)


def test_each_epoch_is_tested_with_noise_of_its_own_stream():
    trainer = tiny_trainer()
    last = only(EpochEnded, finish(trainer))[-1]
    own = measure(trainer.model, IMAGES.test, stream_seed(TINY.seed, "test of epoch 3"))
    assert (last.test_bce, last.test_kl) == (own.bce, own.kl)


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


def test_streams_of_random_numbers_have_different_seeds_even_for_runs_with_neighbouring_seeds():
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
                kl_terms = 0.5 * (logvar.exp() - logvar - 1 + mu**2)
                kl, kl_in_loss = kl_terms.sum(), kl_terms.clamp_min(config.free_bits).sum()
                warmup = config.warmup * per_epoch
                beta = config.beta * (min(1, step / warmup) if warmup else 1)
                loss = reconstruction + (beta * kl_in_loss if config.model == "vae" else 0)
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
        {"free_bits": 0.05},
        {"model": "ae"},
        {"reconstruction": "mse"},
        {"batch_size": 1_000},
    ],
    ids=["plain", "ragged", "beta", "warm-up", "free bits", "ae", "mse", "one batch"],
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


def test_precision_bf16_gives_nearly_the_same_losses():
    fp32, bf16 = (
        losses_of(finish(Trainer(TINY, IMAGES, CPU, StepPlan(precision))))
        for precision in ("fp32", "bf16")
    )
    assert bf16[-1]["train_bce"] == pytest.approx(fp32[-1]["train_bce"], rel=0.01)
    assert bf16[-1]["train_bce"] != fp32[-1]["train_bce"]
