"""What a shell completes, as click answers it, and the scripts for the shells."""

import os
import subprocess
import sys
from pathlib import Path

import click
import pytest
from click.shell_completion import ShellComplete
from support.explored_runs import called_once, explored_run
from support.loaded_modules import modules_after

from vae_tui.cli.main import cli


def completed(*words: str) -> list[str]:
    """Return what completes the last of the words after ``vae-tui``."""
    complete = ShellComplete(cli, {}, "vae-tui", "_VAE_TUI_COMPLETE")
    return [item.value for item in complete.get_completions(list(words[:-1]), words[-1])]


@pytest.fixture
def folder(tmp_path, monkeypatch) -> str:
    """A folder of two runs, which is not the default one."""
    explored_run(tmp_path / "here", "mnist-a")
    explored_run(tmp_path / "here", "mnist-b")
    monkeypatch.chdir(tmp_path)
    monkeypatch.delenv("VAE_TUI_RUNS_DIR", raising=False)
    return str(tmp_path / "here")


def test_the_first_word_is_a_command_or_an_option_of_train():
    assert {"train", "attach", "set", "events", "completion"} <= set(completed(""))
    assert completed("at") == ["attach"]
    assert completed("--be") == ["--beta"]
    assert {"--version", "--beta", "--runs-dir"} <= set(completed("--"))
    assert completed("--").count("--help") == 1


def test_every_option_of_every_command_is_completed():
    for name, command in cli.commands.items():
        options = [one for one in command.params if isinstance(one, click.Option)]
        assert {one.opts[0] for one in options} <= set(completed(name, "--")), name


def test_choices_are_completed_also_of_train_without_its_name():
    assert completed("train", "--model", "") == completed("--model", "") == ["vae", "ae"]
    assert completed("map", "--method", "t") == ["tsne"]
    assert completed("--beta", "4", "--reconstruction", "m") == ["mse"]
    assert completed("--dataset", "fash") == ["fashion-mnist"]
    assert completed("--precision", "t") == ["tf32"]
    assert "cuda" in completed("eval", "--device", "")


@pytest.mark.parametrize("command", ["attach", "stop", "eval", "set", "events", "morph", "status"])
def test_run_names_are_completed_from_the_folder_of_the_command(folder, command):
    names = completed(command, "--runs-dir", folder, "mnist")
    assert sorted(names) == ["mnist-a", "mnist-b"]
    assert completed(command, "--runs-dir", folder, "mnist-b") == ["mnist-b"]


def test_run_names_are_completed_after_resume_and_in_the_folder_of_the_environment(
    folder, monkeypatch
):
    monkeypatch.setenv("VAE_TUI_RUNS_DIR", folder)
    assert sorted(completed("attach", "")) == ["mnist-a", "mnist-b"]
    assert completed("--resume", "") == completed("attach", "")


def test_a_word_that_begins_no_run_is_completed_as_a_path(folder):
    complete = ShellComplete(cli, {}, "vae-tui", "_VAE_TUI_COMPLETE")
    (item,) = complete.get_completions(["attach"], "./che")
    assert (item.value, item.type) == ("./che", "dir")


@pytest.mark.parametrize("name", ["mnist-$(id)", "mnist-;id", "mnist-*", "mnist-\n"])
def test_a_run_whose_name_a_shell_would_not_take_as_one_word_is_not_completed(folder, name):
    explored_run(Path(folder), "mnist-c").path.rename(Path(folder) / name)
    assert sorted(completed("attach", "--runs-dir", folder, "mnist")) == ["mnist-a", "mnist-b"]


def test_kept_steps_are_completed(folder):
    line = ["sample", "mnist-a", "--runs-dir", folder, "--step"]
    assert completed(*line, "") == ["0", "1", "20", "60"]
    assert completed(*line, "2") == ["20"]
    assert completed("sample", "no-such-run", "--step", "") == []


def test_the_channels_of_images_are_completed():
    assert completed("train", "--channels", "") == ["auto", "1", "3"]


def test_the_sources_of_samples_are_completed(folder):
    line = ["sample", "mnist-a", "--runs-dir", folder, "--source"]
    assert completed(*line, "") == ["prior", "posterior", "mixture"]
    assert completed(*line, "m") == ["mixture"]


def test_settings_are_completed_each_once():
    assert completed("set", "one", "") == ["beta=", "lr=", "epochs="]
    assert completed("set", "one", "beta=4", "") == ["lr=", "epochs="]


@pytest.mark.parametrize("shell", ["bash", "zsh", "fish"])
def test_the_script_of_each_shell_asks_the_program(shell):
    code, out, _ = called_once(["completion", shell])
    assert code == 0
    assert f"_VAE_TUI_COMPLETE={shell}_complete" in out


def test_bash_completes_with_the_printed_script(folder):
    script = (
        'eval "$(python -m vae_tui completion bash)"\n'
        "vae-tui() { python -m vae_tui \"$@\"; }\n"
        f"COMP_WORDS=(vae-tui attach --runs-dir {folder} mnist-b); COMP_CWORD=4\n"
        "_vae_tui_completion vae-tui; echo ${COMPREPLY[@]}"
    ).replace("python", sys.executable)  # fmt: skip
    path = f"{Path(sys.executable).parent}:{os.environ['PATH']}"
    done = subprocess.run(
        ["bash", "-c", script],
        env={**os.environ, "PATH": path},
        capture_output=True,
        text=True,
        check=False,
    )
    assert done.stdout.split() == ["mnist-b"], done.stderr


def test_completing_imports_neither_torch_nor_textual_nor_numpy():
    loaded = modules_after(
        "import os, sys; sys.argv[1:] = []\n"
        "os.environ |= {'_VAE_TUI_COMPLETE': 'bash_complete', 'COMP_WORDS': 'vae-tui attach ',"
        " 'COMP_CWORD': '2'}\n"
        "from vae_tui.cli.main import main\n"
        "try: main()\n"
        "except SystemExit: pass\n"
        "0"
    )
    assert "click" in loaded
    assert not loaded & {"torch", "textual", "numpy", "rich"}


@pytest.mark.parametrize(
    ("line", "words"),
    [
        (["--model", "vea"], "--model 'vea': did you mean vae? it can be vae, ae"),
        (["map", "x", "--method", "tsme"], "--method 'tsme': did you mean tsne?"),
        (["movie", "x", "--of", "maps"], "--of 'maps': did you mean map?"),
    ],
)
def test_a_word_that_is_no_choice_is_refused_with_the_nearest(line, words):
    code, _, err = called_once(line)
    assert (code, err.count("\n")) == (2, 1)
    assert err.startswith(f"vae-tui: {words}")


def test_help_names_the_environment_variable_of_every_option_that_has_one():
    for name, command in cli.commands.items():
        text = "".join(called_once([name, "--help"])[1].split())
        for option in command.params:
            if isinstance(option, click.Option) and option.envvar:
                assert f"envvar:{option.envvar}" in text, (name, option.name)
