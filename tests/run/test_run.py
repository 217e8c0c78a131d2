import fcntl
import json
import os
import shutil
import signal
import subprocess
import sys
import textwrap
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest
from support.tiny_runs import TINY, tiny_config

from vae_tui.errors import UsageError, VaeTuiError
from vae_tui.run import control
from vae_tui.run.commands import Command, decode
from vae_tui.run.folder import Run
from vae_tui.run.runs_folder import all_runs, create, find

HOLD = """
    import os, sys
    from pathlib import Path
    from vae_tui.run.folder import Run
    lock = Run(Path(sys.argv[1])).take_lock()
    os.pwrite(lock, f"{os.getpid():<20}\\n".encode(), 0)
    print("locked", flush=True)
    sys.stdin.read()
"""


@contextmanager
def held(run: Run) -> Iterator[int]:
    """Let another process hold the run's lock; give its pid."""
    with subprocess.Popen(
        [sys.executable, "-c", textwrap.dedent(HOLD), run.path],
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
    ) as holder:
        assert holder.stdout is not None
        assert holder.stdout.readline() == b"locked\n"
        yield holder.pid
        holder.kill()


def aged(run: Run, seconds_ago: float) -> Run:
    when = time.time() - seconds_ago
    os.utime(run.path / "config.json", (when, when))
    return run


def refusal(runs_dir: Path, wanted: str | None) -> str:
    with pytest.raises(UsageError) as raised:
        find(runs_dir, wanted)
    assert "\n" not in str(raised.value)
    return str(raised.value)


def test_a_new_run_holds_its_config_and_what_it_was_made_with(tmp_path):
    run = create(tmp_path, "first", TINY)
    assert run.path == tmp_path / "first"
    assert run.config() == TINY
    record = json.loads((run.path / "config.json").read_text())
    assert set(record["versions"]) == {"vae-tui", "python", "torch", "numpy"}
    assert record["created"] == pytest.approx(time.time(), abs=60)
    assert [file.name for file in run.path.iterdir()] == ["config.json"]


def test_nobody_else_can_look_into_a_run(tmp_path):
    run = create(tmp_path / "checkpoints", None, TINY)
    assert run.path.stat().st_mode & 0o777 == 0o700
    assert run.path.parent.stat().st_mode & 0o777 == 0o700
    assert (run.path / "config.json").stat().st_mode & 0o777 == 0o600


def test_runs_without_a_name_are_named_after_data_and_time_and_never_share_one(tmp_path):
    runs = [create(tmp_path, None, tiny_config(dataset="mnist")) for _ in range(5)]
    assert len({run.name for run in runs}) == 5
    assert all(run.name.startswith(time.strftime("mnist-%m")) for run in runs)


def test_a_name_that_is_taken_is_refused_with_what_to_do(tmp_path):
    create(tmp_path, "first", TINY)
    with pytest.raises(UsageError) as raised:
        create(tmp_path, "first", TINY)
    folder = tmp_path / "first"
    assert str(raised.value) == (
        f"--name first: {folder} exists; give another name, or open it: vae-tui attach {folder}"
    )


@pytest.mark.parametrize(
    "name", ["", ".", "..", ".hidden", "-x", "a/b", "../up", "a b", "a\n", "é", "a\0b", "x" * 101]
)
def test_a_name_that_no_folder_should_have_is_refused(tmp_path, name):
    with pytest.raises(UsageError) as raised:
        create(tmp_path, name, TINY)
    assert "\n" not in str(raised.value)
    assert not list(tmp_path.iterdir())


def test_a_runs_folder_that_is_a_file_is_refused_in_one_line(tmp_path):
    (tmp_path / "file").touch()
    for runs_dir in (tmp_path / "file", tmp_path / "file" / "inside"):
        for name in (None, "first"):
            with pytest.raises(VaeTuiError, match=r"cannot be written.*--runs-dir"):
                create(runs_dir, name, TINY)


def test_a_run_is_found_by_name_prefix_and_path_and_the_newest_without(tmp_path, monkeypatch):
    old = aged(create(tmp_path / "runs", "digits-old", TINY), 100)
    new = aged(create(tmp_path / "runs", "digits-new", TINY), 50)
    monkeypatch.chdir(tmp_path)
    for runs_dir in (tmp_path / "runs", Path("runs")):
        assert find(runs_dir, "digits-old") == old
        assert find(runs_dir, "digits-o") == old
        assert find(runs_dir, "runs/digits-old") == old
        assert find(runs_dir, str(old.path)) == old
        assert find(runs_dir, None) == new
        assert all_runs(runs_dir) == [new, old]
    assert find(Path("elsewhere"), "./runs/digits-old") == old


def test_what_happens_in_a_run_does_not_reorder_the_list(tmp_path):
    old = aged(create(tmp_path, "old", TINY), 100)
    new = aged(create(tmp_path, "new", TINY), 50)
    old.send(Command(command="pause"))
    assert all_runs(tmp_path) == [new, old]


def test_a_name_that_is_a_prefix_of_another_is_that_run(tmp_path):
    create(tmp_path, "run-2", TINY)
    assert find(tmp_path, "run").name == "run-2"
    create(tmp_path, "run", TINY)
    assert find(tmp_path, "run").name == "run"


def test_a_folder_here_of_the_same_name_does_not_hide_a_run(tmp_path, monkeypatch):
    run = create(tmp_path / "runs", "tests", TINY)
    create(tmp_path / "runs", "tests-2", TINY)
    (tmp_path / "tests").mkdir()
    monkeypatch.chdir(tmp_path)
    assert find(Path("runs"), "tests") == run


def test_an_ambiguous_prefix_is_refused_with_the_names(tmp_path):
    aged(create(tmp_path, "run-b", TINY), 100)
    create(tmp_path, "run-a", TINY)
    assert refusal(tmp_path, "run") == "'run' could be run-a, run-b; type more letters"


def test_a_run_that_is_not_there_is_refused_with_those_that_are(tmp_path):
    assert refusal(tmp_path / "none", None) == (
        f"no runs in {tmp_path / 'none'}; start one with: vae-tui --runs-dir {tmp_path / 'none'}"
    )
    create(tmp_path, "run", TINY)
    assert refusal(tmp_path, "walk") == f"no run 'walk' in {tmp_path}; there are run"


@pytest.mark.parametrize(
    "wanted", ["a\0b", "x" * 5_000, "x/" * 3_000, "/", "//", "..", "\ud800", "\udcff", "~", "a\nb"]
)
def test_a_weird_name_is_a_run_that_is_not_there(tmp_path, wanted):
    create(tmp_path, "run", TINY)
    refusal(tmp_path, wanted)


def test_what_is_no_run_is_not_listed(tmp_path):
    (tmp_path / "empty").mkdir()
    (tmp_path / "file").touch()
    (tmp_path / "loop").symlink_to("loop")
    (tmp_path / "odd" / "config.json").mkdir(parents=True)
    assert all_runs(tmp_path) == []
    run = create(tmp_path, "run", TINY)
    assert all_runs(tmp_path) == [run]


def test_a_run_copied_elsewhere_opens(tmp_path):
    run = create(tmp_path / "runs", "run", TINY)
    copy = Path(shutil.copytree(run.path, tmp_path / "elsewhere" / "copied run é"))
    found = find(tmp_path / "runs", str(copy))
    assert found.config() == TINY
    assert found.name == "copied run é"


@pytest.mark.parametrize(
    ("content", "said"),
    [
        (b"", "not JSON"),
        (b"\xff\xfe", "codec"),
        (b"[]", "not a JSON object"),
        (b'{"dataset": "digits"}', "data_dir is missing"),
        (b" " * (2 << 20), "larger than 1,048,576 bytes"),
    ],
)
def test_a_config_that_cannot_be_read_is_one_line_naming_the_file(tmp_path, content, said):
    run = create(tmp_path, "run", TINY)
    (run.path / "config.json").write_bytes(content)
    with pytest.raises(UsageError) as raised:
        run.config()
    assert str(raised.value).startswith(f"{run.path}/config.json cannot be read: ")
    assert said in str(raised.value)
    assert "\n" not in str(raised.value)


def test_a_run_is_live_while_another_process_holds_its_lock(tmp_path):
    run = create(tmp_path, "run", TINY)
    assert not run.is_live()
    with held(run) as pid:
        assert run.is_live()
        assert run.pid() == pid
    assert not run.is_live()
    assert run.pid() is None


def test_a_live_runs_lock_is_refused_naming_its_pid_and_how_to_attach(tmp_path):
    run = create(tmp_path, "run", TINY)
    with held(run) as pid, pytest.raises(UsageError) as raised:
        run.take_lock()
    assert str(raised.value) == (
        f"run is live on {os.uname().nodename} (pid {pid}); "
        f"watch it with: vae-tui attach {run.path}"
    )


def test_the_lock_of_a_killed_trainer_is_free_at_once(tmp_path):
    run = create(tmp_path, "run", TINY)
    with held(run):
        pass
    os.close(run.take_lock())


def test_who_only_asks_is_never_taken_for_a_trainer(tmp_path):
    run = create(tmp_path, "run", TINY)
    os.close(run.take_lock())
    asking = os.open(run.lock, os.O_RDONLY)
    fcntl.flock(asking, fcntl.LOCK_SH)
    assert not run.is_live()
    os.close(asking)


def test_two_who_ask_do_not_take_each_other_for_a_trainer(tmp_path):
    run = create(tmp_path, "run", TINY)
    os.close(run.take_lock())
    ask = "from vae_tui.run.folder import Run; from pathlib import Path; import sys\n" + (
        "print(any(Run(Path(sys.argv[1])).is_live() for _ in range(3000)))"
    )
    askers = [
        subprocess.Popen([sys.executable, "-c", ask, run.path], stdout=subprocess.PIPE, text=True)
        for _ in range(2)
    ]
    assert [asker.communicate()[0] for asker in askers] == ["False\n", "False\n"]


@pytest.mark.parametrize("content", [b"", b"x\n", b"9" * 100, b"\xff\n"])
def test_a_lock_file_without_a_pid_still_tells_that_the_run_is_live(tmp_path, content):
    run = create(tmp_path, "run", TINY)
    with held(run):
        run.lock.write_bytes(content)
        assert run.is_live()
        assert run.pid() is None or content == b"9" * 100


def test_what_is_asked_is_appended_to_the_commands(tmp_path):
    run = create(tmp_path, "run", TINY)
    asked = [Command(command="pause"), Command(command="set", setting="beta", value=4.0)]
    for command in asked:
        run.send(command)
    assert [decode(line) for line in run.commands.read_bytes().splitlines()] == asked


def test_asking_a_run_whose_folder_is_gone_is_one_line(tmp_path):
    with pytest.raises(VaeTuiError, match=r"commands\.jsonl cannot be written: No such file"):
        Run(tmp_path / "gone").send(Command(command="pause"))


def test_kept_steps_are_numbers_in_order_whatever_else_lies_there(tmp_path):
    run = create(tmp_path, "run", TINY)
    assert run.kept_steps() == []
    run.history.mkdir()
    names = ["10", "9", "0", "100", "x", "-1", "1.5", ".5.safetensors", "9" * 20]
    for name in names:
        (run.history / f"{name}.safetensors").touch()
    assert run.kept_steps() == [0, 9, 10, 100]
    assert run.kept_weights(9) == run.history / "9.safetensors"


def test_a_started_trainers_own_pid_is_in_the_lock(tmp_path):
    """Not the starter's: stop and the advice of a stalled run name that process."""
    run = create(tmp_path, "run", TINY)
    started = control.start(run, TINY)
    try:
        assert run.lock.read_bytes().split()[0] == str(started).encode()
        assert run.pid() == started != os.getpid()
    finally:
        os.kill(started, signal.SIGKILL)
        os.waitpid(started, 0)
    assert run.pid() is None
