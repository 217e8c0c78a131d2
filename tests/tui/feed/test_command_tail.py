"""Where the newest stop of the trainer is, by any process."""

from vae_tui.run.commands import Command
from vae_tui.run.folder import Run
from vae_tui.tui.feed.command_tail import CommandTail


def test_a_stop_that_another_process_sends_is_seen_and_other_commands_are_not(tmp_path):
    run = Run(tmp_path)
    tail = CommandTail(run.commands)
    assert tail.stop_offset() == -1
    run.send(Command(command="pause"))
    assert tail.stop_offset() == -1
    before = run.commands.stat().st_size
    run.send(Command(command="stop"))
    assert tail.stop_offset() == before
    run.send(Command(command="save"))
    assert tail.stop_offset() == before
    assert CommandTail(run.commands).stop_offset() == before


def test_lines_that_are_no_commands_are_passed_over(tmp_path):
    run = Run(tmp_path)
    run.commands.write_bytes(b'[1]\n\xff\r\n{"command": "stop"}\n{"command": 7}\n{"comm')
    assert CommandTail(run.commands).stop_offset() == 7
