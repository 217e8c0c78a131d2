"""``status``, ``wait`` and ``events``."""

import json
import threading

import pytest
from support.explored_runs import called_once
from support.fake_trainer import fake_trainer
from support.logs import epoch_ended, losses, run_with, started
from support.real_runs import in_force
from support.run_events import ended

from vae_tui.run.commands import Command
from vae_tui.run.control import change_settings
from vae_tui.run.events import encode
from vae_tui.run.files import append


def printed(*line: str) -> list[dict[str, object]]:
    code, out, err = called_once(["events", *line])
    assert (code, err) == (0, ""), err
    return [json.loads(text) for text in out.splitlines()]


def test_status_is_one_run_of_the_list_with_what_is_set_when_it_is_resumed(tmp_path):
    run = run_with(tmp_path, started(), epoch_ended(1, 120.0), ended("failed", "no space left"))
    change_settings(run, {"beta": 4.0})
    _, listed, _ = called_once(["runs", "--json", "--runs-dir", str(tmp_path)])
    code, out, err = called_once(["status", str(run.path), "--json"])
    assert (code, err) == (0, "")
    record = json.loads(out)
    assert record.pop("pending") == {"beta": 4.0}
    assert [record] == json.loads(listed)
    assert (record["state"], record["message"]) == ("failed", "no space left")
    text = called_once(["status", str(run.path)])[1]
    for words in ("failed", "122.00", "set when it is resumed: beta 4", "no space left"):
        assert words in text


@pytest.mark.parametrize(
    ("reason", "code"), [("finished", 0), ("stopped", 0), ("failed", 1), (None, 1)]
)
def test_the_exit_code_of_wait_is_the_run_s(tmp_path, reason, code):
    run = run_with(tmp_path, started(), *([ended(reason, step=12)] if reason else []))
    left, out, _ = called_once(["wait", str(run.path)])
    assert left == code
    assert out.startswith(f"{run.name} is {reason or 'lost'} at step ")


def test_wait_returns_when_the_run_ends(tmp_path):
    run = run_with(tmp_path, started())
    with fake_trainer(run):
        threading.Timer(0.3, lambda: run.send(Command(command="stop"))).start()
        assert called_once(["wait", str(run.path)])[0] == 0
        assert not run.is_live()


def test_events_are_those_that_no_resume_has_made_void(tmp_path):
    happened = [
        *(started(), losses(3), epoch_ended(1, 120.0), losses(9)),
        *(started(6), losses(7), losses(12)),
        *(started(9), losses(10)),
        *(started(9), losses(11)),
    ]
    run = run_with(tmp_path, *happened)
    valid = [json.loads(encode(event)) for event in in_force(happened)]
    assert printed(str(run.path)) == valid
    assert [line["step"] for line in valid] == [0, 3, 6, 6, 7, 9, 9, 11]
    assert printed(str(run.path), "--since", "9") == [line for line in valid if line["step"] >= 9]


def test_events_of_unknown_kinds_are_printed_and_lines_that_are_none_are_counted(tmp_path):
    run = run_with(tmp_path, started(), losses(3))
    append(run.events, b'{"event":"moon_risen","step":4,"name":"\xc3\xa9"}\n')
    append(run.events, b"torn\n")
    append(run.events, encode(started(3)))
    code, out, err = called_once(["events", str(run.path)])
    kinds = [json.loads(line)["event"] for line in out.splitlines()]
    assert kinds == ["run_started", "losses_measured", "run_started"]
    assert (code, out.isascii()) == (0, True)
    assert err == f"vae-tui: {run.events}: 1 lines are not events; the others are shown\n"


def test_following_prints_each_event_once_until_the_run_ends(tmp_path):
    run = run_with(tmp_path, started(), losses(3))
    with fake_trainer(run):
        run.send(Command(command="set", setting="beta", value=4.0))
        threading.Timer(0.3, lambda: run.send(Command(command="stop"))).start()
        kinds = [line["event"] for line in printed(str(run.path), "--follow")]
    assert kinds == ["run_started", "losses_measured", "setting_changed", "run_ended"]


def test_a_log_that_is_not_there_yet_has_no_events(tmp_path):
    run = run_with(tmp_path)
    run.events.unlink()
    assert printed(str(run.path)) == []


def test_a_value_that_json_has_not_is_null_in_status(tmp_path):
    run = run_with(tmp_path, started(), ended("stopped"))
    run.commands.write_text('{"command": "set", "setting": "lr", "value": NaN, "id": "a"}\n')
    code, out, err = called_once(["status", str(run.path), "--json"])
    assert (code, err) == (0, "")
    assert json.loads(out)["pending"] == {"lr": None}


def test_status_gives_beta_as_it_is_now_and_in_other_programs_terms(tmp_path):
    run = run_with(tmp_path, started(), losses(3), warmup=2.0, beta=4.0, latent_dim=20)
    text = called_once(["status", str(run.path)])[1]
    assert "step 3, beta 1 of 4 (warm-up), lr 1" in text
    assert (
        "beta 4 is 0.0051 with the reconstruction averaged over pixels, 0.102 with the KL" in text
    )
    plain = run_with(tmp_path / "ae", started(), losses(3), model="ae")
    assert "averaged" not in called_once(["status", str(plain.path)])[1]
