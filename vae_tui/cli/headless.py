"""A run's events as plain lines, for logs and pipes."""

import json
import math
import signal
import time
from collections.abc import Callable, Iterator

from vae_tui.cli.console import INTERRUPTED, print_error, print_lines
from vae_tui.errors import VaeTuiError
from vae_tui.run import events
from vae_tui.run.commands import PREEMPTED, Command
from vae_tui.run.config import RunConfig
from vae_tui.run.control import TRAINER_SIGNALS
from vae_tui.run.events import EpochEnded, Event, RunEnded, RunStarted
from vae_tui.run.files import LineTail
from vae_tui.run.folder import Run
from vae_tui.run.progress import Progress, advance
from vae_tui.run.series import RECONSTRUCTION_TERMS, TEST_LOSS, TEST_LOSS_AT_MEAN, TRAIN_LOSS
from vae_tui.run.state import ADVICE
from vae_tui.text import count, duration, printable


def follow(run: Run, config: RunConfig, *, as_json: bool, offset: int = 0, first: str = "") -> int:
    """Print the line ``first``, then the run's events until its trainer ends.

    Returns the exit code, 0 or 1. The first ``offset`` bytes of ``events.jsonl`` are skipped.
    """
    try:
        if first:
            print_lines(first)
        return _print_events(run, config, as_json, offset)
    except BrokenPipeError:
        if run.is_live():
            print_error(f"stdout is closed; {run.name} continues: vae-tui attach {run.reference()}")
        raise


def follow_own(
    run: Run, config: RunConfig, as_json: bool, offset: int, is_stopped: Callable[[], bool]
) -> int:
    """Follow the trainer that this process started; `stop_at_signals` returned ``is_stopped``."""
    first = "" if as_json else f"{run.path}: {config.data_name}; ctrl+c stops and saves"
    code = follow(run, config, as_json=as_json, offset=offset, first=first)
    return INTERRUPTED if is_stopped() else code


def stop_at_signals(run: Run) -> Callable[[], bool]:
    """Let signals stop the run's trainer, saved; return whether it was the user's SIGINT.

    A scheduler sends the others, often several: it starts the run again later.
    """
    came: list[int] = []

    def stop(number: int, _: object) -> None:
        came.append(number)
        if came.count(signal.SIGINT) > 1:
            raise KeyboardInterrupt(number)  # exit without waiting for the save
        reason = "" if number == signal.SIGINT else PREEMPTED
        if came.count(number) == 1:
            run.send(Command(command="stop", reason=reason))

    for number in TRAINER_SIGNALS:
        signal.signal(number, stop)
    return lambda: signal.SIGINT in came


def _print_events(run: Run, config: RunConfig, as_json: bool, offset: int) -> int:
    formatter = LineFormatter(config)
    ended: RunEnded | None = None
    unreadable, why = 0, ""
    for line in lines_until_end(run, offset):
        try:
            event = events.decode(line)
        except ValueError as error:  # torn or foreign
            unreadable, why = unreadable + bool(line.strip()), why or str(error)
            continue
        if as_json:
            print_lines(as_json_line(line))
        elif event is not None and (text := formatter.line(event)):
            print_lines(text)
        if isinstance(event, (RunEnded, RunStarted)):
            ended = event if isinstance(event, RunEnded) else None
    if unreadable:
        print_error(
            f"{run.events}: {unreadable:,} lines are not events ({why}); the others are shown"
        )
    if ended is None:
        print_error(
            f"{run.name} is lost: its trainer ended without a message; "
            f"see {run.log}; resume from the last save: vae-tui resume {run.reference()}"
        )
        return 1
    if ended.reason != "failed":
        return 0
    print_error(f"{run.name} failed; {ADVICE['failed'].format(name=run.reference())}")
    return 1


def as_json_line(line: bytes) -> str:
    """Return a line of a log, which is JSON, in printable ASCII."""
    text = line.decode("utf-8", "replace")
    return text if text.isascii() and text.isprintable() else json.dumps(json.loads(line))


class LineFormatter:
    """Formats events as lines of text; losses have none."""

    def __init__(self, config: RunConfig) -> None:
        self._config = config
        self._progress = Progress("", config, epochs=config.epochs)

    def line(self, event: Event) -> str:
        """Return the event's line; empty for one that is not printed."""
        self._progress = advance(self._progress, event)
        text = ""
        match event:
            case RunStarted():
                text = self._started(event)
            case EpochEnded():
                text = self._epoch(event)
            case events.Paused():
                text = f"paused {event.why}".strip()
            case events.Resumed():
                text = "resumed"
            case events.SettingChanged():
                text = f"{event.name} {event.old:g} -> {event.new:g} at step {event.step}"
            case events.CommandRefused():
                text = f"refused: {event.why}"
            case events.TrainingSlowed():
                text = f"step {event.step}: {event.why}"
            case events.Diverged():
                text = f"diverged: {event.what} at step {event.step}"
            case RunEnded():
                text = f"{event.reason} at step {event.step} {event.message}".strip()
        return printable(text)

    def _started(self, event: RunStarted) -> str:
        again = f"continues from step {event.step}: " if event.step else ""
        return (
            f"{again}{event.images:,} images, {event.test_images:,} to test, "
            f"{event.parameters:,} parameters, {event.device} {event.precision}; "
            f"losses in nats per image"
        )

    def _epoch(self, event: EpochEnded) -> str:
        loss = TEST_LOSS.value(event, self._config)
        tested = f"test {self._sum(loss, event.test_bce, event.test_kl)}"
        if self._config.model == "vae":
            at_mean = TEST_LOSS_AT_MEAN.value(event, self._config)
            tested += f" (z sampled)  {at_mean:.2f} (z at the mean)"
        if event.epoch == 0:
            return f"epoch 0/{self._progress.epochs}  untrained  {tested}"
        train = TRAIN_LOSS.value(event, self._config)
        measured = self._progress.measured
        speed = measured.images_per_second if measured else 0.0
        return (
            f"epoch {event.epoch}/{self._progress.epochs}  "
            f"train {self._sum(train, event.train_bce, event.train_kl)}  {tested}  "
            f"{count(speed)} images/s  {duration(event.seconds)}"
        )

    def _sum(self, loss: float, bce: float, kl: float) -> str:
        name = RECONSTRUCTION_TERMS[self._config.reconstruction].name.lower()
        if self._config.model == "ae":
            return f"{loss:.2f} = {name} (z at the mean; kl {kl:.2f} is not in the loss)"
        return f"{loss:.2f} = {name} {bce:.2f} + kl {kl:.2f}"


def lines_until_end(
    run: Run, offset: int, timeout: float = math.inf, poll: float = 0.1
) -> Iterator[bytes]:
    """Yield complete lines until no trainer is live and everything is read, or the timeout."""
    tail = LineTail(run.events, offset)
    deadline = time.monotonic() + timeout
    while time.monotonic() < deadline:
        live = run.is_live()  # before the read: when it is gone, everything it wrote is there
        before = tail.offset
        try:
            yield from tail.read()
        except OSError as error:
            raise VaeTuiError(f"{run.events} cannot be read: {error.strerror}") from None
        if tail.offset == before:
            if not live:
                return
            time.sleep(poll)
