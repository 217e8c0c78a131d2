import errno
import multiprocessing
import os
import subprocess
import sys
import textwrap
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from vae_tui.run.files import LineTail, Reserve, append, read_lines, replace


def append_many(path: Path, letter: str) -> None:
    for _ in range(200):
        append(path, letter.encode() * 300 + b"\n")


def test_lines_are_appended_in_order(tmp_path):
    path = tmp_path / "log"
    for line in (b"a\n", b"b\n"):
        append(path, line)
    assert path.read_bytes() == b"a\nb\n"
    assert path.stat().st_mode & 0o777 == 0o600


def test_new_content_is_on_the_disk_before_it_replaces_the_old(tmp_path):
    path = tmp_path / "file"
    path.write_bytes(b"old")
    seen = []

    def fsync(descriptor: int) -> None:
        seen.append((os.pread(descriptor, 99, 0), path.read_bytes()))

    replace(path, b"new", fsync)
    assert seen == [(b"new", b"old")]
    assert path.read_bytes() == b"new"


def test_content_that_does_not_reach_the_disk_replaces_nothing(tmp_path):
    path = tmp_path / "file"
    path.write_bytes(b"old")

    def fsync(descriptor: int) -> None:
        raise OSError(errno.EIO, "input/output error")

    with pytest.raises(OSError, match="input/output"):
        replace(path, b"new", fsync)
    assert [(file.name, file.read_bytes()) for file in tmp_path.iterdir()] == [("file", b"old")]


def test_a_torn_line_is_closed_before_the_next(tmp_path):
    path = tmp_path / "log"
    path.write_bytes(b'{"whole": 1}\n{"to')
    append(path, b'{"next": 2}\n')
    assert path.read_bytes() == b'{"whole": 1}\n{"to\n{"next": 2}\n'


def test_processes_that_append_at_once_never_mix_their_lines(tmp_path):
    path = tmp_path / "log"
    spawn = multiprocessing.get_context("fork")
    writers = [spawn.Process(target=append_many, args=(path, letter)) for letter in "xyz"]
    for writer in writers:
        writer.start()
    for writer in writers:
        writer.join()
    assert sorted(path.read_text().split()) == sorted(letter * 300 for letter in "xyz" * 200)


def test_a_line_of_which_the_disk_took_only_a_part_is_taken_back(tmp_path):
    """A limit on the size of files takes a part of a write, as a disk does that fills up."""
    path = tmp_path / "log"
    path.write_bytes(b"earlier\n")
    code = """
        import resource, sys
        from pathlib import Path
        from vae_tui.run.files import append
        resource.setrlimit(resource.RLIMIT_FSIZE, (12, 12))
        try:
            append(Path(sys.argv[1]), b"a longer line\\n")
        except OSError as error:
            print(error.strerror)
    """
    said = subprocess.run(
        [sys.executable, "-c", textwrap.dedent(code), path],
        capture_output=True,
        text=True,
        check=True,
    )
    assert said.stdout == "No space left on device\n"
    assert path.read_bytes() == b"earlier\n"


def test_a_file_is_replaced_whole(tmp_path):
    path = tmp_path / "file"
    replace(path, b"old")
    replace(path, b"new")
    assert path.read_bytes() == b"new"
    assert list(tmp_path.iterdir()) == [path]


def test_who_reads_while_it_is_replaced_sees_the_old_or_the_new(tmp_path):
    path = tmp_path / "file"
    replace(path, b"a" * 100_000)
    with path.open("rb") as reader:
        replace(path, b"b" * 100_000)
        assert reader.read() == b"a" * 100_000
    assert path.read_bytes() == b"b" * 100_000


def test_a_replacement_that_fails_leaves_the_old_file_and_no_other(tmp_path):
    path = tmp_path / "file"
    replace(path, b"old")
    with pytest.raises(TypeError):
        replace(path, "not bytes")  # type: ignore[arg-type]
    folder = tmp_path / "folder"
    folder.mkdir()
    with pytest.raises(OSError):
        replace(folder, b"a file cannot take a folder's place")
    assert path.read_bytes() == b"old"
    assert sorted(tmp_path.iterdir()) == [path, folder]


def test_a_replacement_in_a_folder_that_is_gone_is_an_oserror(tmp_path):
    with pytest.raises(OSError):
        replace(tmp_path / "gone" / "file", b"new")


def test_a_file_that_does_not_exist_yet_has_no_lines(tmp_path):
    tail = LineTail(tmp_path / "log")
    assert tail.read() == []
    (tmp_path / "log").write_bytes(b"first\n")
    assert tail.read() == [b"first"]


def test_a_torn_line_is_left_until_it_is_whole(tmp_path):
    path = tmp_path / "log"
    tail = LineTail(path)
    path.write_bytes(b"one\ntw")
    assert tail.read() == [b"one"]
    assert tail.read() == []
    path.write_bytes(b"one\ntwo\n")
    assert tail.read() == [b"two"]


@given(
    st.lists(st.binary(max_size=40).map(lambda line: line.translate(None, b"\r\n")), max_size=30),
    st.lists(st.integers(1, 60), max_size=40),
    st.integers(50, 200),
)
def test_every_line_comes_once_and_in_order_however_the_file_grows(
    tmp_path_factory, lines, pieces, limit
):
    path = tmp_path_factory.mktemp("tail") / "log"
    content = b"".join(line + b"\n" for line in lines)
    tail, seen = LineTail(path), []
    with path.open("ab", buffering=0) as file:
        for size in pieces:
            file.write(content[:size])
            content = content[size:]
            seen += tail.read(limit)
        file.write(content)
    while found := tail.read(limit):
        seen += found
    assert seen == lines


def test_a_line_longer_than_the_limit_is_passed_over_and_what_follows_is_read(tmp_path):
    path = tmp_path / "log"
    path.write_bytes(b"before\n" + b"x" * 1_000 + b"\nafter\n")
    tail = LineTail(path)
    seen: list[bytes] = []
    while tail.offset < path.stat().st_size:
        seen += tail.read(limit=100)
    assert seen[0] == b"before"
    assert seen[-1] == b"after"
    assert all(len(line) <= 100 for line in seen)


def test_all_complete_lines_of_a_file_are_read_and_no_torn_one(tmp_path):
    path = tmp_path / "log"
    path.write_bytes(b"line\n" * 500_000 + b"torn")
    lines = list(read_lines(path))
    assert len(lines) == 500_000
    assert set(lines) == {b"line"}


def test_reading_a_file_takes_bounded_memory_at_a_time(tmp_path):
    path = tmp_path / "log"
    path.write_bytes(b"x" * (1 << 25))  # without a newline
    tail = LineTail(path)
    assert tail.read() == []
    assert 0 < tail.offset < 1 << 24


def test_a_tail_begins_where_it_is_asked_to(tmp_path):
    path = tmp_path / "log"
    path.write_bytes(b"old\nnew\n")
    assert LineTail(path, offset=4).read() == [b"new"]


# A file that is no longer the one that was read


@pytest.mark.parametrize(
    "content",
    [b"", b"new\n", b"another one\nthat is longer\nthan the first\n"],
    ids=["emptied", "cut short", "replaced by a longer one"],
)
def test_another_content_is_read_from_its_start(tmp_path, content):
    path = tmp_path / "log"
    path.write_bytes(b"first line\nsecond line\n")
    tail = LineTail(path)
    assert tail.read() == [b"first line", b"second line"]
    path.write_bytes(content)
    assert tail.read() == content.splitlines()
    assert tail.restarts == 1


def test_a_copy_of_the_same_file_with_more_in_it_goes_on_where_it_was(tmp_path):
    path = tmp_path / "log"
    path.write_bytes(b"one\n")
    tail = LineTail(path)
    tail.read()
    replace(path, b"one\ntwo\n")
    assert tail.read() == [b"two"]
    assert tail.restarts == 0


def test_a_file_that_is_followed_from_the_middle_begins_again_when_it_ends_before(tmp_path):
    path = tmp_path / "log"
    path.write_bytes(b"one\n")
    tail = LineTail(path, offset=100)
    assert tail.read() == [b"one"]
    assert tail.restarts == 1


def test_a_reserve_takes_its_room_once_and_gives_it_back(tmp_path):
    path = tmp_path / "room"
    reserve = Reserve(path, 5_000)
    reserve.release()  # nothing is kept yet
    reserve.take()
    kept = path.stat()
    assert kept.st_size == 5_000
    assert kept.st_blocks * 512 >= 5_000, "a hole in a file keeps no room"
    reserve.take()
    assert path.stat().st_ino == kept.st_ino
    reserve.release()
    assert list(tmp_path.iterdir()) == []


def test_a_hole_of_a_terabyte_is_passed_over_and_the_lines_around_it_are_read(tmp_path):
    path = tmp_path / "sparse"
    path.write_bytes(b"first\n")
    os.truncate(path, 1 << 40)
    with path.open("ab") as file:
        file.write(b"\nlast\n")
    lines = list(read_lines(path))
    assert (lines[0], lines[-1]) == (b"first", b"last")
    assert sum(map(len, lines)) < 1 << 24
