"""A trainer process that is killed, and the next one that continues its run."""

import os
import random
import signal

from support.real_runs import (
    assert_same_weights,
    default_config,
    ended,
    in_force,
    metadata,
    newest_step,
    none_left,
    told,
    uninterrupted,
    wait_until,
)
from support.tiny_runs import losses_of, only

from vae_tui.run import control
from vae_tui.run.events import RunStarted
from vae_tui.run.runs_folder import create
from vae_tui.run.summary import summarise


def test_a_run_killed_at_random_moments_goes_on_bit_for_bit(tmp_path):
    config = default_config(epochs=30)
    run = create(tmp_path, "run", config)
    seed = random.randrange(10**6)
    moments = sorted(random.Random(seed).sample(range(1, 25 * 18), 2))
    with none_left(run):
        for moment in moments:
            pid = control.start(run, config)
            wait_until(lambda moment=moment: newest_step(run) >= moment)
            os.kill(pid, signal.SIGKILL)
            wait_until(lambda: not run.is_live())
            assert summarise(run).state == "lost"
            with run.events.open("ab") as file:  # as of a write that was cut
                file.write(b'{"event":"losses_measured","time":17')
        (run.path / ".state.pt.left").write_bytes(b"of a save that was cut")
        control.start(run, config)
        assert ended(run).reason == "finished", seed
    losses, trainer = uninterrupted(config)
    assert losses_of(in_force(told(run))) == losses, seed
    assert_same_weights(run.weights, trainer)
    best = min(losses, key=lambda row: row["test_bce"] + row["test_kl"])
    assert metadata(run.best)["step"] == str(best["step"])
    steps = [began.step for began in only(RunStarted, told(run))]
    print(f"seed {seed}: killed past {moments}, went on from {steps[1:]}")  # noqa: T201
    assert len(run.kept_steps()) <= 64
    assert not list(run.path.glob(".*"))
