"""What the scene is drawn with: the newest weights, or those of an earlier step."""

import dataclasses

from support.clocks import Clock
from support.fake_networks import random_network
from support.run_events import CONFIG, NOW, STARTED, losses

from vae_tui.tui.state.run_view import RunView, advance
from vae_tui.tui.state.scene import Scene
from vae_tui.tui.state.scene_store import SceneStore

NEWEST, NEWER = random_network(540), random_network(576)
KEPT = {step: random_network(step) for step in (0, 18, 180)}


class Screen:
    """Remembers what it was given to show."""

    def __init__(self) -> None:
        self.clock = Clock(NOW)
        self.scenes: list[Scene] = []
        self.labels: list[str] = []
        self.requested: int | None = None
        self.store = SceneStore(self.scenes.append, self.labels.append, self.clock)
        self.store.request_step = self.request
        view = advance(RunView("run", CONFIG, epochs=150), [STARTED, losses(540)])
        self.store.scene = Scene(dataclasses.replace(view, live=True, kept=(0, 18, 180, 540)))
        self.store.show_newest(NEWEST)

    def request(self, step: int) -> None:
        self.requested = step

    def request_of(self, count: int) -> int | None:
        """Travel, and return the step whose weights the store requests."""
        self.requested = None
        self.store.travel(count)
        return self.requested

    def travel(self, count: int) -> int | None:
        """Travel, and let the weights be loaded."""
        if (step := self.request_of(count)) is not None:
            self.store.show_past(KEPT[step])
        return step


def test_nothing_is_shown_before_there_is_a_scene():
    store = SceneStore(lambda _: 1 / 0, lambda _: 1 / 0, Clock(NOW))
    store.update(unreadable="x")
    store.update_weights_label()
    store.show_newest(NEWEST)
    store.travel(-1)
    assert (store.state, store.run) == ("starting", None)


def test_travelling_goes_through_the_kept_steps_and_stays_at_the_first():
    screen = Screen()
    assert [screen.travel(-1) for _ in range(4)] == [180, 18, 0, 0]
    assert screen.labels[-1] == "step 0, back in time"
    assert screen.scenes[-1].is_past
    assert [screen.travel(1) for _ in range(3)] == [18, 180, None]
    assert screen.scenes[-1].network is NEWEST and not screen.scenes[-1].is_past


def test_forward_from_a_step_that_was_deleted_meanwhile_goes_to_the_next_kept_one():
    screen = Screen()
    assert [screen.travel(-1) for _ in range(2)] == [180, 18]
    screen.store.update(run=dataclasses.replace(screen.store.run, kept=(0, 180, 540)))
    assert screen.travel(1) == 180


def test_newer_weights_are_drawn_with_only_after_the_return():
    screen = Screen()
    screen.travel(-1)
    screen.store.show_newest(NEWER)
    assert screen.scenes[-1].network is KEPT[180]
    screen.store.travel_to(None)
    assert screen.scenes[-1].network is NEWER


def test_weights_that_are_no_longer_requested_are_not_shown():
    screen = Screen()
    assert [screen.request_of(-1) for _ in range(2)] == [180, 18]
    screen.store.show_past(KEPT[180])
    assert screen.scenes[-1].network is NEWEST
    screen.store.cancel_travel(180)
    screen.store.show_past(KEPT[18])
    assert screen.scenes[-1].network is KEPT[18]
    screen.store.cancel_travel(18)
    assert screen.scenes[-1].network is NEWEST


def test_the_label_follows_the_clock_without_a_new_scene():
    screen = Screen()
    shown = len(screen.scenes)
    for seconds, label in (
        (0, "2 s"),
        (1, "3 s"),
        (57, "59 s"),
        (58, "1 m 00 s"),
        (3600, "1 h 00 m"),
    ):
        screen.clock.now = NOW + seconds
        screen.store.update_weights_label()
        assert screen.labels[-1] == f"step 540, {label} old"
    assert len(screen.scenes) == shown
