"""A run folder from an untrusted source: trainers that continue it, and the screen."""

import functools
import gzip
import json
import os
import random
import re
import struct
import threading
from collections.abc import Callable, Sequence
from pathlib import Path

import pytest
from support.explored_runs import explored_run
from support.hostile_files import lair
from support.hostile_state import a_state
from support.hostile_text import STEERING, lines_of_events
from support.logs import live
from support.real_runs import DIGITS, logged_events
from support.terminal import PROGRAM, RawTerminal
from support.tiny_runs import tiny_config, tiny_trainer

from vae_tui.data import idx_files
from vae_tui.data.catalogue import DATASETS, Dataset
from vae_tui.errors import UsageError, VaeTuiError
from vae_tui.image_shape import DEFAULT_SHAPE
from vae_tui.run import control
from vae_tui.run.commands import Command
from vae_tui.run.events import Paused, RunEnded, encode
from vae_tui.run.files import append
from vae_tui.run.folder import Run
from vae_tui.run.runs_folder import create
from vae_tui.training.checkpoint import save_state, save_weights
from vae_tui.training.command_source import CommandFile
from vae_tui.training.distributed.ranks import Ranks
from vae_tui.training.process import train
from vae_tui.tui.feed.run_reader import RunReader
from vae_tui.tui.messages import ReadingFailed
from vae_tui.tui.state.run_view import RunView

CONTROLS = re.compile(
    "[\x00-\x07\x0e-\x1a\x1c-\x1f\x7f-\x9f\u202a-\u202e\u2066-\u2069\u2028\u2029]"
)
WHY_NOT = re.compile("Error|state|not finite after step")
OURS = re.compile(rb"\x1b\](52;c;[A-Za-z0-9+/=]+|22;[a-z-]+|0;[^\x00-\x1f\x7f]*)\x07")
"""The clipboard's, the title's, and Textual's own for the shape of the mouse pointer."""


def run_with_state(folder: Path) -> Run:
    run = create(folder, "run", DIGITS)
    state = tiny_trainer().state()
    save_state(run.trainer_state, state)
    save_weights(run.weights, state["model"], 0, DEFAULT_SHAPE)
    return run


class StopSoon(CommandFile):
    """Stops a run that a hostile state made endless."""

    def __init__(self, run: Run) -> None:
        super().__init__(run.commands, 0)
        self._left = 1_000

    def take(self, wait: float) -> Sequence[Command]:
        self._left -= 1
        if self._left < 0:
            self.stop()
        return super().take(wait)


def resume(run: Run) -> RunEnded:
    """Continue a run in this process; return how it ended."""
    train(run, DIGITS, StopSoon(run), Ranks())
    return logged_events(run)[-1]


def states(count: int, tmp_path: Path) -> list[str]:
    """Let trainers continue from hostile states; return how they ended."""
    aims = lair(tmp_path)
    said = []
    for seed in range(count):
        run = run_with_state(tmp_path / str(seed))
        run.trainer_state.write_bytes(
            a_state(run.trainer_state.read_bytes(), random.Random(seed), aims.canary)
        )
        last = resume(run)
        assert not aims.harm()
        # The numbers in it may be whole and senseless: that shows in the first step.
        assert last.reason in ("finished", "stopped") or WHY_NOT.search(last.message), last
        said.append(f"{last.reason}: {last.message}")
    return said


def test_a_trainer_goes_on_from_no_hostile_state(tmp_path):
    assert any("nothing in it was executed" in said for said in states(3, tmp_path))


@pytest.mark.soak
def test_a_trainer_goes_on_from_none_of_forty_hostile_states(tmp_path):
    assert sum("nothing in it was executed" in said for said in states(40, tmp_path)) > 10


@pytest.mark.parametrize(
    "file", ["events.jsonl", "trainer.lock", "trainer.log", "weights.safetensors", "history"]
)
def test_a_trainer_writes_through_no_link(tmp_path, file):
    aims = lair(tmp_path)
    folder = tmp_path / "folder"
    folder.mkdir()
    theirs = [folder / "5.safetensors", folder / ".a.safetensors.tmp"]
    for path in theirs:
        path.write_text("mine\n")
    run = run_with_state(tmp_path / "runs")
    (run.path / file).unlink(missing_ok=True)
    (run.path / file).symlink_to(folder if file == "history" else aims.victim)
    if file in ("trainer.lock", "trainer.log"):
        with pytest.raises(VaeTuiError, match="is a link"):
            control.start(run, DIGITS)
        assert not run.is_live()
    else:
        code = train(run, DIGITS, StopSoon(run), Ranks())
        assert code == (0 if file == "weights.safetensors" else 1)
    assert not aims.harm()
    assert [path.read_text() for path in theirs] == ["mine\n"] * 2
    if file == "history":
        assert "is a link" in logged_events(run)[-1].message


def test_a_command_is_written_through_no_link(tmp_path):
    aims = lair(tmp_path)
    run = run_with_state(tmp_path / "runs")
    run.commands.symlink_to(aims.victim)
    with pytest.raises(VaeTuiError, match="is a link"):
        run.send(Command(command="stop"))
    assert not aims.harm()


def test_no_config_starts_a_thousand_processes(tmp_path):
    config = tiny_config(nproc=1_024)
    run = create(tmp_path, "run", config)
    with pytest.raises(UsageError, match=r"1024 processes.*config\.json"):
        control.start(run, config)
    assert not run.is_live()


# The screen

VIEWS = {"1": "reconstructions", "2": "seed 1", "3": "z from", "4": "PCA", "\t": "nats of"}
"""Each view's key, and what it shows once it is drawn."""


class Rounds(threading.Event):
    """Lets a reader look so many times."""

    def __init__(self, count: int) -> None:
        super().__init__()
        self._left = count

    def is_set(self) -> bool:
        self._left -= 1
        return self._left < 0


def test_a_log_full_of_what_is_no_event_is_complained_of_a_few_times(tmp_path):
    run = create(tmp_path, "run", DIGITS)
    run.events.write_bytes(b"x" * 30 + b"\n" + b"odd\n" * 2_000_000)
    received = []
    RunReader(run, RunView("run", DIGITS)).follow(received.append, Rounds(8))
    why = [message.reason for message in received if isinstance(message, ReadingFailed)]
    assert 1 <= len(why) <= 4
    assert str(run.events) in why[0]
    assert "line 1 is not an event" in why[0]


def stranger(folder: Path, name: str, text: str) -> Run:
    """Make a run in which everything that can be text is ``text``."""
    run = explored_run(folder, "run")
    lines = []
    for line in lines_of_events():
        record = json.loads(line)
        words = dict.fromkeys(("device", "precision", "what", "why", "message", "name"), text)
        lines.append(json.dumps({**record, **{k: v for k, v in words.items() if k in record}}))
    run.events.write_text("\n".join(lines) + "\n")
    run.path.rename(folder / name)
    return Run(folder / name)


@pytest.mark.parametrize("state", ["failed", "paused"])
def test_nothing_of_a_stranger_reaches_the_terminal_raw(tmp_path, state):
    text = " ".join(STEERING[:10])
    name = STEERING[0].replace("/", "|") + STEERING[5] + "\x9b2J\n[red]"
    run = stranger(tmp_path / "runs", name, text)
    lock = None
    if state == "paused":
        append(run.events, encode(Paused(time=2e9, step=8, why=text)))
        lock = live(run)
    else:
        append(run.events, encode(RunEnded(time=2e9, step=8, reason="failed", message=text)))
    with RawTerminal(
        [*PROGRAM, "attach", "--runs-dir", str(run.path.parent)], cwd=tmp_path, columns=120, rows=40
    ) as terminal:
        terminal.wait_for(state)
        terminal.wait_for("PWNED")
        for key, shown in VIEWS.items():
            terminal.type(key)
            terminal.wait_for(shown)
        terminal.type(",")
        terminal.wait_for("back in time")
        terminal.type("ey?")
        terminal.wait_for("Keys everywhere")
        terminal.type("\x1b")
        terminal.wait_for(lambda text: "Keys everywhere" not in text)
        terminal.type("q")
        if state == "paused":
            terminal.wait_for("come back:")
            terminal.type("k")
        assert terminal.wait_for_end() == 0
    if lock is not None:
        os.close(lock)
    sent = OURS.sub(b"", bytes(terminal.raw)).decode()
    assert not CONTROLS.findall(sent)
    for steering in STEERING[:8]:
        assert steering not in sent
    assert not re.search("\x1b(?![\\[\\\\P7-8=>(])", sent)
    assert "PWNED" in sent


# Data sets


SMALL = Dataset(
    "small", "Small", "Small", ("a-idx3-ubyte", "b-idx1-ubyte", "c-idx3-ubyte", "d-idx1-ubyte"),
    30, 10, DATASETS["mnist"].classes,
)  # fmt: skip


def idx(count: int, *sides: int, head: bytes = b"\0\0\x08", says: int | None = None) -> bytes:
    sizes = (count if says is None else says, *sides)
    header = head + bytes([len(sizes)]) + struct.pack(f">{len(sizes)}I", *sizes)
    return header + bytes(count * (sides[0] * sides[1] if sides else 1))


def flooded() -> bytes:
    """Return a gzip whose header names a file of four megabytes."""
    return b"\x1f\x8b\x08\x08" + bytes(6) + b"a" * 4_000_000 + b"\0" + gzip.compress(b"")[10:]


HOSTILE_IDX: dict[str, Callable[[], bytes]] = {
    "empty": bytes,
    "random": lambda: random.Random(1).randbytes(3_000),
    "cut": lambda: gzip.compress(idx(30, 28, 28))[:-40],
    "lies about its length": lambda: idx(30, 28, 28, says=2**32 - 1),
    "bomb": lambda: gzip.compress(idx(30, 28, 28) + bytes(200_000_000), 1),
    "of floats": lambda: idx(30, 28, 28, head=b"\0\0\x0d"),
    "flooded": flooded,
    "members without end": lambda: gzip.compress(b"") * 100_000,
    "numpy": lambda: b"\x93NUMPY" + bytes(100),
    "pickle": lambda: b"cos\nsystem\n(S'touch /tmp/canary'\ntR.",
}


@functools.cache
def hostile_idx(what: str) -> bytes:
    return HOSTILE_IDX[what]()


@pytest.mark.parametrize("packed", ["", ".gz"])
@pytest.mark.parametrize("what", HOSTILE_IDX)
def test_a_hostile_data_file_is_refused_by_name(tmp_path, what, packed):
    folder = SMALL.raw_folder(tmp_path)
    folder.mkdir(parents=True)
    for name, content in zip(
        SMALL.files, (idx(30, 28, 28), idx(30), idx(10, 28, 28), idx(10)), strict=True
    ):
        (folder / name).write_bytes(content)
    assert len(idx_files.read(SMALL, tmp_path).train) == 30
    (folder / SMALL.files[0]).unlink()
    hostile = folder / f"{SMALL.files[0]}{packed}"
    hostile.write_bytes(hostile_idx(what))
    with pytest.raises(VaeTuiError) as raised:
        idx_files.read(SMALL, tmp_path)
    assert str(hostile) in str(raised.value)
    assert len(str(raised.value)) < 600
