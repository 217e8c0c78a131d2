"""What is taken eagerly and what as a graph, shown on the CPU with a graph's stand-in."""

import pytest
import torch
from support.tiny_runs import random_images
from torch.utils._python_dispatch import TorchDispatchMode

from vae_tui.model.vae import VAE
from vae_tui.training.ranks import Ranks
from vae_tui.training.stepper import EAGER_STEPS, Stepper

IMAGES = random_images().train


class Recording(TorchDispatchMode):
    """Repeats what it saw as a CUDA graph does: same operations, same memory, same numbers."""

    def __init__(self) -> None:
        super().__init__()
        self.replays = 0
        self._seen: list = []

    def __torch_dispatch__(self, function, types, arguments=(), keywords=None):
        result = function(*arguments, **(keywords or {}))
        self._seen.append((function, arguments, keywords or {}, result))
        return result

    def replay(self) -> None:
        self.replays += 1
        for function, arguments, keywords, result in self._seen:
            again = function(*arguments, **keywords)
            if isinstance(result, torch.Tensor) and again.data_ptr() != result.data_ptr():
                result.copy_(again)


class Capture:
    """Records a step without letting it change anything, as capturing on CUDA does."""

    def __init__(self) -> None:
        self.recordings: list[Recording] = []

    def __call__(self, step, noise):
        kept = noise.get_state()
        watched = {id(tensor): tensor for tensor in self.of(step.__self__)}
        before = {key: tensor.clone() for key, tensor in watched.items()}
        recording = Recording()
        with recording:
            step()
        for key, tensor in watched.items():
            tensor.copy_(before[key])
        noise.set_state(kept)
        self.recordings.append(recording)
        return recording.replay

    @staticmethod
    @torch.no_grad()
    def of(stepper: Stepper) -> list[torch.Tensor]:
        weights = stepper._gradient.weights
        moments = stepper._optimizer.state[weights].values()
        return [weights.detach(), stepper.sums, *moments]


def stepper(capture=None, batch_size: int = 50, precision: str = "fp32") -> Stepper:
    torch.manual_seed(1)
    return Stepper(
        VAE(4, 16),
        IMAGES,
        batch_size=batch_size,
        lr=1e-3,
        precision=precision,
        reconstruction="bce",
        noise=torch.Generator().manual_seed(5),
        ranks=Ranks(),
        capture=capture,
    )


def batches(count: int, size: int = 50) -> list[torch.Tensor]:
    generator = torch.Generator().manual_seed(2)
    return [torch.randperm(len(IMAGES), generator=generator)[:size] for _ in range(count)]


def train(one: Stepper, rows: list[torch.Tensor], changes: dict | None = None) -> None:
    for number, batch in enumerate(rows):
        beta, lr = (changes or {}).get(number, (1.0 + number / 10, None))
        if lr is not None:
            one.set_lr(lr)
        one.take(batch, beta)


def assert_alike(one: Stepper, other: Stepper) -> None:
    torch.testing.assert_close(one._gradient.weights, other._gradient.weights)
    torch.testing.assert_close(one.sums, other.sums)
    assert torch.equal(one._noise.get_state(), other._noise.get_state())


def test_one_process_on_a_gpu_that_is_not_the_first_captures_on_it(monkeypatch):
    chosen = []
    monkeypatch.setattr(torch.cuda, "set_device", chosen.append)
    Ranks().join(torch.device("cuda:1"))
    Ranks().join(torch.device("cpu"))
    assert chosen == [torch.device("cuda:1")]


@pytest.mark.parametrize("precision", ["fp32", "bf16"])
def test_replayed_steps_train_as_eager_ones_do_with_other_rates_betas_and_ragged_batches(precision):
    capture = Capture()
    eager, graph = stepper(precision=precision), stepper(capture, precision=precision)
    rows = batches(12)
    rows[7] = rows[7][:13]
    changes = {5: (3.0, 1e-2), 9: (0.0, 1e-4)}
    train(eager, rows, changes)
    train(graph, rows, changes)
    assert_alike(eager, graph)
    (recording,) = capture.recordings
    assert recording.replays == len(rows) - EAGER_STEPS - 1


def test_a_state_loaded_before_the_capture_is_trained_on_by_the_graph():
    first, rows = stepper(), batches(4)
    train(first, rows)
    saved = first.state()
    weights = {name: value.clone() for name, value in first._model.state_dict().items()}
    eager, graph = stepper(), stepper(Capture())
    for one in (eager, graph):
        one._model.load_state_dict(weights)
        one.load_state(saved)
        train(one, batches(9))
    assert_alike(eager, graph)


def test_short_batches_alone_are_never_captured():
    capture = Capture()
    one = stepper(capture)
    train(one, batches(EAGER_STEPS + 3, size=49))
    assert not capture.recordings


def test_steps_go_on_eagerly_and_say_so_when_no_graph_can_be_made():
    def broken(step, noise):
        raise RuntimeError("operation not permitted when stream is capturing")

    eager, graph, rows = stepper(), stepper(broken), batches(8)
    train(eager, rows)
    with pytest.warns(UserWarning, match="no CUDA graph"):
        train(graph, rows)
    assert_alike(eager, graph)


def test_the_state_is_that_of_adam_over_the_models_own_parameters():
    one, rows = stepper(), batches(3)
    model = VAE(4, 16)
    adam = torch.optim.Adam(model.parameters(), lr=1e-3)
    train(one, rows)
    model.load_state_dict(one._model.state_dict())
    adam.load_state_dict(one.state())
    for parameter, ours in zip(model.parameters(), one._model.parameters(), strict=True):
        assert adam.state[parameter]["exp_avg"].shape == ours.shape
        assert adam.state[parameter]["step"] == 3
    other = stepper()
    other._model.load_state_dict(model.state_dict())
    other._noise.set_state(one._noise.get_state())
    other.load_state(adam.state_dict())
    other.sums.copy_(one.sums)
    train(one, rows)
    train(other, rows)
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
    one = stepper()
    train(one, batches(2))
    saved = one.state()
    spoil(saved)
    with pytest.raises((KeyError, TypeError, ValueError, RuntimeError)):
        stepper().load_state(saved)
