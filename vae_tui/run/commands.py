"""Requests to a trainer; one line of JSON each in ``commands.jsonl``."""

import json
import time
import uuid
from dataclasses import dataclass, field

from vae_tui.errors import UsageError
from vae_tui.run.config import SETTINGS, check_number
from vae_tui.run.untrusted import json_object
from vae_tui.text import did_you_mean, preview

PREEMPTED = "preempted"
"""Reason of a run's end when a scheduler takes its machine away, and starts the run again later."""
NAMES = ("pause", "resume", "stop", "save", "undo", "set")


@dataclass(frozen=True, slots=True, kw_only=True)
class Command:
    """A request; the trainer answers it with an event."""

    command: str
    setting: str = ""
    """With ``set``: beta, lr or epochs."""
    value: float = 0.0
    reason: str = ""
    """With ``stop``: `PREEMPTED`, or empty when a user requested it."""
    id: str = field(default_factory=lambda: uuid.uuid4().hex[:12])


def encode(command: Command) -> bytes:
    """Return the command as one line of JSON."""
    record: dict[str, object] = {"command": command.command, "id": command.id, "time": time.time()}
    if command.command == "set":
        record |= {"setting": command.setting, "value": command.value}
    if command.reason:
        record["reason"] = command.reason
    return json.dumps(record).encode() + b"\n"


def decode(line: bytes) -> Command:
    """Return the command of a line, not checked; ValueError when the line is not a command."""
    record = json_object(line)
    if not isinstance(record.get("command"), str):
        raise ValueError("not a command")
    value = record.get("value", 0.0)
    if isinstance(value, bool) or not isinstance(value, (int, float)) or abs(value) > 1e300:
        raise ValueError("value is not a number")
    return Command(
        command=record["command"][:40],
        setting=_text(record.get("setting", "")),
        value=float(value),
        reason=_text(record.get("reason", "")),
        id=_text(record.get("id", "")),
    )


def _text(value: object) -> str:
    return value[:40] if isinstance(value, str) else preview(value)


def check(command: Command) -> None:
    """Raise UsageError, with the reason, unless the command is valid."""
    if command.command not in NAMES:
        raise UsageError(f"no command {command.command!r}; there are {', '.join(NAMES)}")
    if command.command == "set":
        _check_name(command.setting)
        _check_value(command.setting, command.value)


def parse_setting(name: str, text: str) -> float:
    """Return the value of a setting that a user typed; UsageError unless it is valid."""
    _check_name(name)
    try:
        value = float(text)
    except ValueError:
        raise UsageError(f"{name}: {text!r:.40} is not a number") from None
    _check_value(name, value)
    return value


def _check_name(setting: str) -> None:
    if setting not in SETTINGS:
        hint = did_you_mean(setting, SETTINGS, f"there are {', '.join(SETTINGS)}")
        raise UsageError(f"no setting {setting!r:.40}; {hint}")


def _check_value(setting: str, value: float) -> None:
    is_whole = setting == "epochs" and value % 1 == 0
    try:
        check_number(setting, int(value) if is_whole else value)
    except UsageError as error:  # it names an option
        raise UsageError(str(error).removeprefix("--")) from None
    if setting == "epochs" and not is_whole:
        raise UsageError(f"epochs must be a whole number, not {value:g}")
