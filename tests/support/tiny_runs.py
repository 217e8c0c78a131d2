"""Runs small enough for tests: random images, a small network, scripted commands."""

import dataclasses
import functools
import itertools
import math
from collections.abc import Callable, Sequence
from typing import Any

import torch

from vae_tui.data.idx_files import Images
from vae_tui.model.step_plan import StepPlan
from vae_tui.run.commands import Command
from vae_tui.run.config import RunConfig
from vae_tui.run.events import EpochEnded, Event
from vae_tui.training.trainer import Trainer

CPU = torch.device("cpu")
TINY = RunConfig(
    dataset="digits",
    data_dir="/nowhere",
    epochs=3,
    batch_size=100,
    latent_dim=4,
    hidden=16,
    device="cpu",
    precision="fp32",
    threads=1,  # more would wait for each other: so small a network is slower with them
)


class NoCommands:
    """A command source that has none."""

    save_requested = False
    offset = 0

    def is_stop_requested(self) -> bool:
        return False

    def take(self, wait: float) -> Sequence[Command]:
        return ()


def tiny_config(**changes: Any) -> RunConfig:
    return dataclasses.replace(TINY, **changes)


@functools.cache
def random_images(train: int = 600, test: int = 150) -> Images:
    """Return images that can be learned: few of the pixels are ink, and in patches.

    Always the same tensors, which no test changes.
    """
    generator = torch.Generator().manual_seed(7)

    def draw(count: int) -> torch.Tensor:
        coarse = torch.rand(count, 1, 7, 7, generator=generator)
        smooth = torch.nn.functional.interpolate(coarse, size=(28, 28), mode="bilinear")
        return ((smooth - 0.5).clamp(0, 0.5) * 510).to(torch.uint8).reshape(count, 784)

    def labels(count: int) -> torch.Tensor:
        return (torch.arange(count) % 10).to(torch.uint8)

    return Images(draw(train), labels(train), draw(test), labels(test))


def at(step: int) -> Callable[[Trainer], bool]:
    """Return a condition: the trainer has reached ``step``."""
    return lambda trainer: trainer.step >= step


def command(name: str, **more: Any) -> Command:
    return Command(command=name, **more)


def change(setting: str, value: float) -> Command:
    return Command(command="set", setting=setting, value=value)


class Script:
    """A command source: each command comes once, in order, when its condition is true."""

    def __init__(self, *lines: tuple[Callable[[Trainer], bool], Command]) -> None:
        self.trainer: Trainer | None = None
        self._lines = list(lines)

    def take(self, wait: float) -> Sequence[Command]:
        if self._lines and self._lines[0][0](self.trainer):
            return [self._lines.pop(0)[1]]
        return ()


class Ticker:
    """A timer that advances by ``seconds`` at every reading, by each of several in turn."""

    def __init__(self, *seconds: float) -> None:
        self.now = 0.0
        self._steps = itertools.cycle(seconds)

    def __call__(self) -> float:
        self.now += next(self._steps)
        return self.now


def tiny_trainer(config: RunConfig = TINY, images: Images | None = None, **more: Any) -> Trainer:
    return Trainer(
        config, random_images() if images is None else images, CPU, StepPlan("fp32"), **more
    )


def finish(trainer: Trainer, *lines: tuple[Callable[[Trainer], bool], Command]) -> list[Event]:
    """Return every event until the trainer ends; the lines are a script of commands."""
    script = Script(*lines)
    script.trainer = trainer
    return [event for events in trainer.run(script) for event in events]


def only(kind: type[Event], happened: Sequence[Event]) -> list[Any]:
    return [event for event in happened if isinstance(event, kind)]


def kinds(happened: Sequence[Event]) -> list[str]:
    return [type(event).__name__ for event in happened]


def same_weights(one: Trainer, other: Trainer) -> bool:
    others = weights_of(other)
    return all(torch.equal(value, others[name]) for name, value in weights_of(one).items())


def weights_of(trainer: Trainer) -> dict[str, torch.Tensor]:
    return {name: value.clone() for name, value in trainer.model.state_dict().items()}


def losses_of(happened: Sequence[Event]) -> list[dict[str, Any]]:
    """Return the fields of every EpochEnded but for its times, which differ between runs."""
    return [
        {
            name: None if isinstance(value, float) and math.isnan(value) else value
            for name, value in dataclasses.asdict(event).items()
            if name not in ("time", "seconds")
        }
        for event in only(EpochEnded, happened)
    ]
