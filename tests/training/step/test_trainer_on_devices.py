"""The same seed trains the same network, however a run is broken off, on the CPU and on CUDA."""

import pytest
import torch
from support.devices import DEVICES, plans
from support.tiny_runs import (
    Ticker,
    at,
    change,
    command,
    finish,
    kinds,
    losses_of,
    only,
    random_images,
    same_weights,
    tiny_config,
)

from vae_tui.model.step_plan import StepPlan
from vae_tui.run.config import RunConfig
from vae_tui.run.events import RunEnded, RunStarted, SettingChanged
from vae_tui.training.checkpoint import restore, save_state
from vae_tui.training.trainer import Trainer

IMAGES = random_images(train=630)  # 6 full batches and a ragged one
CONFIG = tiny_config(epochs=5, warmup=2.0)
CONV = tiny_config(epochs=4, architecture="conv")
TENTH_OF_A_CHUNK = 0.005


def trainer_on(device: torch.device, plan: StepPlan, config: RunConfig = CONFIG) -> Trainer:
    """Return a trainer whose chunks have 10 steps, or what is left of the epoch."""
    return Trainer(config, IMAGES, device, plan, timer=Ticker(TENTH_OF_A_CHUNK))


@pytest.mark.parametrize("config", [CONFIG, CONV], ids=["mlp", "conv"])
@pytest.mark.parametrize(("device", "plan"), plans(1, 4))
def test_a_resumed_run_ends_with_the_bits_of_an_unbroken_one(device, plan, config, tmp_path):
    unbroken, broken, resumed = (trainer_on(device, plan, config) for _ in range(3))
    expected = finish(unbroken)
    happened = finish(broken, (at(17), command("stop")))
    assert 0 < broken.step < unbroken.step
    save_state(tmp_path / "state.pt", broken.state())
    restore(resumed, tmp_path / "state.pt")
    happened += finish(resumed)
    assert same_weights(resumed, unbroken)
    assert losses_of(happened) == losses_of(expected)


@pytest.mark.parametrize(("device", "plan"), plans(1, 4))
def test_a_pause_and_a_change_that_is_undone_change_no_bit(device, plan):
    unbroken, paused = trainer_on(device, plan), trainer_on(device, plan)
    expected = finish(unbroken)
    happened = finish(
        paused,
        (at(10), command("pause")),
        (at(10), change("lr", 0.5)),
        (at(10), change("beta", 9.0)),
        (at(10), command("undo")),
        (at(10), command("undo")),
        (at(10), command("resume")),
    )
    assert len(only(SettingChanged, happened)) == 4
    assert same_weights(paused, unbroken)
    assert losses_of(happened) == losses_of(expected)


@pytest.mark.parametrize(("setting", "value"), [("lr", 1e-2), ("beta", 0.0)])
@pytest.mark.parametrize("device", DEVICES)
def test_a_change_of_a_setting_counts_from_the_next_step(device, setting, value):
    plan = StepPlan("fp32")
    unchanged, changed = trainer_on(device, plan), trainer_on(device, plan)
    finish(unchanged)
    finish(changed, (at(17), change(setting, value)))
    assert not same_weights(changed, unchanged)


@pytest.mark.parametrize("device", DEVICES)
def test_weights_that_are_not_finite_end_the_run(device):
    trainer = trainer_on(device, StepPlan("fp32"))

    def spoil(trainer: Trainer) -> bool:
        if trainer.step >= 17:
            with torch.no_grad():
                trainer.model.encoder[0].weight[0] = float("nan")
        return False

    happened = finish(trainer, (spoil, command("stop")))
    assert kinds(happened)[-2:] == ["Diverged", "RunEnded"]


@pytest.mark.parametrize(("device", "plan"), plans(1))
def test_the_start_says_what_is_computed_with_what(device, plan):
    happened = finish(trainer_on(device, plan), (at(0), command("stop")))
    (started,) = only(RunStarted, happened)
    assert (started.device, started.precision) == (str(device), plan.precision)
    assert started.gradient == plan.gradient
    assert only(RunEnded, happened)
