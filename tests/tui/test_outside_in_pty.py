"""What is sent to the terminal outside of the screen: its title, and notifications."""

from support.explored_runs import live_run
from support.fake_trainer import STEP, fake_trainer
from support.terminal import PROGRAM, RawTerminal

from vae_tui.run.commands import Command
from vae_tui.tui.link.terminal_title import POP, PUSH


def raw_until(screen: RawTerminal, sequence: bytes) -> None:
    screen.wait_for(lambda _: sequence in screen.raw)


def test_the_title_shows_the_progress_until_the_screen_is_left_and_a_stop_is_notified(tmp_path):
    run = live_run(tmp_path, epochs=12)
    running = f"\x1b]0;vae-tui {run.name} 25% running\x07".encode()
    with fake_trainer(run):
        with RawTerminal([*PROGRAM, "attach", str(run.path)]) as screen:
            screen.wait_for("reconstructions")
            raw_until(screen, running)
            screen.type("q")
            screen.wait_for("Keep training")
            screen.type("k")
            screen.wait_for(lambda text: "continues" in text.replace("\n", ""))
            raw_until(screen, POP.encode())
            assert screen.raw.count(PUSH.encode()) == 1
            assert b"\x1b]9;" not in screen.raw
        with RawTerminal([*PROGRAM, "attach", str(run.path), "--notify"]) as screen:
            raw_until(screen, running)
            run.send(Command(command="stop"))
            said = f"stopped and saved at step {STEP:,}"
            screen.wait_for(said)
            raw_until(screen, f"\x1b]777;notify;{run.name};{said}".encode())
