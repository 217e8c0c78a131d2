"""What the screen shows of a run: one frozen value, and the function that makes the next one."""

import math
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field, replace

import numpy as np
from numpy.typing import ArrayLike

from vae_tui.latent.diagnosis import Measured
from vae_tui.run import progress, series
from vae_tui.run.config import RunConfig
from vae_tui.run.events import EpochEnded, Event, LossesMeasured, RunStarted, WeightsSaved
from vae_tui.run.kl_weight.schedule import is_at_full_beta
from vae_tui.run.progress import Progress
from vae_tui.run.state import has_reported, silence, state_of
from vae_tui.tui.state.losses import Losses, LossRows, curves

MOST_TESTS = 256
"""Points in the history of each dimension's KL; neighbours of a longer one are averaged."""
REFUSAL_SECONDS = 10.0
"""How long a refused command is shown."""


@dataclass(frozen=True, slots=True, eq=False)
class RunView(Progress):
    """All that a screen shows of a run: what its log says, its curves, and its folder."""

    live: bool = False
    """A trainer holds the run's lock."""
    live_since: float = -math.inf
    """When it took the lock, Unix seconds; older events are an earlier trainer's."""
    unread: float = 0.0
    """The share of the log that has not been read yet."""
    stop_offset: int = -1
    """Where the newest stop begins in the commands' file, bytes; -1 if there is none."""
    gone: bool = False
    """The run's folder no longer exists."""
    read_only: bool = False
    """The run's folder is on a file system that is read-only now: no command can be sent."""
    live_pid: int | None = None
    live_host: str = ""
    """The live trainer's machine, if that is another one."""
    is_here: bool = False
    """The live trainer is a process of this machine."""
    train: Losses = field(default_factory=lambda: curves("step"))
    test: Losses = field(default_factory=lambda: curves("epoch"))
    """The first point is the untrained network's, until points are averaged."""
    kl_of_dimensions: Losses = field(default_factory=Losses.of)
    """The KL of each latent dimension at each test; no series before the first one."""
    weights_step: int = -1
    """Of the newest weights; -1 before the first."""
    kept: tuple[int, ...] = ()
    """The steps whose weights are kept, ascending."""
    heard_at: float = math.nan
    """When a new event was last seen, Unix seconds, by this machine's clock."""
    damage: str = ""
    """What is wrong with the run's config."""

    @property
    def results(self) -> Measured | None:
        """The results of the newest test, for a diagnosis; None before the first test."""
        tested, started = self.tested, self.started
        if tested is None or started is None:
            return None
        return Measured(
            bce=tested.test_bce,
            kl_per_dimension=tested.kl_per_dimension,
            floor=started.floor,
            collapse=started.collapse,
            beta=self.beta if self.config.warmup or not self.measured else self.measured.beta,
            free_bits=self.config.free_bits,
            is_vae=self.config.model == "vae",
            is_trained=tested.epoch >= 1 and is_at_full_beta(self.config, tested.epoch),
        )

    @property
    def past_steps(self) -> tuple[int, ...]:
        """The steps before the newest weights whose weights are kept, ascending."""
        return tuple(step for step in self.kept if step < self.weights_step)

    def state(self, now: float) -> str:
        """Return the state in one word; ``now`` in Unix seconds."""
        if self.unread:
            return "reading"
        reported = has_reported(self.started, self.live_pid, self.last_time, self.live_since)
        paused, silent = self.paused is not None, self.silent(now)
        state = state_of(self.live, self.ended, paused=paused, silent=silent, reported=reported)
        if state == "running" and not reported:
            return "starting"
        return "stopping" if state in ("running", "paused") and self._is_stopping else state

    @property
    def _is_stopping(self) -> bool:
        """Whether a stop was requested of the trainer that reported last.

        It reads the commands from an offset on; those before it were sent to an earlier trainer.
        """
        return self.started is not None and self.stop_offset >= self.started.commands_from >= 0

    def silent(self, now: float) -> float:
        """Return the seconds since the live trainer's last activity."""
        return silence(now, self.last_time, self.heard_at, self.live_since)

    def refusal(self, now: float) -> str:
        """Return why the newest command was refused, while it is shown at ``now`` (Unix s)."""
        if self.refused is None:
            return ""
        # The trainer's clock measures up to its newest report, this machine's from there on.
        age = self.last_time - self.refused.time + self.silent(now)
        return self.refused.why if age < REFUSAL_SECONDS else ""

    def seconds_left(self) -> float:
        """Return the estimated seconds until the last epoch is done; NaN when unknown."""
        if self.measured is None or self.started is None or self.measured.images_per_second <= 0:
            return math.nan
        images = (self.epochs - self.epoch) * self.started.images
        return max(images, 0.0) / self.measured.images_per_second


def advance(view: RunView, events: Iterable[Event | LossRows]) -> RunView:
    """Return the view after ``events``; bounded in size however many there were."""
    whole: list[Event] = []
    losses: list[ArrayLike] = []
    tests: list[EpochEnded] = []
    weights_step = view.weights_step
    for event in events:
        if isinstance(event, LossRows):
            losses.append(event.rows)
            continue
        whole.append(event)
        match event:
            case LossesMeasured():
                losses.append(_rows([event], view.train, view.config))
            case EpochEnded():
                tests.append(event)
            case RunStarted():
                longer = _longer(view, losses, tests)
                view = replace(
                    view,
                    train=longer.train.until(event.step),
                    test=longer.test.until(event.step),
                    kl_of_dimensions=longer.kl_of_dimensions.until(event.step),
                )
                losses, tests = [], []
            case WeightsSaved() if event.path == "weights.safetensors":
                weights_step = event.step
    view = replace(_longer(view, losses, tests), weights_step=weights_step)
    return progress.advance(view, *whole)


def _longer(view: RunView, losses: list[ArrayLike], tests: list[EpochEnded]) -> RunView:
    """Return the view with more points in its curves."""
    train, test, kl, config = view.train, view.test, view.kl_of_dimensions, view.config
    if losses:
        train = train.add(np.vstack(losses))
    if tests:
        test = test.add(_rows(tests, test, config))
        size = config.latent_dim
        # Tests with another number of dimensions are of a foreign log.
        rows = [
            (one.step, one.epoch, *one.kl_per_dimension)
            for one in tests
            if len(one.kl_per_dimension) == size
        ]
        if rows and len(kl.names) != size:
            kl = Losses.of(*(f"z{number}" for number in range(1, size + 1)), most=MOST_TESTS)
        kl = kl.add(rows) if rows else kl
    return replace(view, train=train, test=test, kl_of_dimensions=kl)


def _rows(
    events: Sequence[LossesMeasured | EpochEnded], of: Losses, config: RunConfig
) -> list[tuple[float, ...]]:
    """Return one row of the curves ``of`` for each event."""
    metrics = {metric.name: metric for metric in series.SERIES}
    drawn = [metrics[name] for name in of.names]
    return [
        (event.step, event.epoch, *(metric.value(event, config) for metric in drawn))
        for event in events
    ]
