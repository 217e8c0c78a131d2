"""A run's events as plain lines, for logs and pipes."""

import json
import sys
import time
from collections.abc import Callable, Iterator

from vae_tui.errors import VaeTuiError
from vae_tui.run import events
from vae_tui.run.config import RANGES, RunConfig
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
    TrainingSlowed,
)
from vae_tui.run.files import LineTail
from vae_tui.run.folder import Run
from vae_tui.run.series import TEST_LOSS, TEST_LOSS_AT_MEAN, TRAIN_LOSS
from vae_tui.text import count, duration, printable

_POLL_SECONDS = 0.1


def follow(run: Run, config: RunConfig, *, as_json: bool, offset: int = 0) -> int:
    """Print the run's events until its trainer ends; return the exit code, 0 or 1.

    Args:
        run: The run, live or not.
        config: Its configuration.
        as_json: Print the events themselves, one JSON object a line.
        offset: Bytes of ``events.jsonl`` to skip.
    """
    formatter = LineFormatter(config)
    ended: RunEnded | None = None
    odd, why = 0, ""
    for line in _lines(run, offset):
        try:
            event = events.decode(line)
        except ValueError as error:  # torn or foreign
            odd, why = odd + bool(line.strip()), why or str(error)
            continue
        if as_json:
            _print(_one_object(line))
        elif event is not None and (text := formatter.line(event)):
            _print(text)
        if isinstance(event, (RunEnded, RunStarted)):
            ended = event if isinstance(event, RunEnded) else None
    if odd:
        _print_error(f"{run.events}: {odd:,} lines are not events ({why}); the others are shown")
    if ended is None:
        _print_error(
            f"{run.name} is lost: its trainer ended without a message; "
            f"see {run.log}; go on from the last save: vae-tui resume {run.path}"
        )
        return 1
    return 1 if ended.reason == "failed" else 0


class LineFormatter:
    """Formats events as lines of text; losses have none."""

    def __init__(self, config: RunConfig) -> None:
        self._config = config
        self._epochs = config.epochs
        self._speed = 0.0

    def line(self, event: Event) -> str:
        """Return the event's line; empty for one that is not printed."""
        if isinstance(event, LossesMeasured):
            self._speed = event.images_per_second
            return ""
        words: dict[type[Event], Callable[..., str]] = {
            RunStarted: self._started,
            EpochEnded: self._epoch,
            Paused: lambda event: f"paused {event.why}".strip(),
            Resumed: lambda event: "resumed",
            SettingChanged: self._changed,
            CommandRefused: lambda event: f"refused: {event.why}",
            TrainingSlowed: lambda event: f"step {event.step}: {event.why}",
            Diverged: lambda event: f"diverged: {event.what} at step {event.step}",
            RunEnded: lambda event: f"{event.reason} at step {event.step} {event.message}".strip(),
        }
        write = words.get(type(event))
        return printable(write(event)) if write else ""

    def _started(self, event: RunStarted) -> str:
        self._epochs = event.epochs or self._epochs
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
            return f"epoch 0/{self._epochs}  untrained  {tested}"
        train = TRAIN_LOSS.value(event, self._config)
        return (
            f"epoch {event.epoch}/{self._epochs}  "
            f"train {self._sum(train, event.train_bce, event.train_kl)}  {tested}  "
            f"{count(self._speed)} images/s  {duration(event.seconds)}"
        )

    def _changed(self, event: SettingChanged) -> str:
        if event.name == "epochs" and event.new in RANGES["epochs"]:
            self._epochs = int(event.new)
        return f"{event.name} {event.old:g} -> {event.new:g} at step {event.step}"

    def _sum(self, loss: float, bce: float, kl: float) -> str:
        name = "bce" if self._config.reconstruction == "bce" else "squared error/2"
        if self._config.model == "ae":
            return f"{loss:.2f} = {name} (z at the mean; kl {kl:.2f} is not in the loss)"
        return f"{loss:.2f} = {name} {bce:.2f} + kl {kl:.2f}"


def _lines(run: Run, offset: int) -> Iterator[bytes]:
    """Yield complete lines until no trainer is live and everything is read."""
    tail = LineTail(run.events, offset)
    while True:
        live = run.is_live()  # before the read: when it is gone, everything it wrote is there
        before = tail.offset
        try:
            yield from tail.read()
        except OSError as error:
            raise VaeTuiError(f"{run.events} cannot be read: {error.strerror}") from None
        if tail.offset == before:
            if not live:
                return
            time.sleep(_POLL_SECONDS)


def _one_object(line: bytes) -> str:
    """Return a line of JSON as it is, or escaped if it has control characters."""
    text = line.decode("utf-8", "replace")
    return text if text.isascii() and text.isprintable() else json.dumps(json.loads(line))


def _print_error(text: str) -> None:
    print(printable(f"vae-tui: {text}"), file=sys.stderr)  # noqa: T201


def _print(line: str) -> None:
    print(line, flush=True)  # noqa: T201
