"""The loop, as an iterator of events; knows no files and no signals."""

import contextlib
import math
import os
import time
from collections.abc import Callable, Iterator, Sequence
from typing import Any, Protocol

import torch

from vae_tui.data.idx_files import Images
from vae_tui.errors import UsageError
from vae_tui.evaluation.elbo import measure
from vae_tui.model.device import memory_in_use
from vae_tui.model.vae import VAE, reference_losses
from vae_tui.run.commands import Command, check
from vae_tui.run.config import RunConfig
from vae_tui.run.events import (
    CommandRefused,
    Diverged,
    EpochEnded,
    Event,
    LossesMeasured,
    Paused,
    Resumed,
    RunEnded,
    RunStarted,
    SettingChanged,
)
from vae_tui.training.kept_steps import next_kept
from vae_tui.training.loss_meter import Tally
from vae_tui.training.random_streams import Order, stream_seed
from vae_tui.training.ranks import Ranks
from vae_tui.training.settings import Settings
from vae_tui.training.stepper import Stepper, capture_on_cuda
from vae_tui.training.thread_tuner import Threads

CHUNK_SECONDS = 0.05
"""Between two looks at losses and commands: reading a loss makes the CPU wait for the GPU."""

SETTLING_STEPS = 8
"""The first chunks are single steps: warming up says nothing of how long a step takes."""


class Control(Protocol):
    """Where the trainer takes commands from."""

    def take(self, wait: float) -> Sequence[Command]:
        """Return the commands that have come, after at most ``wait`` seconds when none has."""


class Trainer:
    """A run in progress: network, optimiser, random numbers and how far it is."""

    def __init__(
        self,
        config: RunConfig,
        images: Images,
        device: torch.device,
        precision: str,
        ranks: Ranks = Ranks(),  # noqa: B008 - frozen
        clock: Callable[[], float] = time.time,
    ) -> None:
        torch.manual_seed(config.seed)
        self.model = VAE(config.latent_dim, config.hidden, noisy=config.model == "vae").to(device)
        self.settings = Settings(config)
        self.step = 0
        self.steps_per_epoch = math.ceil(len(images.train) / config.batch_size)
        self.last_good_step = 0
        """The caller's: the newest step that it saved."""
        self._config = config
        self._images = images
        self._device = device
        self._precision = precision
        self._ranks = ranks
        self._clock = clock
        self._noise = torch.Generator(device).manual_seed(stream_seed(config.seed, "noise"))
        self._test = images.test.to(device)
        self._stepper = Stepper(
            self.model,
            images.train.to(device),
            batch_size=config.batch_size,
            lr=config.lr,
            precision=precision,
            reconstruction=config.reconstruction,
            noise=self._noise,
            ranks=ranks,
            capture=capture_on_cuda if device.type == "cuda" else None,
        )
        self._totals = (0.0, 0.0)
        self._tally = Tally(CHUNK_SECONDS)
        # On another device the CPU's threads have nothing to do.
        threads = torch.get_num_threads() if device.type == "cpu" else 1
        self._threads = Threads(threads, torch.set_num_threads, time.monotonic)
        self._order = Order(config.seed, len(images.train), device)
        self._paused = False
        self._stopped = False
        self._step_seconds = CHUNK_SECONDS
        self._memory = (-math.inf, 0)

    @property
    def total_steps(self) -> int:
        """Steps until the run is finished."""
        return int(self.settings["epochs"]) * self.steps_per_epoch

    def run(self, control: Control) -> Iterator[list[Event]]:
        """Train to the end; yield, about every ``CHUNK_SECONDS``, what has happened since."""
        yield [self._started()]
        if self.step == 0:
            yield [self._tested(math.nan, math.nan)]
        while True:
            commands = control.take(CHUNK_SECONDS if self._paused else 0.0)
            events = [
                event for command in self._ranks.share(commands) for event in self._obey(command)
            ]
            if self._stopped:
                yield [*events, RunEnded(**self._now(), reason="stopped")]
                return
            if self._paused:
                yield events
                continue
            if self.step >= self.total_steps:
                yield [*events, RunEnded(**self._now(), reason="finished")]
                return
            events += self._train_chunk()
            yield events
            if events and isinstance(events[-1], RunEnded):
                return

    def state(self) -> dict[str, Any]:
        """Return all that a resume needs: tensors, numbers and text only."""
        return {
            "step": self.step,
            "model": self.model.state_dict(),
            "optimizer": self._stepper.state(),
            "noise": self._noise.get_state(),
            "noise_device": self._device.type,
            "sums": list(self._totals),
            "unreported": self._tally.state(),
            "epoch_seconds": self._tally.epoch_seconds,
            **self.settings.state(),
        }

    def load_state(self, state: dict[str, Any]) -> None:
        """Go on where ``state`` was taken; KeyError, TypeError or ValueError if it is none."""
        self.model.load_state_dict(state["model"])
        self._stepper.load_state(state["optimizer"])
        self.settings.load_state(state["settings"], state["undo"])
        self.step = self.last_good_step = int(state["step"])
        self._go_on_with_noise(state)
        bce, kl = map(float, state["sums"])
        if self._ranks.rank == 0:
            self._stepper.sums.copy_(torch.tensor((bce, kl), dtype=self._stepper.sums.dtype))
        self._totals = (bce, kl)
        counted = (self.step % self.steps_per_epoch * self._config.batch_size, bce, kl)
        # Older versions did not save what was unreported.
        unreported = state.get("unreported", (0, 0.0, 0.0, 0.0))
        self._tally.go_on(counted, float(state["epoch_seconds"]), unreported)

    def is_finite(self) -> bool:
        """Tell whether every weight is finite."""
        return all(bool(torch.isfinite(value).all()) for value in self.model.parameters())

    def _go_on_with_noise(self, state: dict[str, Any]) -> None:
        # A generator's state says nothing to another type of device: fresh numbers there, from
        # a seed that this step alone has. Older versions did not name the type.
        noise = state["noise"]
        if state.get("noise_device", self._device.type) == self._device.type:
            self._noise.set_state(noise)
        else:
            self._noise.manual_seed(stream_seed(self._config.seed, f"noise from step {self.step}"))

    def _train_chunk(self) -> list[Event]:
        steps = min(
            1 if self.step < SETTLING_STEPS else max(1, int(CHUNK_SECONDS / self._step_seconds)),
            next_kept(self.step, self.steps_per_epoch) - self.step,
        )
        steps = self._ranks.share(min(steps, self._threads.most_steps or steps))
        began = time.perf_counter()
        for _ in range(steps):
            self._take_step()
        # Waits for the device to have taken them all.
        bce, kl = self._totals = tuple(self._ranks.sum(self._stepper.sums).tolist())
        seconds = time.perf_counter() - began
        self._step_seconds = seconds / steps
        if self.step > SETTLING_STEPS:
            self._threads.took(self._step_seconds)
        if not math.isfinite(bce + kl):
            return self._diverged("BCE" if not math.isfinite(bce) else "KL")
        events: list[Event] = self._measured(bce, kl, seconds)
        if self.step % self.steps_per_epoch == 0:
            images = len(self._images.train)
            events.append(self._tested(bce / images, kl / images))
            self._stepper.sums.zero_()
            self._totals = (0.0, 0.0)
            self._tally.begin_epoch()
        return events

    def _take_step(self) -> None:
        epoch, index = divmod(self.step, self.steps_per_epoch)
        size = self._config.batch_size
        rows = self._order.of(epoch)[index * size : (index + 1) * size]
        self._stepper.take(rows, self._beta())
        self.step += 1

    def _beta(self) -> float:
        """Return the weight of the KL at this step: rises over the warm-up epochs."""
        warmup = self._config.warmup * self.steps_per_epoch
        return self.settings["beta"] * min(1.0, self.step / warmup if warmup else 1.0)

    def _autocast(self) -> contextlib.AbstractContextManager[Any]:
        if self._precision == "fp32":
            return contextlib.nullcontext()
        return torch.autocast(self._device.type, dtype=torch.bfloat16)

    def _obey(self, command: Command) -> list[Event]:
        try:
            check(command)
            return getattr(self, f"_do_{command.command}")(command)  # type: ignore[no-any-return]
        except UsageError as error:
            return [CommandRefused(**self._now(), command_id=command.id, why=str(error))]

    def _do_pause(self, _: Command) -> list[Event]:
        if self._paused:
            return []
        self._paused = True
        return [Paused(**self._now())]

    def _do_resume(self, _: Command) -> list[Event]:
        if not self._paused:
            return []
        self._paused = False
        return [Resumed(**self._now())]

    def _do_stop(self, _: Command) -> list[Event]:
        self._stopped = True
        return []

    def _do_save(self, _: Command) -> list[Event]:
        return []  # the caller saves: this module knows no files

    def _do_set(self, command: Command) -> list[Event]:
        name, value = command.setting, command.value
        self._check_change(name, value)
        return self._changed(name, self.settings.change(name, value), command)

    def _do_undo(self, command: Command) -> list[Event]:
        name, value = self.settings.last_change()
        self._check_change(name, value)
        return self._changed(name, self.settings.undo(), command)

    def _check_change(self, name: str, value: float) -> None:
        done = math.ceil(self.step / self.steps_per_epoch)
        if name == "epochs" and value < done:
            raise UsageError(f"--epochs {value:g}: epoch {done} has begun; the nearest is {done}")

    def _changed(self, name: str, old: float, command: Command) -> list[Event]:
        self._stepper.set_lr(self.settings["lr"])
        new = self.settings[name]
        return [SettingChanged(**self._now(), name=name, old=old, new=new, command_id=command.id)]

    def _started(self) -> RunStarted:
        floor = collapse = math.nan
        if self._ranks.rank == 0:  # who alone is heard
            floor, collapse = reference_losses(
                self._images.train, self._images.test, self._config.reconstruction
            )
        return RunStarted(
            **self._now(),
            device=str(self._device),
            precision=self._precision,
            images=len(self._images.train),
            parameters=sum(value.numel() for value in self.model.parameters()),
            steps_per_epoch=self.steps_per_epoch,
            pid=os.getpid(),
            world_size=self._ranks.size,
            epochs=int(self.settings["epochs"]),
            test_images=len(self._test),
            floor=floor,
            collapse=collapse,
        )

    def _measured(self, bce: float, kl: float, seconds: float) -> list[Event]:
        """Add the epoch's new sums to what is unreported; report that when it is time."""
        self._tally.add(self._epoch_images(), bce, kl, seconds)
        is_last = self.step >= self.total_steps
        if (since := self._tally.take(time.monotonic(), last=is_last)) is None:
            return []
        measured = LossesMeasured(
            **self._now(),
            epoch=self.step / self.steps_per_epoch,
            bce=since.bce / since.images,
            kl=since.kl / since.images,
            beta=self._beta(),
            lr=self.settings["lr"],
            images_per_second=since.images / since.seconds,
            memory_bytes=self._memory_bytes(),
        )
        return [measured]

    def _epoch_images(self) -> int:
        """Return how many images the epoch of the last step has trained on: all, at its end."""
        steps = (self.step - 1) % self.steps_per_epoch + 1
        return min(steps * self._config.batch_size, len(self._images.train))

    def _memory_bytes(self) -> int:
        asked, memory = self._memory
        if time.monotonic() - asked > 1.0:
            memory = memory_in_use(self._device)
            self._memory = (time.monotonic(), memory)
        return memory

    def _tested(self, train_bce: float, train_kl: float) -> EpochEnded:
        epoch = self.step // self.steps_per_epoch
        with self._autocast():
            result = measure(
                self.model,
                self._test,
                stream_seed(self._config.seed, f"test of epoch {epoch}"),
                self._config.reconstruction,
            )
        return EpochEnded(
            **self._now(),
            epoch=epoch,
            train_bce=train_bce,
            train_kl=train_kl,
            test_bce=result.bce,
            test_kl=result.kl,
            test_bce_at_mean=result.bce_at_mean,
            kl_per_dimension=result.kl_per_dimension,
            active_units=result.active_units,
            seconds=self._tally.epoch_seconds,
        )

    def _diverged(self, what: str) -> list[Event]:
        message = (
            f"{what} is not finite after step {self.step}; the weights of step "
            f"{self.last_good_step} are kept; go on with half the lr: "
            f"vae-tui train --resume RUN --lr {self.settings['lr'] / 2:g}"
        )
        good = self.last_good_step
        return [
            Diverged(**self._now(), what=what, last_good_step=good),
            RunEnded(**self._now(), reason="failed", message=message),
        ]

    def _now(self) -> dict[str, Any]:
        return {"time": self._clock(), "step": self.step}
