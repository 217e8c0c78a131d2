"""``pause``, ``resume``, ``stop`` and ``set``, with a thread in the trainer's place."""

import pytest
from support.explored_runs import called_once
from support.fake_trainer import fake_trainer
from support.logs import NOW, epoch_ended, losses, run_with, started

from vae_tui.run.control import pending_settings
from vae_tui.run.events import RunEnded
from vae_tui.run.folder import Run
from vae_tui.run.summary import summarise


@pytest.fixture
def live(tmp_path) -> Run:
    return run_with(tmp_path, started(), epoch_ended(1, 120.0))


@pytest.fixture
def ended(tmp_path) -> Run:
    end = RunEnded(time=NOW, step=18, reason="finished")
    return run_with(tmp_path, started(), losses(18), epoch_ended(3, 100.0), end)


def test_set_says_at_which_step_each_setting_of_a_live_run_changed(live):
    with fake_trainer(live):
        answer = called_once(["set", str(live.path), "beta=4", "lr=5e-4"])
    assert answer == (0, "beta 1 -> 4 at step 1,234\nlr 1 -> 0.0005 at step 1,234\n", "")


def test_set_says_what_the_trainer_refused_and_what_it_changed(live):
    with fake_trainer(live, refuse="lr"):
        answer = called_once(["set", str(live.path), "beta=4", "lr=5e-4"])
    assert answer == (2, "beta 1 -> 4 at step 1,234\n", "vae-tui: it cannot be\n")


def test_set_of_a_run_that_has_ended_waits_for_its_resume_and_says_how_to_resume(ended):
    path = ended.path
    code, out, err = called_once(["set", str(path), "beta=4", "epochs=9"])
    assert (code, err) == (0, "")
    assert out.endswith(f"its next resume sets beta 4 and epochs 9: vae-tui resume {path}\n")
    assert [(one.setting, one.value) for one in pending_settings(ended)] == [
        ("beta", 4.0),
        ("epochs", 9.0),
    ]


def test_set_of_a_finished_run_without_more_epochs_says_that_it_needs_more(ended):
    _, out, _ = called_once(["set", str(ended.path), "beta=4"])
    assert f"vae-tui train --resume {ended.path} --epochs 6" in out


@pytest.mark.parametrize(
    ("change", "words"),
    [
        ("bta=4", "no setting 'bta'; did you mean beta? there are beta, lr, epochs"),
        ("lr=0", "lr must be above 0, not 0; try 0.001"),
        ("lr=fast", "lr: 'fast' is not a number"),
        ("epochs=2.5", "epochs must be a whole number, not 2.5"),
        ("epochs=2", "epochs=2: epoch 3 has begun; the nearest is 3"),
        ("beta", "'beta' is not SETTING=VALUE, as in beta=4"),
    ],
)
def test_a_setting_that_cannot_be_is_exit_code_2_and_sends_nothing(ended, change, words):
    answer = called_once(["set", str(ended.path), "beta=2", change])
    assert answer == (2, "", f"vae-tui: {words}\n")
    assert not ended.commands.exists()


def test_stop_says_stopped_when_the_list_of_runs_says_so_and_not_before(live):
    with fake_trainer(live):
        code, out, _ = called_once(["stop", str(live.path)])
        state = summarise(live).state
    assert (code, state) == (0, "stopped")
    name, path = live.name, live.path
    assert out == f"{name} is stopped; continue with: vae-tui resume {path}\n"


def test_pause_and_resume_wait_for_the_answer_and_say_what_is_next(live):
    with fake_trainer(live):
        _, paused, _ = called_once(["pause", str(live.path)])
        _, again, _ = called_once(["pause", str(live.path)])
    assert paused == again == f"{live.name} is paused; continue with: vae-tui resume {live.path}\n"
