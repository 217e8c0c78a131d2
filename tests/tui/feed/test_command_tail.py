"""When a stop of the trainer was requested, by any process."""

import math
import time

import pytest

from vae_tui.run.commands import Command
from vae_tui.run.folder import Run
from vae_tui.tui.feed.command_tail import CommandTail


def test_a_stop_that_another_process_sends_is_seen_and_other_commands_are_not(tmp_path):
    run = Run(tmp_path)
    tail = CommandTail(run.commands)
    assert tail.stop_requested_at() == -math.inf
    run.send(Command(command="pause"))
    assert tail.stop_requested_at() == -math.inf
    before = time.time()
    run.send(Command(command="stop"))
    assert before <= tail.stop_requested_at() <= time.time()
    assert CommandTail(run.commands).stop_requested_at() == tail.stop_requested_at()


def test_lines_that_are_no_commands_are_passed_over(tmp_path):
    run = Run(tmp_path)
    run.commands.write_bytes(
        b'[1]\n{"command": "stop", "time": "now"}\n\xff\n{"command": "stop", "time": 7.5}\n{"comm'
    )
    assert CommandTail(run.commands).stop_requested_at() == 7.5


@pytest.mark.parametrize("when", ["NaN", "1e999", "9" * 400, "true", "null"])
def test_a_time_that_no_clock_shows_is_passed_over(tmp_path, when):
    run = Run(tmp_path)
    run.commands.write_text(f'{{"command": "stop", "time": {when}}}\n')
    assert CommandTail(run.commands).stop_requested_at() in (-math.inf, 1.0)
