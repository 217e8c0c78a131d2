import subprocess
import sys
from pathlib import Path

import pytest
from support.processes import process

from vae_tui.data.catalogue import DATASETS, is_present
from vae_tui.data.download import fetch
from vae_tui.errors import UsageError, VaeTuiError

ROOT = Path(__file__).parents[2]
FILES = DATASETS["mnist"].files

# What a child of these tests begins with. `hang()` returns only when the parent has gone.
CHILD = """
import os, pathlib, sys, time
parent = os.getppid()
outside = pathlib.Path(sys.argv[1])
name, folder = sys.argv[2], pathlib.Path(sys.argv[3])
raw_folder = folder / "MNIST" / "raw"
raw_folder.mkdir(parents=True)
(outside / "pid").write_text(str(os.getpid()))
def start():
    print("started", flush=True)
    (outside / "connecting").touch()
def put(*files):
    for file in files:
        (raw_folder / file).write_bytes(b"12345678")
def hang():
    sys.stdin.read()
def wait_for(mark):
    while not (outside / mark).exists() and os.getppid() == parent:
        time.sleep(0.005)
"""
PUT_ALL = f"put('{FILES[0]}.gz', '{FILES[2]}.gz', *{FILES})\n"


class Bench:
    """A data folder, a child to fill it, a clock that moves when asked, and what was reported."""

    def __init__(self, folder: Path) -> None:
        self.outside = folder / "outside"
        self.outside.mkdir()
        self.data_dir = folder / "data"
        self.now = 0.0
        self.seconds_per_report = 0.0
        self.reports: list[tuple[int, int | None]] = []
        self.after: dict[int, str] = {}  # reports until a mark is set for the child

    def report(self, arrived: int, total: int | None) -> None:
        self.reports.append((arrived, total))
        if (self.outside / "connecting").exists():
            self.now += self.seconds_per_report
        if mark := self.after.get(len(self.reports)):
            (self.outside / mark).touch()

    def fetch(self, child: str, name: str = "mnist", **options) -> None:
        command = (sys.executable, "-c", CHILD + child, str(self.outside))
        fetch(name, self.data_dir, self.report, child=command, clock=lambda: self.now, **options)

    def error_of(self, child: str, **options) -> str:
        with pytest.raises(VaeTuiError) as raised:
            self.fetch(child, **options)
        assert "\n" not in str(raised.value)
        return str(raised.value)

    def left(self) -> list[str]:
        """Return every file in the data folder."""
        found = (path for path in self.data_dir.rglob("*") if path.is_file())
        return sorted(path.relative_to(self.data_dir).as_posix() for path in found)

    def nothing_is_left(self) -> bool:
        return list(self.data_dir.iterdir()) == [] and not self.child_lives()

    def child_lives(self) -> bool:
        return process(int((self.outside / "pid").read_text())) is not None


@pytest.fixture
def bench(tmp_path):
    return Bench(tmp_path)


def test_a_finished_download_is_in_place_and_nothing_else_is(bench):
    bench.fetch("start()\n" + PUT_ALL)
    assert bench.left() == sorted(f"MNIST/raw/{file}" for file in FILES)
    assert is_present("mnist", bench.data_dir)
    assert [path.name for path in bench.data_dir.iterdir()] == ["MNIST"]


def test_progress_counts_the_archives_not_what_is_extracted(bench):
    bench.after = {2: "go on"}
    bench.fetch("start()\nput('a.gz', 'a')\nwait_for('go on')\n" + PUT_ALL)
    total = DATASETS["mnist"].download_bytes
    assert set(bench.reports[:-1]) <= {(0, total), (8, total), (16, total), (24, total)}
    assert (8, total) in bench.reports
    assert bench.reports[-1] == (24, 24)


def test_without_a_connection_it_gives_up_after_ten_seconds(bench):
    bench.seconds_per_report = 4
    message = bench.error_of("start()\nhang()")
    assert message == (
        "cannot download MNIST: no byte arrived for 10 s; `--dataset digits` needs no network, "
        f"or put its files into {bench.data_dir}/MNIST/raw"
    )
    assert 10 < bench.now <= 16  # a report of 4 s may come before the first look at the clock
    assert bench.nothing_is_left()


def test_answers_without_a_byte_do_not_prolong_the_ten_seconds(bench):
    bench.seconds_per_report = 6
    bench.after = {count: f"answer {count}" for count in range(1, 9)}
    answers = "".join(
        f"wait_for('answer {count}')\n(raw_folder / '{count}.gz').touch()\n"
        for count in bench.after
    )
    assert "no byte arrived for 10 s" in bench.error_of(f"start()\n{answers}hang()")
    assert bench.now <= 24
    assert bench.nothing_is_left()


def test_a_download_that_stalls_is_given_up_after_thirty_seconds_and_leaves_nothing(bench):
    bench.seconds_per_report = 8
    message = bench.error_of(f"put('{FILES[0]}.gz')\nstart()\nhang()")
    assert "no further byte arrived for 30 s" in message
    assert bench.nothing_is_left()


def test_the_childs_own_start_does_not_count_as_silence(bench):
    bench.seconds_per_report = 100
    bench.after = {3: "imported"}
    bench.fetch("(outside / 'connecting').touch()\nwait_for('imported')\n" + PUT_ALL + "start()")
    assert bench.now >= 300
    assert is_present("mnist", bench.data_dir)


def test_extracting_is_not_silence(bench):
    bench.seconds_per_report = 20
    bench.after = {5: "extracted"}
    grow = f"""
put('{FILES[0]}.gz')
start()
with (raw_folder / "extracted").open("ab", buffering=0) as file:
    while not (outside / "extracted").exists():
        file.write(b"x")
"""
    bench.fetch(grow + PUT_ALL)
    assert is_present("mnist", bench.data_dir)


def test_the_childs_last_words_are_the_reason(bench):
    last_words = r"print('50 %\r100 %\nRuntimeError: wrong checksum', file=sys.stderr)"
    message = bench.error_of(f"start()\n{PUT_ALL}\n{last_words}\nsys.exit(1)")
    assert message.startswith("cannot download MNIST: RuntimeError: wrong checksum; `--dataset")
    assert bench.nothing_is_left()


def test_a_child_that_dies_without_a_word_is_a_failure(bench):
    message = bench.error_of(PUT_ALL + "import os\nos.kill(os.getpid(), 9)")
    assert "the child process ended with -9" in message
    assert bench.nothing_is_left()


def test_a_child_that_says_it_is_done_but_brought_too_little_is_a_failure(bench):
    message = bench.error_of(f"start()\nput(*{FILES[:3]})")
    assert f"{FILES[3]} is missing" in message
    assert bench.nothing_is_left()


def test_ctrl_c_ends_the_child_and_leaves_nothing(bench):
    def interrupt(arrived: int, total: int | None) -> None:
        if arrived:
            raise KeyboardInterrupt

    bench.report = interrupt
    with pytest.raises(KeyboardInterrupt):
        bench.fetch(f"start()\nput('{FILES[0]}.gz')\nhang()")
    assert bench.nothing_is_left()


def test_a_failure_keeps_the_files_that_were_there(bench):
    kept = bench.data_dir / "MNIST" / "raw" / FILES[0]
    kept.parent.mkdir(parents=True)
    kept.write_bytes(b"mine")
    bench.error_of(f"start()\n{PUT_ALL}\nsys.exit(1)")
    assert bench.left() == [f"MNIST/raw/{FILES[0]}"]
    assert kept.read_bytes() == b"mine"


def test_offline_is_refused_without_starting_anything(bench):
    with pytest.raises(UsageError, match="--offline forbids fetching: `--dataset digits` needs no"):
        bench.fetch(PUT_ALL, offline=True)
    assert not bench.data_dir.exists()
    assert bench.reports == []


@pytest.mark.parametrize("name", ["mnist", "digits", "auto"])
def test_data_that_is_there_is_not_fetched_again(bench, name):
    bench.fetch("start()\n" + PUT_ALL)
    (bench.outside / "pid").unlink()
    bench.fetch("raise SystemExit(1)", name=name)
    assert not (bench.outside / "pid").exists()


def test_an_unknown_name_is_wrong_usage(bench):
    with pytest.raises(UsageError, match="unknown data set 'mnits'"):
        bench.fetch(PUT_ALL, name="mnits")


def test_a_data_folder_that_cannot_be_made_is_one_line(bench):
    bench.data_dir.write_text("a file")
    assert f"cannot download MNIST: {bench.data_dir}: File exists; " in bench.error_of(PUT_ALL)


def test_fetching_imports_neither_numpy_nor_torch():
    script = """
import sys
import vae_tui.data.download
print([name for name in ("numpy", "torch", "torchvision", "textual") if name in sys.modules])
"""
    command = [sys.executable, "-c", script]
    shown = subprocess.run(command, capture_output=True, text=True, check=True, cwd=ROOT)
    assert shown.stdout == "[]\n"
