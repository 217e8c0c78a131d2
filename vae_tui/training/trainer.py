"""The training loop as an iterator of events; it knows no files and no signals."""

import math
import time
from collections.abc import Callable, Iterator, Sequence
from dataclasses import replace
from typing import Any, Protocol

import torch

from vae_tui.data.idx_files import Images
from vae_tui.errors import UsageError
from vae_tui.model import build
from vae_tui.model.gradient import gradient_for
from vae_tui.model.step_plan import StepPlan
from vae_tui.run.commands import PREEMPTED, Command, check
from vae_tui.run.config import RunConfig
from vae_tui.run.events import (
    CommandRefused,
    Event,
    Paused,
    Resumed,
    RunEnded,
    SettingChanged,
    TrainingSlowed,
)
from vae_tui.run.kl_weight.schedule import beta_at
from vae_tui.training.distributed.ranks import Ranks
from vae_tui.training.loss_meter import LossMeter
from vae_tui.training.random_streams import stream_seed
from vae_tui.training.reports import Reports
from vae_tui.training.save_schedule import next_kept
from vae_tui.training.settings import Settings
from vae_tui.training.step.cuda_graph import capture_on_cuda
from vae_tui.training.step.image_feed import feed_for
from vae_tui.training.step.stepper import Stepper, batch_sizes
from vae_tui.training.thread_choice import ThreadChoice

CHUNK_SECONDS = 0.05
"""Target duration of a chunk of steps, and shortest time between two reports of losses.

Losses are read once a chunk, because reading them makes the CPU wait for the GPU.
"""
SETTLING_STEPS = 8
"""The first chunks are single steps: their durations include warm-up."""
_MAX_STEP = 10**12


class CommandSource(Protocol):
    """Where the trainer gets its commands."""

    def take(self, wait: float) -> Sequence[Command]:
        """Return new commands; if there are none, wait for them at most ``wait`` seconds."""


class Trainer:
    """A run in progress: network, optimiser, random generators and the current step.

    ``clock`` returns Unix seconds, for the time of events; ``timer`` monotonic seconds, for
    speed, chunk length and the interval of reports.
    """

    def __init__(
        self,
        config: RunConfig,
        images: Images,
        device: torch.device,
        plan: StepPlan,
        ranks: Ranks = Ranks(),  # noqa: B008 - frozen
        clock: Callable[[], float] = time.time,
        timer: Callable[[], float] = time.perf_counter,
    ) -> None:
        if config.threads:
            torch.set_num_threads(config.threads)
        torch.manual_seed(config.seed)
        self.config, self.device, self.ranks = config, device, ranks
        self.model = build(config).to(device)
        self.settings = Settings(config)
        self.step = 0
        self.steps_per_epoch = math.ceil(len(images.train) / config.batch_size)
        self.saved_step = 0
        """Step of the newest complete save; whoever saves sets it."""
        self._image_count = len(images.train)
        self._timer = timer
        self._noise = torch.Generator(device).manual_seed(stream_seed(config.seed, "noise"))
        self._feed = feed_for(config, images.train, device, ranks)
        gradient = gradient_for(self.model, plan, config.reconstruction, config.free_bits)
        plan = replace(plan, gradient=gradient.kind)
        self._stepper = Stepper(
            self.model,
            gradient,
            self._feed.images,
            batch_size=config.batch_size,
            lr=config.lr,
            noise=self._noise,
            ranks=ranks,
            capture=capture_on_cuda if device.type == "cuda" else None,
            steps_per_graph=plan.steps_per_graph,
        )
        self._reports = Reports(config, images, device, plan, ranks, clock, timer)
        self._meter = LossMeter(CHUNK_SECONDS)
        # On other devices the number of the CPU's threads does not matter.
        threads = torch.get_num_threads() if device.type == "cpu" else 1
        sizes = batch_sizes(self._image_count, config.batch_size)
        self._threads = ThreadChoice(
            *(threads, self._stepper.compute_gradient, sizes),
            is_fixed=self.model.sums_depend_on_threads,
        )
        self.is_paused = False
        """By a command."""
        self._stopped = ""
        """The reason of the end that was requested."""
        self._step_seconds = CHUNK_SECONDS

    @property
    def total_steps(self) -> int:
        """Steps until the run is finished."""
        return int(self.settings["epochs"]) * self.steps_per_epoch

    def run(self, commands: CommandSource, commands_from: int = 0) -> Iterator[list[Event]]:
        """Train to the end; yield the events of commands, and those of every chunk of steps.

        Either may be none. What a command did is yielded before the next step.

        The first ``commands_from`` bytes of the commands were for earlier trainers.
        """
        epochs = int(self.settings["epochs"])
        yield [self._reports.run_started(self.step, self.model, epochs, commands_from)]
        if self.step == 0:
            yield [self._reports.epoch_ended(0, self.model, {}, 0.0)]
        while True:
            taken = self.ranks.share(commands.take(CHUNK_SECONDS if self.is_paused else 0.0))
            events = [event for command in taken for event in self.obey(command)]
            if self._stopped:
                yield [*events, RunEnded(**self._stamp(), reason=self._stopped)]
                return
            if self.is_paused:
                yield events
                continue
            if self.step >= self.total_steps:
                yield [*events, RunEnded(**self._stamp(), reason="finished")]
                return
            if taken:
                yield events
            events = self._train_chunk()
            yield events
            if events and isinstance(events[-1], RunEnded):
                return

    def obey(self, command: Command) -> list[Event]:
        """Carry out a command and return its events; a save is left to the caller."""
        try:
            check(command)
            match command.command:
                case "pause" if not self.is_paused:
                    self.is_paused = True
                    return [Paused(**self._stamp())]
                case "resume" if self.is_paused:
                    self.is_paused = False
                    return [Resumed(**self._stamp())]
                case "stop":
                    self._stopped = PREEMPTED if command.reason == PREEMPTED else "stopped"
                case "set":
                    return [self._change(command, command.setting, command.value)]
                case "undo":
                    return [self._change(command, *self.settings.last_change(), undo=True)]
        except UsageError as error:
            return [CommandRefused(**self._stamp(), command_id=command.id, why=str(error))]
        return []

    def state(self) -> dict[str, Any]:
        """Return everything a resume needs, as tensors, numbers, text and containers of them."""
        return {
            "step": self.step,
            "model": self.model.state_dict(),
            "optimizer": self._stepper.state(),
            "noise": self._noise.get_state(),
            "noise_device": self.device.type,
            **self._meter.state(),
            **self.settings.state(),
        }

    def load_state(self, state: dict[str, Any]) -> None:
        """Continue from a value of `state`; `checkpoint.restore` reports any other."""
        step = int(state["step"])
        if not 0 <= step <= _MAX_STEP:
            raise ValueError(f"step {step}")
        self.model.load_state_dict(state["model"])
        self._stepper.load_state(state["optimizer"])
        self.settings.load_state(state["settings"], state["undo"])
        self.step = self.saved_step = step
        # A generator's state is of no use on another type of device: there the noise continues
        # from a seed that only this step has. Older versions did not save the type.
        if state.get("noise_device", self.device.type) == self.device.type:
            self._noise.set_state(state["noise"])
        else:
            self._noise.manual_seed(stream_seed(self.config.seed, f"noise from step {step}"))
        steps = step % self.steps_per_epoch
        self._meter.load_state(state, steps * self.config.batch_size, steps)
        if self.ranks.rank == 0:  # the sums of all ranks are added up when they are read
            self._stepper.sums.copy_(self._stepper.sums.new_tensor(self._meter.epoch_sums.totals))

    def is_finite(self) -> bool:
        """Return whether every weight is finite."""
        return all(bool(torch.isfinite(value).all()) for value in self.model.parameters())

    def _train_chunk(self) -> list[Event]:
        """Take about ``CHUNK_SECONDS`` of steps; return the events that are due after them."""
        size = self.config.batch_size
        start = self.step % self.steps_per_epoch * size
        steps = min(
            1 if self.step < SETTLING_STEPS else max(1, int(CHUNK_SECONDS / self._step_seconds)),
            next_kept(self.step, self.steps_per_epoch) - self.step,
            math.ceil(self._feed.longest(start) / size),
        )
        steps = self.ranks.share(steps)
        began = self._timer()
        self._take_steps(steps)
        totals = self.ranks.sum(self._stepper.sums).tolist()  # waits for the device
        seconds = self._timer() - began
        self._step_seconds = seconds / steps
        steps_of_epoch = (self.step - 1) % self.steps_per_epoch + 1
        images = min(steps_of_epoch * size, self._image_count)
        self._meter.add(images, steps_of_epoch, totals, seconds)
        means = self._meter.epoch_sums.means()
        if not math.isfinite(means["bce"] + means["kl"]):
            what = "BCE" if not math.isfinite(means["bce"]) else "KL"
            return self._reports.diverged(self.step, what, self.saved_step, self.settings["lr"])
        warning = self._threads.update()
        events: list[Event] = [TrainingSlowed(**self._stamp(), why=warning)] if warning else []
        if sums := self._meter.take(self._timer(), last=self.step >= self.total_steps):
            lr = self.settings["lr"]
            events.append(
                self._reports.losses_measured(self.step, sums, self._beta_at(self.step), lr)
            )
        if self.step % self.steps_per_epoch == 0:
            seconds = self._meter.epoch_seconds
            with self._threads.all_threads():
                events.append(self._reports.epoch_ended(self.step, self.model, means, seconds))
            self._stepper.sums.zero_()
            self._meter.begin_epoch()
        return events

    def _take_steps(self, count: int) -> None:
        """Take steps of the same epoch."""
        epoch, index = divmod(self.step, self.steps_per_epoch)
        size = self.config.batch_size
        betas = [self._beta_at(step) for step in range(self.step, self.step + count)]
        self._stepper.take(self._feed.rows(epoch, index * size, count * size), betas)
        self.step += count

    def _beta_at(self, step: int) -> float:
        return beta_at(self.config, self.settings["beta"], step, self.steps_per_epoch)

    def _change(self, command: Command, name: str, value: float, *, undo: bool = False) -> Event:
        begun = math.ceil(self.step / self.steps_per_epoch)
        if name == "epochs" and value < begun:
            raise UsageError(f"epochs {value:g}: epoch {begun} has begun; the nearest is {begun}")
        old = self.settings.change(name, value, undo=undo)
        self._stepper.set_lr(self.settings["lr"])
        new = self.settings[name]
        return SettingChanged(**self._stamp(), name=name, old=old, new=new, command_id=command.id)

    def _stamp(self) -> dict[str, Any]:
        return self._reports.stamp(self.step)
