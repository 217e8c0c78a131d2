import json
import math
import os
import threading

import pytest
from support.logs import NOW, epoch_ended, live, losses, run_with, started
from support.tiny_runs import TINY, tiny_config

from vae_tui.cli.headless import LineFormatter, follow
from vae_tui.run.events import (
    CommandRefused,
    Diverged,
    Paused,
    Resumed,
    RunEnded,
    SettingChanged,
    WeightsSaved,
    encode,
)
from vae_tui.run.files import append

ENDED = RunEnded(time=NOW, step=12, reason="finished")


def changed(new: float) -> SettingChanged:
    return SettingChanged(time=NOW, step=7, name="epochs", old=3, new=new, command_id="x")


@pytest.mark.parametrize(
    ("event", "line"),
    [
        (
            started(),
            "600 images, 0 to test, 9 parameters, cpu fp32; losses in nats per image",
        ),
        (
            started(step=6),
            "continues from step 6: 600 images, 0 to test, 9 parameters, cpu fp32; "
            "losses in nats per image",
        ),
        (
            epoch_ended(0, 540.0),
            "epoch 0/3  untrained  test 542.00 = bce 540.00 + kl 2.00 (z sampled)  "
            "10.00 (z at the mean)",
        ),
        (
            epoch_ended(2, 100.0),
            "epoch 2/3  train 10.00 = bce 9.00 + kl 1.00  "
            "test 102.00 = bce 100.00 + kl 2.00 (z sampled)  10.00 (z at the mean)  "
            "1 images/s  1.0 s",
        ),
        (losses(3), ""),
        (WeightsSaved(time=NOW, step=3, path="weights.safetensors"), ""),
        (Paused(time=NOW, step=3), "paused"),
        (Paused(time=NOW, step=3, why="the disk is full"), "paused the disk is full"),
        (Resumed(time=NOW, step=3), "resumed"),
        (changed(5.0), "epochs 3 -> 5 at step 7"),
        (changed(math.nan), "epochs 3 -> nan at step 7"),
        (CommandRefused(time=NOW, step=3, command_id="x", why="no"), "refused: no"),
        (Diverged(time=NOW, step=9, what="BCE", last_good_step=3), "diverged: BCE at step 9"),
        (ENDED, "finished at step 12"),
        (RunEnded(time=NOW, step=1, reason="failed", message="why"), "failed at step 1 why"),
        (RunEnded(time=NOW, step=1, reason="failed", message="\x1b[2J\n"), "failed at step 1 ?[2J"),
    ],
)
def test_an_event_is_printed_in_one_line_or_not_at_all(event, line):
    formatter = LineFormatter(TINY)
    formatter.line(losses(1))
    assert formatter.line(event).rstrip("?") == line


def test_the_line_of_an_auto_encoder_does_not_add_the_kl():
    line = LineFormatter(tiny_config(model="ae", reconstruction="mse")).line(epoch_ended(0, 40.0))
    assert line == (
        "epoch 0/3  untrained  "
        "test 40.00 = squared error / 2 (z at the mean; kl 2.00 is not in the loss)"
    )


def test_an_epoch_is_printed_out_of_as_many_as_there_are_now():
    formatter = LineFormatter(TINY)
    formatter.line(changed(7.0))
    formatter.line(changed(math.nan))
    assert formatter.line(epoch_ended(2, 100.0)).startswith("epoch 2/7 ")


def test_a_run_that_has_ended_is_printed_and_its_end_is_the_exit_code(tmp_path, capsys):
    for reason, code in (("finished", 0), ("stopped", 0), ("failed", 1)):
        end = RunEnded(time=NOW, step=12, reason=reason)
        run = run_with(tmp_path, started(), epoch_ended(1, 100.0), end)
        assert follow(run, TINY, as_json=False) == code
        printed = capsys.readouterr()
        assert printed.out.count("\n") == 3
        assert printed.out.endswith(f"{reason} at step 12\n")
        hint = f"{run.name} failed; see why: vae-tui attach {run.path}; resume"
        assert hint in printed.err if reason == "failed" else printed.err == ""


def test_a_run_whose_trainer_is_gone_without_a_word_is_exit_code_1_with_what_to_do(
    tmp_path, capsys
):
    ended_before = [started(), ENDED, started(step=12)]
    for happened in ([], [started()], ended_before):
        run = run_with(tmp_path, *happened)
        assert follow(run, TINY, as_json=False) == 1
        errors = capsys.readouterr().err
        assert errors.count("\n") == 1
        assert f"{run.name} is lost" in errors
        assert f"vae-tui resume {run.path}" in errors


def test_json_is_the_events_themselves_and_nothing_else(tmp_path, capsys):
    happened = [started(), losses(3), epoch_ended(1, math.nan), ENDED]
    run = run_with(tmp_path, *happened[:3])
    with run.events.open("ab") as file:
        file.write(b'torn{"event\n\xff\n{"event":"moon_risen"}\n' + encode(ENDED) + b'{"tor')
    assert follow(run, TINY, as_json=True) == 0
    lines = capsys.readouterr().out.splitlines()
    assert [json.loads(line)["event"] for line in lines] == [
        "run_started",
        "losses_measured",
        "epoch_ended",
        "moon_risen",
        "run_ended",
    ]
    assert [line.encode() + b"\n" for line in lines if "moon" not in line] == [
        encode(event) for event in happened
    ]


def test_what_lies_before_the_offset_is_not_printed_again(tmp_path, capsys):
    run = run_with(tmp_path, started(), ENDED)
    offset = run.events.stat().st_size
    append(run.events, encode(started(step=12)))
    append(run.events, encode(ENDED))
    assert follow(run, TINY, as_json=False, offset=offset) == 0
    assert capsys.readouterr().out.startswith("continues from step 12")


def test_a_live_run_is_followed_until_its_trainer_has_ended(tmp_path, capsys):
    run = run_with(tmp_path, started())
    lock = live(run)
    codes: list[int] = []
    follower = threading.Thread(
        target=lambda: codes.append(follow(run, TINY, as_json=False)), daemon=True
    )
    follower.start()
    append(run.events, encode(epoch_ended(1, 100.0)))
    append(run.events, encode(ENDED))
    assert not codes  # it is live still
    os.close(lock)
    follower.join(30)
    assert codes == [0]
    assert capsys.readouterr().out.endswith("finished at step 12\n")


@pytest.mark.parametrize(
    ("last", "code"),
    [
        ((RunEnded(time=NOW, step=9, reason="finished"),), 0),
        ((RunEnded(time=NOW, step=9, reason="stopped"),), 0),
        ((RunEnded(time=NOW, step=9, reason="failed"),), 1),
        ((), 1),
    ],
)
def test_the_exit_code_is_that_of_the_runs_end(tmp_path, last, code):
    run = run_with(tmp_path, started(), *last)
    assert follow(run, run.config(), as_json=True) == code
