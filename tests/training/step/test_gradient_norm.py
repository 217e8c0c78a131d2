"""The norm of the gradient: measured by the stepper, averaged over steps, kept by a resume."""

import pytest
import torch
from support.devices import DEVICES
from support.tiny_runs import random_images

from vae_tui.model.gradient import gradient_for
from vae_tui.model.mlp.module import Mlp
from vae_tui.model.step_plan import StepPlan
from vae_tui.run.series import averaged
from vae_tui.training.distributed.ranks import Ranks
from vae_tui.training.loss_meter import LossMeter
from vae_tui.training.step.stepper import Stepper

NAMES = [metric.name for metric in averaged()]


@pytest.mark.parametrize("device", DEVICES)
@pytest.mark.parametrize("precision", ["fp32", "bf16"])
def test_the_norm_is_that_of_the_gradient_in_adams_first_moment(device, precision):
    torch.manual_seed(1)
    model = Mlp(4, 16).to(device)
    stepper = Stepper(
        model, gradient_for(model, StepPlan(precision), "bce"), random_images().train.to(device),
        batch_size=50, lr=1e-3, noise=torch.Generator(device).manual_seed(5), ranks=Ranks(),
    )  # fmt: skip
    stepper.take(torch.arange(50, device=device), [1.0])
    moments = [one["exp_avg"].flatten() for one in stepper.state()["state"].values()]
    gradient = torch.cat(moments) / 0.1  # after one step: (1 - 0.9) times the gradient
    norm = stepper.sums[NAMES.index("gradient_norm")]
    torch.testing.assert_close(norm.float(), gradient.norm(), rtol=1e-4, atol=0.0)


def sums(**values: float) -> list[float]:
    return [values.get(name, 0.0) for name in NAMES]


def means(**values: float) -> dict[str, float]:
    return dict(zip(NAMES, sums(**values), strict=True))


def test_losses_are_means_over_images_and_the_norm_over_steps_since_the_last_report():
    meter = LossMeter(interval=1.0)
    meter.add(100, 2, sums(bce=500.0, kl=50.0, gradient_norm=8.0), 1.0)
    assert meter.take(0.0, last=False).means() == means(bce=5.0, kl=0.5, gradient_norm=4.0)
    meter.add(150, 3, sums(bce=650.0, kl=150.0, gradient_norm=10.0), 1.0)
    assert meter.take(0.5, last=False) is None
    assert meter.take(1.5, last=False).means() == means(bce=3.0, kl=2.0, gradient_norm=2.0)


def test_a_resumed_meter_reports_as_one_that_was_not_interrupted():
    meter, resumed = LossMeter(interval=1.0), LossMeter(interval=1.0)
    meter.add(100, 2, sums(bce=500.0, kl=50.0, gradient_norm=8.0), 1.0)
    resumed.load_state(meter.state(), images=100, steps=2)
    for one in (meter, resumed):
        one.add(200, 4, sums(bce=900.0, kl=90.0, gradient_norm=10.0), 1.0)
    assert resumed.take(0.0, last=False) == meter.take(0.0, last=False)
    assert resumed.epoch_seconds == meter.epoch_seconds == 2.0


def test_a_state_of_an_older_version_that_knew_no_norm_is_continued():
    meter = LossMeter(interval=1.0)
    old = {"sums": [500.0, 50.0], "unreported": [100, 500.0, 50.0, 1.0], "epoch_seconds": 1.0}
    meter.load_state(old, images=100, steps=2)
    meter.add(200, 4, sums(bce=900.0, kl=90.0, gradient_norm=6.0), 1.0)
    assert meter.take(0.0, last=False).means() == means(bce=4.5, kl=0.45, gradient_norm=3.0)
    meter.load_state({"sums": [500.0, 50.0], "epoch_seconds": 1.0}, images=100, steps=2)
    assert meter.epoch_sums.means()["bce"] == 5.0
