"""What ``gpu.py`` measures: steps of the project's own stepper, its trainer, products, kernels."""

import statistics
import threading
import time
from collections.abc import Callable
from dataclasses import dataclass, replace
from functools import cached_property

import torch
from references import product_pairs
from torch import Tensor
from torch.autograd import DeviceType
from torch.profiler import ProfilerActivity, profile

from vae_tui.data.idx_files import Images
from vae_tui.model import build
from vae_tui.model.gradient import AutogradGradient, Gradient, gradient_for
from vae_tui.model.step_plan import StepPlan
from vae_tui.model.vae import VAE
from vae_tui.run.config import RunConfig
from vae_tui.run.events import EpochEnded
from vae_tui.training.distributed.ranks import Ranks
from vae_tui.training.step.cuda_graph import Capture
from vae_tui.training.step.stepper import EAGER_STEPS, Stepper
from vae_tui.training.trainer import Trainer

CHUNK_SECONDS = 0.05
"""Steps between two waits for the device, as in the trainer."""
TEST_IMAGES = 1_000
LONGEST_COMPILATION = 100.0
_PRODUCTS_PER_GRAPH = 10


def random_digits(count: int) -> Images:
    """Return images of MNIST's shape, a fifth of their pixels ink; no file is read."""
    generator = torch.Generator().manual_seed(7)

    def draw(number: int) -> Tensor:
        pixels = torch.randint(0, 256, (number, 784), generator=generator, dtype=torch.uint8)
        return pixels * (torch.rand((number, 784), generator=generator) < 0.2)

    def labels(number: int) -> Tensor:
        return torch.zeros(number, dtype=torch.uint8)

    return Images(draw(count), labels(count), draw(TEST_IMAGES), labels(TEST_IMAGES))


@dataclass(frozen=True)
class Bench:
    """Where and on what is measured."""

    config: RunConfig
    device: torch.device
    images: Images
    capture: Capture | None
    """Makes CUDA graphs; None where there are none."""
    seconds: float
    """Measured of each configuration, after it has warmed up."""

    @cached_property
    def pixels(self) -> Tensor:
        return self.images.train.to(self.device)

    def order(self) -> Tensor:
        return torch.randperm(len(self.pixels), device=self.device)

    def wait(self) -> None:
        if self.device.type == "cuda":
            torch.cuda.synchronize()

    def seconds_of(self, work: Callable[[], object]) -> float:
        """Return how long the work takes, the device's part included."""
        self.wait()
        began = time.perf_counter()
        work()
        self.wait()
        return time.perf_counter() - began

    def model(self) -> VAE:
        torch.manual_seed(1)
        return build(self.config).to(self.device)

    def stepper(
        self, model: VAE, gradient: Gradient, batch: int, plan: StepPlan, *, eager: bool = False
    ) -> Stepper:
        return Stepper(
            model,
            gradient,
            self.pixels,
            batch_size=batch,
            lr=1e-3,
            noise=torch.Generator(self.device).manual_seed(1),
            ranks=Ranks(),
            capture=None if eager else self.capture,
            steps_per_graph=plan.steps_per_graph,
        )


@dataclass(frozen=True)
class Steps:
    """A stepper that has warmed up, with its graphs captured."""

    bench: Bench
    stepper: Stepper
    batch: int
    plan: StepPlan

    def warm_up(self) -> "Steps":
        for _ in range(3):
            self.take(max(2 * self.plan.steps_per_graph, EAGER_STEPS))
        self.bench.wait()
        return self

    def take(self, count: int) -> None:
        """Take steps on full batches of one epoch after another."""
        most = len(self.bench.pixels) // self.batch
        while count:
            now = min(count, most)
            self.stepper.take(self.bench.order()[: now * self.batch], [1.0] * now)
            count -= now

    def seconds_per_step(self) -> float:
        """Return the median of chunks of steps."""
        per_graph = self.plan.steps_per_graph
        guess = self.bench.seconds_of(lambda: self.take(2 * per_graph)) / (2 * per_graph)
        count = max(1, round(CHUNK_SECONDS / guess / per_graph)) * per_graph
        ended, chunks = time.perf_counter() + self.bench.seconds, []
        while len(chunks) < 3 or time.perf_counter() < ended:
            chunks.append(self.bench.seconds_of(lambda: self.take(count)) / count)
        return statistics.median(chunks)

    def kernels_per_step(self) -> float | None:
        """Return the kernels, copies and fills of a step; None without a CUDA device."""
        if self.bench.device.type != "cuda":
            return None
        count = self.plan.steps_per_graph
        rows = self.bench.order()[: count * self.batch]
        with profile(activities=[ProfilerActivity.CUDA]) as seen:
            self.stepper.take(rows, [1.0] * count)
            self.bench.wait()
        return sum(event.device_type == DeviceType.CUDA for event in seen.events()) / count


def own_steps(bench: Bench, plan: StepPlan, batch: int, *, eager: bool) -> Steps:
    """Return warm steps as a run with this plan takes them."""
    model = bench.model()
    gradient = gradient_for(model, plan, "bce")
    stepper = bench.stepper(model, gradient, batch, plan, eager=eager)
    return Steps(bench, stepper, batch, plan).warm_up()


def products_seconds(bench: Bench, precision: str, batch: int) -> float:
    """Return how long the matrix products of a step take, alone and in one graph."""
    if bench.device.type == "cuda":
        torch.set_float32_matmul_precision("high" if precision == "tf32" else "highest")
    dtype = torch.bfloat16 if precision == "bf16" else torch.float32
    pairs = product_pairs(batch, dtype, bench.device)

    def multiply() -> None:
        for _ in range(_PRODUCTS_PER_GRAPH):
            for one, other in pairs:
                torch.mm(one, other)

    multiply()
    repeat = bench.capture(multiply, torch.Generator(bench.device)) if bench.capture else multiply
    ended, times = time.perf_counter() + bench.seconds / 2, []
    while len(times) < 5 or time.perf_counter() < ended:
        times.append(bench.seconds_of(repeat) / _PRODUCTS_PER_GRAPH)
    return statistics.median(times)


class Nobody:
    """A source of commands that has none."""

    def take(self, wait: float) -> tuple[()]:
        return ()


def trainer_speeds(bench: Bench, plan: StepPlan, batch: int) -> tuple[float, float]:
    """Return images/s of the whole trainer: of its steps alone, and with its tests and reports."""
    config = replace(bench.config, batch_size=batch)
    trainer = Trainer(config, bench.images, bench.device, plan)
    epochs, training, counted_from = 0, 0.0, 0.0
    for happened in trainer.run(Nobody()):
        for event in happened:
            if not isinstance(event, EpochEnded):
                continue
            now = time.perf_counter()
            if event.epoch == 1:  # the graph is captured in the first
                counted_from = now
            elif event.epoch > 1:
                epochs, training = epochs + 1, training + event.seconds
                if now - counted_from > bench.seconds:
                    images = epochs * len(bench.images.train)
                    return images / training, images / (now - counted_from)
    raise AssertionError("unreachable: the run is longer")


def compiled_beside(bench: Bench, plan: StepPlan, batch: int) -> tuple[Steps, dict[str, float]]:
    """Train while a thread compiles the losses and their gradient; swap when it has ended.

    Returns:
        The compiled steps, which continue the training from its weights and moments, and the
        seconds of compiling, with the speed meanwhile as a share of the speed before.
    """
    model, other = bench.model(), bench.model()
    gradient = gradient_for(model, plan, "bce")
    steps = Steps(bench, bench.stepper(model, gradient, batch, plan), batch, plan).warm_up()
    before = steps.seconds_per_step()
    compiled = AutogradGradient(other, plan.precision, "bce", transform=torch.compile)
    failure: list[Exception] = []

    def compile_losses() -> None:
        noise = torch.randn(batch, other.latent_dim, device=bench.device)
        beta = torch.ones((), device=bench.device)
        try:
            compiled.forward_backward(bench.pixels[:batch], noise, beta, 1 / batch)
        except Exception as error:
            failure.append(error)

    thread = threading.Thread(target=compile_losses, daemon=True)
    began, meanwhile = time.perf_counter(), []
    thread.start()
    while thread.is_alive() and time.perf_counter() - began < LONGEST_COMPILATION:
        meanwhile.append(steps.seconds_per_step())
    seconds = time.perf_counter() - began
    if failure:
        raise failure[0]
    if thread.is_alive():
        raise TimeoutError(f"not compiled within {LONGEST_COMPILATION:g} s")
    other.load_state_dict(model.state_dict())
    stepper = bench.stepper(other, compiled, batch, plan)
    stepper.load_state(steps.stepper.state())
    swapped = Steps(bench, stepper, batch, plan).warm_up()
    share = before / statistics.median(meanwhile) if meanwhile else 1.0
    return swapped, {"seconds to compile": seconds, "speed while compiling": share}
