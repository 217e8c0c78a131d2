"""An hour of a run, written in a minute, with a screen that watches all of it."""

import os
import shutil
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from time import time as clock

import pytest
from support.logs import live
from support.processes import process
from support.shells import Shell
from support.terminal import RawTerminal

from vae_tui.run.events import (
    EpochEnded,
    Event,
    LossesMeasured,
    RunStarted,
    WeightsSaved,
    encode,
)
from vae_tui.run.folder import Run

SHIPPED = Path(__file__).parents[2] / "checkpoints" / "mnist-d20"
HOUR_SECONDS, LOSSES_A_SECOND = 3_600, 20
SLICES = 60
"""Each is a minute of the run and a second of the test."""
STEPS_PER_EPOCH = 235


@dataclass(frozen=True, slots=True)
class Use:
    """What a process takes of the machine."""

    cpu_seconds: float
    mebibytes: float
    descriptors: int


def use_of(pid: int) -> Use:
    here = process(pid)
    assert here is not None
    pages = int(Path(f"/proc/{pid}/statm").read_text().split()[1])
    descriptors = len(list(Path(f"/proc/{pid}/fd").iterdir()))
    return Use(here.cpu_seconds, pages * os.sysconf("SC_PAGESIZE") / (1 << 20), descriptors)


def minutes_of_a_run() -> Iterator[list[Event]]:
    """Yield the events of a trainer in each minute of an hour, at its fastest, dated now."""
    step = 0
    time = clock()
    yield [
        RunStarted(
            time=time, step=0, device="cuda:0", precision="bf16", images=60_000, parameters=652_824,
            steps_per_epoch=STEPS_PER_EPOCH, pid=1, world_size=1, epochs=1_000, test_images=10_000,
        )
    ]  # fmt: skip
    for _ in range(SLICES):
        happened: list[Event] = []
        time = clock()
        for _ in range(HOUR_SECONDS // SLICES * LOSSES_A_SECOND):
            step += 47
            happened.append(
                LossesMeasured(
                    time=time, step=step, epoch=step / STEPS_PER_EPOCH, bce=80 + 4e5 / (step + 900),
                    kl=25 - 1e4 / (step + 900), beta=1.0, lr=1e-3, images_per_second=2.4e5,
                )
            )  # fmt: skip
            if step % STEPS_PER_EPOCH == 0:
                happened.append(
                    EpochEnded(
                        time=time, step=step, epoch=step // STEPS_PER_EPOCH, train_bce=85.0,
                        train_kl=25.0, test_bce=86.0, test_kl=25.0, test_bce_at_mean=80.0,
                        kl_per_dimension=(1.25,) * 20, active_units=20, seconds=0.25,
                    )
                )  # fmt: skip
                happened.append(WeightsSaved(time=time, step=step, path="weights.safetensors"))
        yield happened


@pytest.fixture
def replayed(shell: Shell) -> Iterator[Run]:
    """Give a run whose trainer seems to be live, and that has said nothing yet."""
    run = Run(Path(shutil.copytree(SHIPPED, shell.runs_dir / "hour")))
    run.events.unlink()
    lock = live(run, since=clock())
    yield run
    os.close(lock)


def replay(run: Run, terminal: RawTerminal, slices: Iterator[list[Event]]) -> None:
    for minute, happened in enumerate(slices):
        with run.events.open("ab") as events:
            events.write(b"".join(map(encode, happened)))
        newer = run.path / "newer"
        shutil.copy(SHIPPED / "weights.safetensors", newer)
        newer.replace(run.weights)
        terminal.type("123451"[minute % 6])
        terminal.read(1.0)


@pytest.mark.soak
def test_an_hours_events_leave_memory_cpu_and_descriptors_of_the_screen_flat(shell, replayed):
    terminal = shell.screen("attach", "--read-only")
    terminal.wait_for("starting")
    slices = minutes_of_a_run()
    third = SLICES // 3

    def part(minutes: int) -> Use:
        before = use_of(terminal.pid)
        replay(replayed, terminal, (next(slices) for _ in range(minutes)))
        after = use_of(terminal.pid)
        return Use(after.cpu_seconds - before.cpu_seconds, after.mebibytes, after.descriptors)

    part(1)
    terminal.wait_for("running")
    first, second, last = part(third), part(third), part(third)
    print(f"{replayed.events.stat().st_size / 1e6:.0f} MB of events: {first}, {second}, {last}")  # noqa: T201
    terminal.type("1")
    terminal.wait_for("KL nats/image")
    assert last.cpu_seconds < 1.5 * first.cpu_seconds
    assert last.mebibytes < second.mebibytes + 8
    assert last.descriptors <= first.descriptors
    terminal.type("q")
    assert terminal.wait_for_end() == 0
