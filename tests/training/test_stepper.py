"""What is taken eagerly and what as a graph, shown on the CPU with a graph's stand-in."""

import pytest
import torch
from support.tiny_runs import random_images
from torch.utils._python_dispatch import TorchDispatchMode
from torch.utils._pytree import tree_leaves

from vae_tui.model.mlp import Mlp
from vae_tui.training.distributed.ranks import Ranks
from vae_tui.training.stepper import EAGER_STEPS, Stepper

IMAGES = random_images().train


class Recording(TorchDispatchMode):
    """Repeats what it saw as a CUDA graph does: same operations, same memory, same numbers."""

    def __init__(self) -> None:
        super().__init__()
        self.replays = 0
        self._seen: list = []
        self._before: dict[int, tuple[torch.UntypedStorage, torch.UntypedStorage]] = {}

    def __torch_dispatch__(self, function, types, arguments=(), keywords=None):
        for tensor in tree_leaves((arguments, keywords)):
            if isinstance(tensor, torch.Tensor):
                storage = tensor.untyped_storage()
                self._before.setdefault(storage.data_ptr(), (storage, storage.clone()))
        result = function(*arguments, **(keywords or {}))
        self._seen.append((function, arguments, keywords or {}, result))
        return result

    def undo(self) -> None:
        """Restore all memory as it was: capturing on CUDA computes nothing."""
        for storage, before in self._before.values():
            storage.copy_(before)

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
        before = noise.get_state()
        recording = Recording()
        with recording:
            step()
        recording.undo()
        noise.set_state(before)
        self.recordings.append(recording)
        return recording.replay


class Training:
    """A model, its stepper and the generator of its noise."""

    def __init__(self, capture=None, batch_size: int = 50, precision: str = "fp32") -> None:
        torch.manual_seed(1)
        self.model = Mlp(4, 16)
        self.noise = torch.Generator().manual_seed(5)
        self.stepper = Stepper(
            self.model,
            IMAGES,
            batch_size=batch_size,
            lr=1e-3,
            precision=precision,
            reconstruction="bce",
            noise=self.noise,
            ranks=Ranks(),
            capture=capture,
        )

    def train(self, batches: list[torch.Tensor], changes: dict | None = None) -> None:
        for number, batch in enumerate(batches):
            beta, lr = (changes or {}).get(number, (1.0 + number / 10, None))
            if lr is not None:
                self.stepper.set_lr(lr)
            self.stepper.take(batch, beta)

    def load(self, weights: dict, state: dict) -> None:
        self.model.load_state_dict(weights)
        self.stepper.load_state(state)


def batches(count: int, size: int = 50) -> list[torch.Tensor]:
    generator = torch.Generator().manual_seed(2)
    return [torch.randperm(len(IMAGES), generator=generator)[:size] for _ in range(count)]


def assert_alike(one: Training, other: Training) -> None:
    assert_same_weights(one.model, other.model)
    torch.testing.assert_close(one.stepper.sums, other.stepper.sums)
    assert torch.equal(one.noise.get_state(), other.noise.get_state())


def assert_same_weights(one: Mlp, other: Mlp) -> None:
    for parameter, expected in zip(one.parameters(), other.parameters(), strict=True):
        torch.testing.assert_close(parameter, expected)


def test_one_process_on_a_gpu_that_is_not_the_first_captures_on_it(monkeypatch):
    chosen = []
    monkeypatch.setattr(torch.cuda, "set_device", chosen.append)
    Ranks().join(torch.device("cuda:1"))
    Ranks().join(torch.device("cpu"))
    assert chosen == [torch.device("cuda:1")]


@pytest.mark.parametrize("precision", ["fp32", "bf16"])
def test_replayed_steps_train_as_eager_ones_do_with_other_rates_betas_and_ragged_batches(precision):
    capture = Capture()
    eager, graph = Training(precision=precision), Training(capture, precision=precision)
    rows = batches(12)
    rows[7] = rows[7][:13]
    changes = {5: (3.0, 1e-2), 9: (0.0, 1e-4)}
    eager.train(rows, changes)
    graph.train(rows, changes)
    assert_alike(eager, graph)
    (recording,) = capture.recordings
    assert recording.replays == len(rows) - EAGER_STEPS - 1


@pytest.mark.parametrize("steps_before", [0, EAGER_STEPS + 2], ids=["before", "after"])
@pytest.mark.parametrize("steps_saved", [0, 4], ids=["untrained", "trained"])
def test_a_state_loaded_before_or_after_the_capture_is_trained_on_by_the_graph(
    steps_before, steps_saved
):
    saved = Training()
    saved.train(batches(steps_saved))
    weights = {name: value.clone() for name, value in saved.model.state_dict().items()}
    eager, graph = Training(), Training(Capture())
    for one in (eager, graph):
        one.train(batches(steps_before))
        one.load(weights, saved.stepper.state())
        one.train(batches(9))
    assert_alike(eager, graph)


def test_short_batches_alone_are_never_captured():
    capture = Capture()
    Training(capture).train(batches(EAGER_STEPS + 3, size=49))
    assert not capture.recordings


def test_steps_go_on_eagerly_and_say_so_when_no_graph_can_be_made():
    def broken(step, noise):
        raise RuntimeError("operation not permitted when stream is capturing")

    eager, graph, rows = Training(), Training(broken), batches(8)
    eager.train(rows)
    with pytest.warns(UserWarning, match="no CUDA graph"):
        graph.train(rows)
    assert_alike(eager, graph)


def test_the_state_is_that_of_adam_over_the_models_own_parameters():
    one, rows = Training(), batches(3)
    model = Mlp(4, 16)
    adam = torch.optim.Adam(model.parameters(), lr=1e-3)
    one.train(rows)
    model.load_state_dict(one.model.state_dict())
    adam.load_state_dict(one.stepper.state())
    for parameter, ours in zip(model.parameters(), one.model.parameters(), strict=True):
        assert adam.state[parameter]["exp_avg"].shape == ours.shape
        assert adam.state[parameter]["step"] == 3
    other = Training()
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
    one.train(batches(2))
    saved = one.stepper.state()
    spoil(saved)
    with pytest.raises((KeyError, TypeError, ValueError, RuntimeError)):
        Training().stepper.load_state(saved)
