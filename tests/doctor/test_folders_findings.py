"""Findings on the runs and data folders."""

import os

import pytest
from support.findings import findings_of, said
from support.tiny_runs import TINY

from vae_tui.doctor import folder_findings
from vae_tui.doctor.folder_findings import Folder, data_findings, read_folder, runs_findings
from vae_tui.run.runs_folder import create


def test_a_folder_is_tried_out_and_left_as_it_was(tmp_path):
    found = read_folder(tmp_path)
    assert (found.exists, found.error, found.locks) == (True, "", True)
    assert found.free_bytes > 0
    assert abs(found.skew_seconds) < 5
    assert list(tmp_path.iterdir()) == []
    assert {level for level, _, _ in findings_of(runs_findings(found, 0, 0))} <= {"ok", "note"}


def test_a_folder_that_is_not_there_is_judged_by_the_nearest_one_above(tmp_path):
    found = read_folder(tmp_path / "a" / "b")
    assert (found.exists, found.error) == (False, "")
    assert not (tmp_path / "a").exists()
    assert said(runs_findings(found, 0, 0), "runs")[0] == "ok"


def test_a_link_that_leads_nowhere_is_a_problem_with_both_places(tmp_path):
    (tmp_path / "runs").symlink_to(tmp_path / "gone")
    level, words = said(runs_findings(read_folder(tmp_path / "runs"), 0, 0), "runs")
    assert level == "problem"
    assert f"mkdir -p {tmp_path / 'gone'}" in words and "--runs-dir ~/vae-runs" in words


def test_a_folder_in_which_nothing_can_be_made_is_a_problem(tmp_path):
    (tmp_path / "file").write_text("no folder")
    level, words = said(runs_findings(read_folder(tmp_path / "file" / "runs"), 0, 0), "runs")
    assert level == "problem" and "Not a directory" in words


@pytest.mark.skipif(os.geteuid() == 0, reason="root may read every folder")
def test_a_folder_below_one_that_cannot_be_read_is_a_problem(tmp_path):
    (tmp_path / "locked").mkdir(mode=0)
    level, words = said(runs_findings(read_folder(tmp_path / "locked" / "runs"), 0, 0), "runs")
    assert level == "problem" and "Permission denied" in words


def test_a_full_disk_has_no_bytes_left():
    level, words = said(runs_findings(Folder(path="/runs"), 0, 0), "disk")
    assert level == "problem" and words.startswith("0B free for runs")


@pytest.mark.parametrize(
    ("changes", "about", "level", "words"),
    [
        ({"error": "Read-only file system"}, "runs", "problem", "--runs-dir ~/vae-runs"),
        (
            {"free_bytes": folder_findings.SAVE_BYTES - 1},
            "disk",
            "problem",
            "not enough for one save",
        ),
        ({"free_bytes": folder_findings.RUN_BYTES - 1}, "disk", "note", "a run takes up to 200MB"),
        ({"free_files": 0}, "disk", "problem", "inodes"),
    ],
)
def test_a_runs_folder_that_lacks_something_says_what(changes, about, level, words):
    folder = Folder(path="/runs", **{"free_bytes": 1 << 40, **changes})
    assert said(runs_findings(folder, 3, 1), about)[0] == level
    assert words in said(runs_findings(folder, 3, 1), about)[1]


def test_locks_and_clocks_that_differ_are_reported():
    folder = Folder(path="/runs", free_bytes=1 << 40, locks=False, skew_seconds=-90.0)
    found = findings_of(runs_findings(folder, 0, 0))
    assert [(level, about) for level, about, _ in found] == [
        ("ok", "runs"),
        ("ok", "disk"),
        ("problem", "runs"),
        ("note", "runs"),
    ]
    assert "90 s behind" in found[3][2]


def test_runs_are_counted_with_those_that_live(tmp_path):
    create(tmp_path, "one", TINY)
    lock = create(tmp_path, "two", TINY).take_lock()
    assert folder_findings.count_runs(tmp_path) == (2, 1)
    os.close(lock)
    assert folder_findings.count_runs(tmp_path / "nowhere") == (0, 0)


def test_the_data_sets_that_are_there_are_named(tmp_path):
    raw = tmp_path / "MNIST" / "raw"
    raw.mkdir(parents=True)
    for name in ("train-images-idx3", "train-labels-idx1", "t10k-images-idx3", "t10k-labels-idx1"):
        (raw / f"{name}-ubyte").touch()
    assert "mnist; and the digits" in said(data_findings(read_folder(tmp_path)), "data")[1]
    assert "no data set" in said(data_findings(read_folder(tmp_path / "none")), "data")[1]


def test_a_home_that_nobody_knows_is_reported():
    level, words = said(data_findings(Folder(path="/data/~/.cache")), "data")
    assert level == "note" and "--data-dir " in words
