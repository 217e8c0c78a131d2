"""What a run's files add up to in one line: its state, how far it is, its test loss."""

import contextlib
import math
import time
from dataclasses import dataclass
from pathlib import Path

from vae_tui.run.config import RunConfig
from vae_tui.run.damaged_config import config_or_fallback
from vae_tui.run.folder import Run
from vae_tui.run.progress import LogProgress
from vae_tui.run.state import ADVICE, has_spoken, silence, state_of


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
    """What the test loss adds up to: bce+kl, bce, se/2+kl or se/2; losses of others differ."""
    silent_seconds: float = 0.0
    """Since its trainer's last sign of life, while it lives."""
    next: str = ""
    """What to do next, as a line."""
    best_test_loss: float = math.nan
    """The lowest of all tests, as ``test_loss``."""
    model: str = "vae"
    reconstruction: str = "bce"
    latent_dim: int = 20
    beta: float = 1.0
    """As it was set last."""
    lr: float = 1e-3
    """As it was set last."""


class KnownRun:
    """One run; each look at it costs only what is new since the last one."""

    def __init__(self, run: Run) -> None:
        self._run = run
        self._ledger = LogProgress(run.events)
        self._config: RunConfig | None = None
        self._config_seen: tuple[int, int, int] | None = None

    def look(self, now: float) -> tuple[Summary, tuple[str, ...]]:
        """Return the run's summary, ``now`` in Unix seconds, and what of its files is wrong."""
        config, wrong = self._read_config()
        complaints = [wrong] if wrong else []
        # First: a trainer that ends in between has said so in what is read then.
        pid, live = self._run.pid(), self._run.is_live()
        try:
            self._ledger.read()
        except OSError as error:
            complaints.append(f"{self._run.events} cannot be read: {error.strerror}")
        return _summary(self._run, config, self._ledger, pid, live, now), tuple(complaints)

    def _read_config(self) -> tuple[RunConfig, str]:
        """Return the config, or what is left of it: that is read each time, it may be mended."""
        seen = None
        with contextlib.suppress(OSError):
            status = (self._run.path / "config.json").stat()
            seen = status.st_ino, status.st_size, status.st_mtime_ns
        if self._config is not None and seen == self._config_seen:
            return self._config, ""
        config, wrong = config_or_fallback(self._run)
        self._config, self._config_seen = (None if wrong else config), seen
        return config, wrong


def summarise(run: Run, now: float | None = None) -> Summary:
    """Read the run's files; a damaged config as far as it goes."""
    return KnownRun(run).look(time.time() if now is None else now)[0]


def readable(runs: list[Run]) -> tuple[list[Summary], list[str]]:
    """Return the summaries of the runs, and what is wrong with the files of some."""
    now = time.time()
    looks = [KnownRun(run).look(now) for run in runs]
    return [summary for summary, _ in looks], [why for _, wrong in looks for why in wrong]


def test_loss(reconstruction: float, kl: float, config: RunConfig) -> float:
    """Return what both terms come to, nats per image; an auto-encoder's loss has no KL in it."""
    return reconstruction + (kl if config.model == "vae" else 0.0)


def objective(config: RunConfig) -> str:
    """Return what the test loss adds up to."""
    reconstruction = "bce" if config.reconstruction == "bce" else "se/2"
    return f"{reconstruction}+kl" if config.model == "vae" else reconstruction


def _summary(
    run: Run, config: RunConfig, told: LogProgress, pid: int | None, live: bool, now: float
) -> Summary:
    began = _modified(run.lock) if live else -math.inf
    heard = told.newest.time if told.newest else -math.inf
    silent = silence(now, heard, began, _modified(run.events)) if live else 0.0
    state = state_of(
        live,
        told.ended,
        paused=told.paused,
        silent=silent,
        spoken=has_spoken(told.begun, pid, heard, began),
    )
    losses = [test_loss(bce, kl, config) for _, bce, kl in told.tests]
    return Summary(
        name=run.name,
        state=state,
        dataset=config.dataset,
        epoch=told.epoch,
        epochs=told.epochs or config.epochs,
        step=told.newest.step if told.newest else 0,
        test_loss=losses[-1] if losses else math.nan,
        pid=pid,
        path=str(run.path),
        objective=objective(config),
        silent_seconds=silent,
        next=ADVICE[state].format(name=run.name),
        best_test_loss=min(filter(math.isfinite, losses), default=math.nan),
        model=config.model,
        reconstruction=config.reconstruction,
        latent_dim=config.latent_dim,
        beta=told.settings.get("beta", config.beta),
        lr=told.settings.get("lr", config.lr),
    )


def _modified(path: Path) -> float:
    """Return when a file was last written to, Unix seconds: of the lock, when it was taken."""
    try:
        return path.stat().st_mtime
    except OSError:
        return -math.inf
