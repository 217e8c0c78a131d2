"""Keys that come faster than the screen makes what they are for."""

from collections.abc import Iterator
from pathlib import Path

import pytest
from support.explored_runs import FAR_AHEAD, live_run
from support.fake_trainer import fake_trainer
from support.real_runs import logged_events, wait_until
from support.terminal import PROGRAM, Terminal
from support.tiny_runs import only

from vae_tui.run.events import SettingChanged
from vae_tui.run.folder import Run

SHIPPED = {"VAE_TUI_RUNS_DIR": str(Path(__file__).parents[2] / "checkpoints")}
CTRL_P = "\x10"


@pytest.fixture(scope="module")
def live(tmp_path_factory) -> Iterator[Run]:
    run = live_run(tmp_path_factory.mktemp("live"))
    with fake_trainer(run, time=FAR_AHEAD):
        yield run


def test_letters_right_after_ctrl_p_are_searched_for(tmp_path):
    with Terminal([*PROGRAM, "attach", "mnist-d20"], environment=SHIPPED, cwd=tmp_path) as screen:
        screen.wait_for("reconstructions")
        for _ in range(3):
            screen.type(f"{CTRL_P}to a file")
            screen.wait_for(lambda text: "to a file" in text and "Write what is shown" in text)
            screen.type("\x1b")
            screen.wait_for(lambda text: "to a file" not in text and "reconstructions" in text)


def has_read_it(text: str) -> bool:
    """Return whether a screen has read the live run: before, it takes no settings."""
    return "reconstructions" in text and "running" in text


def test_enter_right_after_a_value_asks_for_this_value(live, tmp_path):
    with Terminal([*PROGRAM, "attach", str(live.path)], cwd=tmp_path) as screen:
        screen.wait_for(has_read_it)
        for beta in ("2", "3.5", "4.25", "0.125"):
            screen.type("c")
            screen.wait_for("weight of the KL")
            screen.type(f"{beta}\r")
            screen.wait_for(lambda text: "weight of the KL" not in text)
            wait_until(
                lambda beta=beta: any(
                    event.new == float(beta) for event in only(SettingChanged, logged_events(live))
                )
            )


def test_a_key_right_after_escape_goes_to_what_the_dialog_covered(live, tmp_path):
    changed = only(SettingChanged, logged_events(live))
    with Terminal([*PROGRAM, "attach", str(live.path)], cwd=tmp_path) as screen:
        screen.wait_for(has_read_it)
        screen.type("c")
        screen.wait_for("weight of the KL")
        screen.type("\x1b3")
        screen.wait_for(lambda text: "weight of the KL" not in text and "x Test image" in text)
        assert only(SettingChanged, logged_events(live)) == changed
