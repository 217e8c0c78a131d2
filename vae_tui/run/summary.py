"""A run in one line: its state, how far it is, its test loss."""

import math
import time
from collections.abc import Callable
from dataclasses import dataclass, replace
from pathlib import Path

from vae_tui.run.config import RunConfig
from vae_tui.run.damaged_config import readable_config
from vae_tui.run.events import MachineMeasured
from vae_tui.run.files import signature
from vae_tui.run.folder import Run
from vae_tui.run.lock.file_clock import file_system_time
from vae_tui.run.lock.holder import Holder
from vae_tui.run.log.log_progress import LogProgress
from vae_tui.run.progress import Progress
from vae_tui.run.series import objective
from vae_tui.run.state import ADVICE, ENDED, has_reported, silence, state_of
from vae_tui.text import byte_size

MOST_LOSSES = 48
LONGEST_LOG = 1 << 30
"""Bytes, about three days of losses: of a longer log only the beginning and the end are read."""
_OF_START = ("host", "device", "device_name", "threads", "world_size", "restarts")
"""Fields of a summary that are those of ``run_started``."""


@dataclass(frozen=True, slots=True)
class Summary:
    """One row of ``vae-tui runs``."""

    name: str
    state: str
    """running, paused, finished, stopped, failed, lost or stalled."""
    dataset: str
    epoch: float
    epochs: int
    step: int
    test_loss: float
    """Of the newest test, z sampled, nats per image; NaN before the first."""
    pid: int | None
    path: str
    objective: str = ""
    """The terms of the test loss, such as bce+kl. Different ones do not compare."""
    silent_seconds: float = 0.0
    """Since the live trainer last wrote."""
    next: str = ""
    """What to do next, in one line."""
    best_test_loss: float = math.nan
    """The lowest of all tests, as ``test_loss``."""
    model: str = "vae"
    reconstruction: str = "bce"
    latent_dim: int = 20
    beta: float = 1.0
    """In the settings, as `lr`."""
    lr: float = 1e-3
    message: str = ""
    """The trainer's newest message: why it pauses, or how it ended."""
    started: float = math.nan
    """When the run began, Unix seconds."""
    seconds: float = 0.0
    """How long it was trained."""
    host: str = ""
    """The machine that trains it or did last; empty before it started, as the next three."""
    device: str = ""
    """cpu, cuda:0 and so on."""
    device_name: str = ""
    threads: int = 0
    """CPU threads of each process; 0 if unknown."""
    world_size: int = 0
    """Processes that train together; 0 before it started."""
    restarts: int = 0
    """How often torchrun has started the processes again."""
    machine: MachineMeasured | None = None
    """What that machine was doing last; None unless the run trains."""
    losses: tuple[float, ...] = ()
    """Test losses from the first to the newest, at most `MOST_LOSSES`."""


class RunFollower:
    """Summarises one run repeatedly; each call reads only what is new in its files.

    Commands in the summary name the run by its `Run.reference` for ``plain_runs_dir``.
    """

    def __init__(
        self, run: Run, plain_runs_dir: Path | None = None, longest_log: int = LONGEST_LOG
    ) -> None:
        self._run = run
        self._longest_log = longest_log
        self._reference = run.reference(plain_runs_dir)
        self._log: LogProgress | None = None
        self._config: RunConfig | None = None
        self._config_seen: tuple[int, int, int] | None = None

    def summarise(self, clock: Callable[[], float] = time.time) -> tuple[Summary, tuple[str, ...]]:
        """Return the summary, and what is wrong with the run's files; ``clock`` is read last."""
        config, damage = self._read_config()
        problems = [damage] if damage else []
        # Before the log: of a trainer that ends in between, the end is read.
        holder = self._run.holder()
        if self._log is None or self._log.progress.config != config:
            begin = Progress(self._run.name, config, epochs=config.epochs)
            self._log = LogProgress(self._run.events, begin, self._longest_log)
        try:
            self._log.read()
        except OSError as error:
            problems.append(f"{self._run.events} cannot be read: {error.strerror}")
        summary = _summary(self._run, self._log.progress, holder, clock)
        if self._log.skipped_bytes:
            # What the middle may have changed is not known.
            summary = replace(summary, best_test_loss=math.nan, seconds=math.nan, losses=())
            size = byte_size(self._log.skipped_bytes)
            problems.append(
                f"{self._run.events} is too long to read all of it: {size} in its middle are left "
                "out here, with the settings, the best test loss and the time of training there"
            )
        advice = ADVICE[summary.state].format(name=self._reference)
        if holder is not None and not holder.is_here and summary.state == "stalled":
            advice = f"its trainer, pid {holder.pid} on {holder.host}, is silent; {advice}"
        if holder is not None and not holder.is_certain and summary.state not in ENDED:
            advice = f"{self._run.lock} may not be read: whether its trainer is alive is unknown"
        return replace(summary, next=advice), tuple(problems)

    def _read_config(self) -> tuple[RunConfig, str]:
        """Return `readable_config`; an intact file is read again only when it has changed."""
        seen = signature(self._run.path / "config.json")
        if self._config is not None and seen == self._config_seen:
            return self._config, ""
        config, damage = readable_config(self._run)
        self._config, self._config_seen = (None if damage else config), seen
        return config, damage


def summarise(run: Run, clock: Callable[[], float] = time.time) -> Summary:
    """Return the summary of a run; a damaged config is read as far as possible."""
    return RunFollower(run).summarise(clock)[0]


def summarise_all(
    runs: list[Run], plain_runs_dir: Path | None = None
) -> tuple[list[Summary], list[str]]:
    """Return the summaries of the runs, and what is wrong with the files of some."""
    found = [RunFollower(run, plain_runs_dir).summarise() for run in runs]
    return [summary for summary, _ in found], [why for _, wrong in found for why in wrong]


def _summary(
    run: Run, progress: Progress, holder: Holder | None, clock: Callable[[], float]
) -> Summary:
    # Of a lock that may not be read, the log says whether the trainer has ended.
    live = holder is not None and (holder.is_certain or progress.ended is None)
    pid = holder.pid if holder else None
    began = holder.started if holder else -math.inf
    newest = progress.last_time if math.isfinite(progress.last_time) else -math.inf
    activity = newest, began, _modified(run.events)
    # The clock last: events reported while the log was read would be in its future.
    silent = silence(clock() + _clock_error(run.path), *activity) if live else 0.0
    state = state_of(
        live,
        progress.ended,
        paused=progress.paused is not None,
        silent=silent,
        reported=has_reported(progress.started, pid, newest, began),
    )
    config, started = progress.config, progress.started
    of_start = {name: getattr(started, name) for name in _OF_START} if started else {}
    return Summary(
        name=run.name,
        state=state,
        dataset=config.data_name,
        epoch=progress.epoch,
        epochs=progress.epochs,
        step=progress.step,
        test_loss=progress.last_test_loss,
        pid=pid,
        path=str(run.path),
        objective=objective(config),
        silent_seconds=silent,
        best_test_loss=progress.best_test_loss,
        model=config.model,
        reconstruction=config.reconstruction,
        latent_dim=config.latent_dim,
        beta=progress.beta,
        lr=progress.lr,
        message=progress.notice,
        started=progress.began,
        seconds=progress.trained_seconds,
        machine=progress.machine if state == "running" else None,
        losses=progress.test_losses(MOST_LOSSES),
        **of_start,
    )


def _clock_error(folder: Path) -> float:
    """Return the seconds by which the file system's clock is ahead of this machine's.

    Less than a second is none: the times of files are coarse.
    """
    now = file_system_time(folder)
    error = 0.0 if now is None else now - time.time()
    return error if abs(error) >= 1.0 else 0.0


def _modified(path: Path) -> float:
    """Return when a file was last written, Unix seconds by the file system's clock."""
    try:
        return path.stat().st_mtime
    except OSError:
        return -math.inf
