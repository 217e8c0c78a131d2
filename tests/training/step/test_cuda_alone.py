"""What only a real CUDA device can show: failed captures, streams, memory, TF32."""

import threading

import pytest
import torch
from support.devices import CUDA, ON_CUDA, has_tf32
from support.tiny_runs import (
    finish,
    losses_of,
    only,
    random_images,
    same_weights,
    tiny_config,
)

from vae_tui.model.gradient import gradient_for
from vae_tui.model.mlp.module import Mlp
from vae_tui.model.step_plan import AUTOGRAD, HANDWRITTEN, StepPlan
from vae_tui.run import events
from vae_tui.run.config import RunConfig
from vae_tui.run.events import RunEnded, RunStarted
from vae_tui.run.runs_folder import create
from vae_tui.training.command_source import CommandFile
from vae_tui.training.distributed.ranks import Ranks
from vae_tui.training.process import train
from vae_tui.training.step import image_feed
from vae_tui.training.step.cuda_graph import capture_on_cuda
from vae_tui.training.step.image_feed import Windows
from vae_tui.training.step.stepper import Stepper
from vae_tui.training.trainer import Trainer

pytestmark = ON_CUDA
BATCH = 128


def make_stepper(plan: StepPlan, capture=capture_on_cuda) -> Stepper:
    torch.manual_seed(1)
    model = Mlp().to(CUDA)
    return Stepper(
        model,
        gradient_for(model, plan, "bce"),
        random_images().train.to(CUDA),
        batch_size=BATCH,
        lr=1e-3,
        noise=torch.Generator(CUDA).manual_seed(5),
        ranks=Ranks(),
        capture=capture,
        steps_per_graph=plan.steps_per_graph,
    )


def train_steps(stepper: Stepper, count: int) -> None:
    for _ in range(count):
        stepper.take(torch.arange(BATCH, device=CUDA), [1.0])


def result_of(stepper: Stepper) -> torch.Tensor:
    """Return Adam's moments and the sums of the losses."""
    moments = [one["exp_avg"].flatten() for one in stepper.state()["state"].values()]
    torch.cuda.synchronize()
    return torch.cat((*moments, stepper.sums.float()))


@pytest.mark.parametrize("gradient", [HANDWRITTEN, AUTOGRAD])
def test_a_capture_that_fails_leaves_eager_training_as_if_it_had_not_been_tried(gradient):
    def spoiled(steps, noise):
        def with_a_wait() -> None:
            steps()
            torch.cuda.synchronize()  # not allowed while capturing

        return capture_on_cuda(with_a_wait, noise)

    plan = StepPlan("fp32", gradient)
    eager, failing = make_stepper(plan, None), make_stepper(plan, spoiled)
    stream = torch.cuda.current_stream()
    train_steps(eager, 8)
    with pytest.warns(UserWarning, match="no CUDA graph"):
        train_steps(failing, 8)
    assert torch.cuda.current_stream() == stream
    torch.testing.assert_close(result_of(failing), result_of(eager), rtol=1e-4, atol=1e-6)


@pytest.mark.parametrize("gradient", [HANDWRITTEN, AUTOGRAD])
def test_steps_on_a_second_stream_train_as_those_on_the_first(gradient):
    one, other = (make_stepper(StepPlan("fp32", gradient)) for _ in range(2))
    second = torch.cuda.Stream()
    second.wait_stream(torch.cuda.current_stream())
    train_steps(one, 12)
    with torch.cuda.stream(second):
        train_steps(other, 12)
    torch.testing.assert_close(result_of(other), result_of(one), rtol=1e-4, atol=1e-6)


@pytest.mark.filterwarnings("error")
def test_another_threads_calls_to_cuda_do_not_break_a_capture():
    ended = threading.Event()

    def read_memory() -> None:
        while not ended.is_set():
            torch.cuda.mem_get_info()

    thread = threading.Thread(target=read_memory, daemon=True)
    thread.start()
    try:
        stepper = make_stepper(StepPlan("fp32", steps_per_graph=8))
        train_steps(stepper, 12)  # a failed capture would warn
    finally:
        ended.set()
        thread.join()


@pytest.mark.parametrize("gradient", [HANDWRITTEN, AUTOGRAD])
def test_replays_need_no_more_memory_however_many(gradient):
    stepper = make_stepper(StepPlan("fp32", gradient, steps_per_graph=4))
    train_steps(stepper, 20)
    torch.cuda.synchronize()
    before = torch.cuda.memory_allocated()
    train_steps(stepper, 200)
    torch.cuda.synchronize()
    assert torch.cuda.memory_allocated() == before


def test_tf32_is_near_float32_and_another_number_and_float32_is_exact_again_afterwards():
    if not has_tf32():
        pytest.skip("this GPU has no TF32")
    results = {}
    for precision in ("fp32", "tf32", "fp32"):
        stepper = make_stepper(StepPlan(precision))
        again = results.get(precision)
        results[precision] = stepper.compute_gradient(BATCH)
        if again is not None:
            assert torch.equal(again, results[precision])
    error = (results["tf32"] - results["fp32"]).norm() / results["fp32"].norm()
    assert 0 < error < 1e-2


@pytest.mark.parametrize("steps", [1, 4])
def test_images_read_from_the_hosts_memory_train_as_those_on_the_device(monkeypatch, steps):
    plan = StepPlan("fp32", steps_per_graph=steps)
    config = tiny_config(epochs=3, device="cuda")
    on_device = Trainer(config, random_images(), CUDA, plan)
    monkeypatch.setattr(image_feed, "DEVICE_SHARE", 0.0)
    monkeypatch.setattr(image_feed, "WINDOW_BYTES", 250 * 784)  # two batches of 100
    from_host = Trainer(config, random_images(), CUDA, plan)
    assert isinstance(image_feed.feed_for(config, random_images().train, CUDA, Ranks()), Windows)
    expected, happened = finish(on_device), finish(from_host)
    assert same_weights(from_host, on_device)
    assert losses_of(happened) == losses_of(expected)


def test_a_run_out_of_memory_says_so_and_is_trained_when_there_is_enough(tmp_path):
    config = RunConfig(
        dataset="digits", data_dir=str(tmp_path), epochs=1, hidden=4_000, device="cuda"
    )
    run = create(tmp_path, "run", config)

    def result() -> int:
        return train(run, config, CommandFile(run.commands, 0), Ranks())

    torch.cuda.empty_cache()
    try:
        torch.cuda.set_per_process_memory_fraction(1e-3)
        assert result() == 1
    finally:
        torch.cuda.set_per_process_memory_fraction(1.0)
    assert result() == 0
    happened = [events.decode(line) for line in run.events.read_bytes().splitlines()]
    first, last = only(RunEnded, happened)
    assert (first.reason, last.reason) == ("failed", "finished")
    assert "out of memory on the device" in first.message
    assert {one.device for one in only(RunStarted, happened)} == {"cuda:0"}
