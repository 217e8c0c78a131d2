"""What is taken eagerly and what as a graph, on the CPU with a graph's stand-in and on CUDA."""

import pytest
import torch
from support.devices import DEVICES, plans
from support.graph_stand_in import Capture
from support.tiny_runs import random_images

from vae_tui.model.gradient import gradient_for
from vae_tui.model.mlp.module import Mlp
from vae_tui.model.step_plan import StepPlan
from vae_tui.training.distributed.ranks import Ranks
from vae_tui.training.step.stepper import EAGER_STEPS, Stepper

CPU = torch.device("cpu")
IMAGES = random_images().train


class Training:
    """A model, its stepper and the generator of its noise."""

    def __init__(
        self,
        device: torch.device = CPU,
        plan: StepPlan = StepPlan("fp32"),  # noqa: B008 - frozen
        capture=None,
    ) -> None:
        torch.manual_seed(1)
        self.device = device
        self.model = Mlp(4, 16).to(device)
        self.noise = torch.Generator(device).manual_seed(5)
        self.stepper = Stepper(
            self.model,
            gradient_for(self.model, plan, "bce"),
            IMAGES.to(device),
            batch_size=50,
            lr=1e-3,
            noise=self.noise,
            ranks=Ranks(),
            capture=capture,
            steps_per_graph=plan.steps_per_graph,
        )

    def train(self, rows: torch.Tensor, betas: list[float] | None = None) -> None:
        """Take steps on batches of 50 rows; the last may be smaller."""
        steps = -(-len(rows) // 50)
        self.stepper.take(rows.to(self.device), betas or [1.0] * steps)

    def load(self, weights: dict, state: dict) -> None:
        self.model.load_state_dict(weights)
        self.stepper.load_state(state)


def some_rows(count: int) -> torch.Tensor:
    return torch.randint(len(IMAGES), (count,), generator=torch.Generator().manual_seed(2))


def assert_alike(one: Training, other: Training) -> None:
    """Compare weights, what a save would hold of the optimiser, sums of losses and noise."""
    for parameter, expected in zip(one.model.parameters(), other.model.parameters(), strict=True):
        torch.testing.assert_close(parameter, expected)
    torch.testing.assert_close(one.stepper.state(), other.stepper.state())
    torch.testing.assert_close(one.stepper.sums, other.stepper.sums)
    assert torch.equal(one.noise.get_state(), other.noise.get_state())


def train_with_changes(training: Training) -> None:
    """Train 14 full batches and 2 ragged ones, with a rising beta and other learning rates."""
    rows = some_rows(14 * 50)
    training.train(rows[: 5 * 50 + 13], [0.1, 0.2, 0.3, 0.4, 0.5, 0.6])
    training.stepper.set_lr(1e-2)
    training.train(rows[5 * 50 : 9 * 50], [3.0] * 4)
    training.stepper.set_lr(1e-4)
    training.train(rows[9 * 50 :], [0.0, 1.0, 1.0, 0.5, 0.4])
    training.train(rows[:13], [1.0])


@pytest.mark.parametrize(("device", "plan"), plans(1, 2, 4))
def test_replayed_steps_train_as_eager_ones_with_other_rates_betas_and_ragged_batches(device, plan):
    capture = Capture(device)
    eager, graph = Training(device, plan), Training(device, plan, capture)
    for training in (eager, graph):
        train_with_changes(training)
    assert_alike(eager, graph)
    assert sum(capture.replays) > 0


@pytest.mark.parametrize("device", DEVICES)
def test_a_graph_of_several_steps_is_replayed_while_as_many_full_batches_are_left(device):
    capture = Capture(device)
    training = Training(device, StepPlan("fp32", steps_per_graph=4), capture)
    training.train(some_rows(EAGER_STEPS * 50))
    assert capture.replays == [0, 0]
    training.train(some_rows(10 * 50 + 7))
    assert capture.replays == [2, 2]  # 4 + 4, then 1 + 1, and a ragged batch


@pytest.mark.parametrize("device", DEVICES)
@pytest.mark.parametrize("steps_before", [0, EAGER_STEPS + 2], ids=["before", "after"])
@pytest.mark.parametrize("steps_saved", [0, 4], ids=["untrained", "trained"])
def test_a_state_loaded_before_or_after_the_capture_is_trained_on_by_the_graph(
    device, steps_before, steps_saved
):
    saved = Training(device)
    saved.train(some_rows(steps_saved * 50))
    weights = {name: value.clone() for name, value in saved.model.state_dict().items()}
    eager, graph = Training(device), Training(device, capture=Capture(device))
    for one in (eager, graph):
        one.train(some_rows(steps_before * 50))
        one.load(weights, saved.stepper.state())
        one.train(some_rows(9 * 50))
    assert_alike(eager, graph)


def test_short_batches_alone_are_never_captured():
    capture = Capture(CPU)
    training = Training(capture=capture)
    for _ in range(EAGER_STEPS + 3):
        training.train(some_rows(49))
    assert not capture.replays


def test_steps_go_on_eagerly_and_say_so_when_no_graph_can_be_made():
    def broken(steps, noise):
        raise RuntimeError("operation not permitted when stream is capturing")

    eager, graph, rows = Training(), Training(capture=broken), some_rows(8 * 50)
    eager.train(rows)
    with pytest.warns(UserWarning, match="no CUDA graph"):
        graph.train(rows)
    assert_alike(eager, graph)


@pytest.mark.parametrize("device", DEVICES)
def test_the_state_is_that_of_adam_over_the_models_own_parameters(device):
    one, rows = Training(device), some_rows(3 * 50)
    model = Mlp(4, 16).to(device)
    adam = torch.optim.Adam(model.parameters(), lr=1e-3)
    one.train(rows)
    model.load_state_dict(one.model.state_dict())
    adam.load_state_dict(one.stepper.state())
    for parameter, ours in zip(model.parameters(), one.model.parameters(), strict=True):
        assert adam.state[parameter]["exp_avg"].shape == ours.shape
        assert adam.state[parameter]["step"] == 3
    other = Training(device)
    other.noise.set_state(one.noise.get_state())
    other.load(model.state_dict(), adam.state_dict())
    other.stepper.sums.copy_(one.stepper.sums)
    one.train(rows)
    other.train(rows)
    assert_alike(one, other)


@pytest.mark.parametrize(
    "spoil",
    [
        lambda state: state["state"].pop(3),
        lambda state: state["state"][2].pop("exp_avg"),
        lambda state: state["state"][0].update(exp_avg_sq=torch.zeros(7)),
        lambda state: state.pop("param_groups"),
    ],
    ids=["a parameter", "a moment", "another shape", "no group"],
)
def test_a_state_that_is_none_is_refused(spoil):
    one = Training()
    one.train(some_rows(2 * 50))
    saved = one.stepper.state()
    spoil(saved)
    with pytest.raises((KeyError, TypeError, ValueError, RuntimeError)):
        Training().stepper.load_state(saved)
