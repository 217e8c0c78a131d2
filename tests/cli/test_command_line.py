"""Exit codes and options of the command line, in this process."""

import json
import sys
from pathlib import Path

import pytest
from support.logs import epoch_ended, run_with, started

from vae_tui.cli.main import main
from vae_tui.cli.options import FPS, checked
from vae_tui.errors import UsageError, VaeTuiError


def exit_code(monkeypatch, *arguments: str) -> int:
    monkeypatch.setattr(sys, "argv", ["vae-tui", *arguments])
    with pytest.raises(SystemExit) as left:
        main()
    return left.value.code


def test_wrong_usage_is_2_and_one_line_and_success_is_0(tmp_path, monkeypatch, capsys):
    run_with(tmp_path, started())
    folder = ["--runs-dir", str(tmp_path)]
    assert exit_code(monkeypatch, "runs", *folder) == 0
    assert capsys.readouterr().err == ""
    for line in (["stop", "nothing", *folder], ["runs", "--no-such-option"], ["no-such-command"]):
        assert exit_code(monkeypatch, *line) == 2
        assert len(capsys.readouterr().err.splitlines()) == 1


@pytest.mark.parametrize(
    "line", [["movie", "--digits", "3"], ["train", "--beta"], ["runs", "--no-such-option"]]
)
def test_a_usage_error_names_the_command_whose_help_to_read(line, monkeypatch, capsys):
    assert exit_code(monkeypatch, *line) == 2
    assert f"(see vae-tui {line[0]} --help)" in capsys.readouterr().err


def test_tf32_is_refused_where_no_nvidia_gpu_computes(tmp_path, monkeypatch, capsys):
    line = ["train", "--runs-dir", str(tmp_path), "--device", "cpu", "--precision", "tf32"]
    assert exit_code(monkeypatch, *line) == 2
    (error,) = capsys.readouterr().err.splitlines()
    assert "--precision tf32" in error
    assert "use fp32" in error
    assert not list(tmp_path.iterdir())


def test_a_usage_error_is_2_and_any_other_failure_1():
    assert (UsageError("x").exit_code, VaeTuiError("x").exit_code) == (2, 1)


def test_an_option_overrides_the_environment_and_that_the_default(tmp_path, monkeypatch, capsys):
    here, there = tmp_path / "here", tmp_path / "there"
    for folder, loss in ((here, 10.0), (there, 20.0), (tmp_path / "checkpoints", 30.0)):
        run_with(folder, started(), epoch_ended(1, loss))

    def loss_listed(*arguments: str) -> float:
        assert exit_code(monkeypatch, "runs", "--json", *arguments) == 0
        (row,) = json.loads(capsys.readouterr().out)
        return row["test_loss"]

    monkeypatch.chdir(tmp_path)
    monkeypatch.delenv("VAE_TUI_RUNS_DIR", raising=False)
    assert loss_listed() == 32.0
    monkeypatch.setenv("VAE_TUI_RUNS_DIR", str(there))
    assert loss_listed() == 22.0
    assert loss_listed("--runs-dir", str(here)) == 12.0
    assert Path("checkpoints").is_dir()


@pytest.mark.parametrize(
    ("fps", "words"),
    [
        (0, "1 or more, not 0; the nearest is 1"),
        (-3, "the nearest is 1"),
        (61, "60 or less, not 61; the nearest is 60"),
    ],
)
def test_fps_out_of_range_is_refused_with_the_nearest(fps, words):
    with pytest.raises(UsageError, match=words) as refusal:
        checked("fps", fps, FPS)
    assert refusal.value.exit_code == 2
    assert [checked("fps", one, FPS) for one in (60, None)] == [60, None]
