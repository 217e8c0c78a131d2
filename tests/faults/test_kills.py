"""kill -9 of the trainer at random moments, inside its saves too, and of the screen."""

import math
import os
import random
import signal
import time
from dataclasses import dataclass
from pathlib import Path

import pytest
from support.busy import busy_neighbour
from support.real_runs import (
    assert_same_weights,
    default_config,
    ended,
    in_force,
    logged_events,
    metadata,
    newest_step,
    none_left,
    uninterrupted,
    wait_until,
)
from support.shells import Shell, assert_it_goes_on
from support.tiny_runs import losses_of, only

from vae_tui.model import load_network
from vae_tui.model.probe import load_probe
from vae_tui.run import events
from vae_tui.run.commands import Command
from vae_tui.run.config import RunConfig
from vae_tui.run.control import RunSteering
from vae_tui.run.events import EpochEnded, Event, LossesMeasured, RunStarted
from vae_tui.run.folder import Run
from vae_tui.run.runs_folder import create
from vae_tui.run.summary import summarise
from vae_tui.training.checkpoint import load_state

IMAGES, BATCH = 4_500, 256
STEPS_PER_EPOCH = math.ceil(IMAGES / BATCH)


@dataclass(frozen=True, slots=True)
class Kill:
    """One kill, and what the next trainer made of it."""

    inside_a_save: bool
    lost_steps: int
    redone_seconds: float
    """Of training that the next trainer had to do again."""


class Victim:
    """A run whose trainer is killed again and again."""

    def __init__(self, run: Run, config: RunConfig, chance: random.Random) -> None:
        self.run = run
        self.kills: list[Kill] = []
        self._config = config
        self._chance = chance

    def train_and_kill(self, longest: float, *, in_a_save: bool = False) -> None:
        """Go on with the run and kill its trainer within ``longest`` seconds."""
        before, left = logged_events(self.run), set(self._unfinished())
        RunSteering(self.run, self._config).restart()
        pid = self.run.pid()
        assert pid is not None
        if in_a_save:
            wait_until(
                lambda: len(only(LossesMeasured, logged_events(self.run)[len(before) :])) > 1
            )
            self._stop_in_a_save(pid, left)
        else:
            time.sleep(self._chance.uniform(0.0, longest))
        os.kill(pid, signal.SIGKILL)
        wait_until(lambda: not self.run.is_live())
        assert summarise(self.run).state == "lost"
        self._assert_all_is_readable()
        unfinished = set(self._unfinished())
        assert len(unfinished) <= 3, "what the kills left is swept up by the next trainer"
        self._note(before, bool(unfinished - left))

    def _stop_in_a_save(self, pid: int, left: set[Path]) -> None:
        """Ask for saves until the trainer is stopped in one: on busy cores we may look too late."""
        for _ in range(20):
            self.run.send(Command(command="save"))
            deadline = time.monotonic() + 1.0
            while not set(self._unfinished()) - left and time.monotonic() < deadline:
                pass
            os.kill(pid, signal.SIGSTOP)
            if set(self._unfinished()) - left:
                return
            os.kill(pid, signal.SIGCONT)

    def _note(self, before: list[Event], inside_a_save: bool) -> None:
        happened = logged_events(self.run)
        saved = load_state(self.run.trainer_state)["step"] if self.run.trainer_state.exists() else 0
        since = [event for event in happened[len(before) :] if event.step >= saved]
        redone = since[-1].time - since[0].time if since else 0.0
        lost = happened[-1].step - saved if since else 0
        self.kills.append(Kill(inside_a_save, lost, redone))

    def _unfinished(self) -> list[Path]:
        hidden = [*self.run.path.glob(".*"), *self.run.history.glob(".*")]
        return [file for file in hidden if file != self.run.reserve]

    def _assert_all_is_readable(self) -> None:
        if self.run.events.exists():
            *whole, torn = self.run.events.read_bytes().split(b"\n")
            for line in whole:
                assert events.decode(line) is not None
            assert not torn, "an event is one write: it is there or it is not"
        if self.run.trainer_state.exists():
            load_state(self.run.trainer_state)
            load_network(self.run.weights, self._config)
        if self.run.best.exists():
            load_network(self.run.best, self._config)
        if self.run.probe.exists():
            load_probe(self.run.probe, self._config)
        for step in self.run.kept_steps():
            assert load_network(self.run.kept_weights(step), self._config).step == step

    def finish(self, epochs: int) -> list[Event]:
        """Let the run end after so many epochs; return what is in force of its events."""
        with self.run.events.open("ab") as file:  # as of a write that was cut
            file.write(b'{"event":"losses_measured","time":17')
        (self.run.path / ".state.pt.left").write_bytes(b"of a save that was cut")
        before = len(only(RunStarted, logged_events(self.run)))
        RunSteering(self.run, self._config).restart(epochs=epochs)
        wait_until(lambda: len(only(RunStarted, logged_events(self.run))) > before)
        with busy_neighbour():
            assert ended(self.run).reason == "finished"
        assert {one.threads for one in only(RunStarted, logged_events(self.run))} == {
            self._config.threads
        }
        return in_force(logged_events(self.run))

    def account(self) -> str:
        """Say in a line what the kills came to."""
        inside = sum(kill.inside_a_save for kill in self.kills)
        redone = max(kill.redone_seconds for kill in self.kills)
        lost = max(kill.lost_steps for kill in self.kills)
        return (
            f"{len(self.kills)} kills, {inside} of them inside a save: 0 lost runs, 0 unreadable "
            f"files; done again at most {redone:.2f} s, {lost} steps"
        )


def assert_no_hole_and_no_duplicate(happened: list[Event]) -> None:
    """Assert that the loss line has every step once: it adds up to the epochs' own means."""
    measured = only(LossesMeasured, happened)
    steps = [event.step for event in measured]
    assert steps == sorted(set(steps))
    tests = only(EpochEnded, happened)
    assert [event.epoch for event in tests] == list(range(len(tests)))
    bce = kl = 0.0
    done = 0
    for event in measured:
        images = images_until(event.step) - done
        done += images
        bce += event.bce * images
        kl += event.kl * images
    assert done == IMAGES * tests[-1].epoch
    assert bce == pytest.approx(sum(event.train_bce for event in tests[1:]) * IMAGES, rel=1e-6)
    assert kl == pytest.approx(sum(event.train_kl for event in tests[1:]) * IMAGES, rel=1e-6)


def images_until(step: int) -> int:
    """Return how many images the steps up to this one have trained on."""
    epochs, rest = divmod(step, STEPS_PER_EPOCH)
    return epochs * IMAGES + rest * BATCH


def epochs_begun(run: Run) -> int:
    return math.ceil(max(newest_step(run), 1) / STEPS_PER_EPOCH)


def kill_many(tmp_path, kills: int, longest: float, seed: int) -> None:
    config = default_config(1_000_000)
    chance = random.Random(seed)
    run = create(tmp_path, "run", config)
    victim = Victim(run, config, chance)
    with none_left(run):
        for number in range(kills):
            victim.train_and_kill(longest, in_a_save=number % 2 == 0)
            if number % 25 == 24:
                print(f"seed {seed}: {victim.account()}", flush=True)  # noqa: T201
        epochs = epochs_begun(run) + 1
        happened = victim.finish(epochs)
    print(f"seed {seed}: {victim.account()}")  # noqa: T201
    assert any(kill.inside_a_save for kill in victim.kills)
    assert_no_hole_and_no_duplicate(happened)
    losses, trainer = uninterrupted(default_config(epochs))
    assert losses_of(happened) == losses, "the same run as if nothing had happened"
    assert_same_weights(run.weights, trainer)
    best = min(losses, key=lambda row: row["test_bce"] + row["test_kl"])
    assert metadata(run.best)["step"] == str(best["step"])
    assert not list(run.path.rglob(".*"))


def test_a_run_killed_inside_a_save_and_at_random_is_the_same_without_a_hole_beside_a_busy_program(
    tmp_path,
):
    kill_many(tmp_path, 2, 3.0, seed=random.randrange(10**6))


@pytest.mark.soak
def test_a_hundred_random_kills_of_one_run_lose_nothing(tmp_path):
    kill_many(tmp_path, 100, 3.0, seed=100)


@pytest.mark.soak
def test_a_killed_run_of_the_usual_size_does_two_seconds_again_at_most(tmp_path):
    config = default_config(1_000_000)
    run = create(tmp_path, "run", config)
    victim = Victim(run, config, random.Random(2))
    with none_left(run):
        for _ in range(15):
            victim.train_and_kill(10.0)
    print(victim.account())  # noqa: T201
    assert max(kill.redone_seconds for kill in victim.kills) < 3.0


def test_a_killed_screen_is_nothing_to_the_trainer_and_a_killed_trainer_is_replaced_with_p(
    shell: Shell,
):
    terminal = shell.train()
    terminal.wait_for("reconstructions")
    pid = shell.run.pid()
    assert pid is not None
    os.kill(terminal.pid, signal.SIGKILL)
    assert terminal.wait_for_end() == 128 + signal.SIGKILL
    assert_it_goes_on(shell.run)
    assert shell.run.pid() == pid
    again = shell.screen("attach")
    again.wait_for(lambda text: "└0" in text and "untrained" in text)
    again.type("p")
    again.wait_for("paused")
    again.type("p")
    again.wait_for("running")
    os.kill(pid, signal.SIGKILL)
    again.wait_for("lost")
    assert shell.state == "lost"
    again.type("p")
    again.wait_for("running")
    assert_it_goes_on(shell.run)
    assert len(only(RunStarted, logged_events(shell.run))) == 2
