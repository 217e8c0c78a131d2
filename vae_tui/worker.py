"""The trainer process: ``python -m vae_tui.worker FOLDER``, alone or under torchrun.

It trains the run whose ``config.json`` is in FOLDER, from its last save if there is one. Signals
and the run's lock are settled here, before torch is imported, which takes seconds.
"""

import argparse
import fcntl
import gc
import os
import signal
import sys
import time
from collections.abc import Sequence
from pathlib import Path
from typing import NoReturn

from vae_tui.errors import VaeTuiError
from vae_tui.run.control import TRAINER_SIGNALS, prepare_commands
from vae_tui.run.folder import Run
from vae_tui.run.lock.restart import wait_for_earlier_trainer
from vae_tui.run.lock.run_lock import RunLock, new_token
from vae_tui.training.distributed.launch import Launch


def main(arguments: Sequence[str] | None = None) -> int:
    """Train the run in the folder named by the arguments; return the exit code."""
    signal.signal(signal.SIGHUP, signal.SIG_IGN)
    # Blocked until they can be obeyed, so that none is lost.
    signal.pthread_sigmask(signal.SIG_BLOCK, TRAINER_SIGNALS)
    options = _parse(arguments)
    if options.data_dir is not None:
        options.data_dir = str(Path(options.data_dir).absolute())
    run = Run(options.folder.absolute())
    lock: RunLock | None = None
    code, is_started_again = 1, False
    try:
        run.config()  # before anything is written into a folder that holds no run
        inherited = None if options.lock_fd is None else _own(options.lock_fd)
        launch = Launch.from_environment()
        if launch.rank == 0:
            is_started_again = launch.restarts_left > 0
            lock = _hold_lock(run, inherited, options.lock_token or new_token(), launch)
            run = Run(run.path, lock.folder)
            os.chdir(lock.folder)  # shows whose trainer it is when the folder has a new name
            if options.commands_from is None or launch.restarts:
                options.commands_from = prepare_commands(run)
        gc.disable()  # its passes over what an import makes are an eighth of importing torch
        from vae_tui.training.process import train_run  # noqa: PLC0415 - imports torch

        gc.freeze()
        gc.enable()
        code = train_run(run, options.data_dir, options.commands_from or 0, lock)
    except VaeTuiError as error:
        _report(str(error))
        code = error.exit_code
    finally:
        if lock is not None and not (code and is_started_again):
            lock.release()
    return code


def _parse(arguments: Sequence[str] | None) -> argparse.Namespace:
    parser = argparse.ArgumentParser(prog="python -m vae_tui.worker", description=__doc__)
    parser.add_argument("folder", type=Path)
    parser.add_argument("--lock-fd", type=int, help="descriptor that holds the run's lock")
    parser.add_argument("--lock-token", help="with which that lock was taken")
    parser.add_argument("--commands-from", type=int, help="bytes of commands to skip")
    parser.add_argument("--data-dir", help="folder of the data set, if not the config's")
    return parser.parse_args(arguments)


def _hold_lock(run: Run, inherited: int | None, token: str, launch: Launch) -> RunLock:
    """Take the run's lock with ``token``, unless it is inherited, and keep it."""
    agent = os.getppid() if launch.restarts_left else 0
    if inherited is not None:
        return run.hold_lock(inherited, token, agent, launch.job)
    if job := launch.restarted_job:
        wait_for_earlier_trainer(run.path, job, _report, sleep=_sleep_until_ended)
    return run.hold_lock(run.take_lock(token), token, agent, launch.job)


def _report(line: str) -> None:
    print(line, file=sys.stderr, flush=True)  # noqa: T201


def _sleep_until_ended(seconds: float) -> None:
    """Sleep; VaeTuiError if a signal requests the end of this process, which has them blocked."""
    time.sleep(seconds)
    if ended := signal.sigpending().intersection(TRAINER_SIGNALS):
        raise VaeTuiError(f"ended by {signal.Signals(min(ended)).name} before it trained")


def _own(descriptor: int) -> int:
    """Return an inherited descriptor as one that children do not inherit.

    A child that outlives the trainer must not hold the lock. Each process of torchrun holds it:
    it is freed when the last one ends.
    """
    own = fcntl.fcntl(descriptor, fcntl.F_DUPFD_CLOEXEC, 3)
    os.close(descriptor)
    if descriptor == 0:
        os.open(os.devnull, os.O_RDONLY)  # the lowest free number, which is stdin's
        os.set_inheritable(0, True)
    return own


def end(code: int) -> NoReturn:
    """End this process at once, without the interpreter's shutdown.

    That takes half a second, in which the lock would be held; and on busy cores one process of
    several in ten is aborted in it by one of Gloo's threads (torch 2.15). Files are closed by now,
    and coverage saves its data before ``os._exit`` (see ``patch`` in pyproject.toml).
    """
    sys.stdout.flush()
    sys.stderr.flush()
    os._exit(code)


if __name__ == "__main__":
    end(main())
