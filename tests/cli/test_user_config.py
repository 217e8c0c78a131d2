"""The config file: ``vae-tui config``, and what the file changes in the other commands."""

import json
import sys
import tomllib
from pathlib import Path

import pytest
from support.explored_runs import called_once, explored_run
from support.logs import epoch_ended, run_with, started
from support.terminal import PROGRAM, RawTerminal

from vae_tui.cli.main import cli
from vae_tui.cli.user_config.config_file import options_of
from vae_tui.tui.keys.bindings import KEYS


@pytest.fixture
def file(tmp_path, monkeypatch) -> Path:
    """The path of the config file, which is not there; the working folder is empty."""
    monkeypatch.setenv("XDG_CONFIG_HOME", str(tmp_path / "config"))
    monkeypatch.setenv("XDG_STATE_HOME", str(tmp_path / "state"))
    (tmp_path / "work").mkdir()
    monkeypatch.chdir(tmp_path / "work")
    for name in ("TEXTUAL_THEME", "VAE_TUI_RUNS_DIR", "VAE_TUI_LR"):
        monkeypatch.delenv(name, raising=False)
    path = tmp_path / "config" / "vae-tui" / "config.toml"
    path.parent.mkdir(parents=True)
    return path


def shown(*line: str) -> str:
    code, out, err = called_once([*line])
    assert (code, err) == (0, ""), err
    return out


def setting(name: str) -> str:
    """Return the line of ``config show`` about a setting, without its name."""
    (line,) = [one for one in shown("config", "show").splitlines() if one.startswith(f"{name} = ")]
    return line.removeprefix(f"{name} = ")


def test_path_prints_where_the_file_is_whether_it_is_there_or_not(file):
    assert shown("config", "path") == f"{file}\n"
    file.write_text("x =")
    assert shown("config", "path") == f"{file}\n"


def test_show_is_itself_a_config_file_that_changes_nothing(file):
    first = shown("config", "show")
    content = tomllib.loads(first)
    assert content.keys() == {"theme", "defaults", "keys"}
    assert content["keys"]["app.pause"] == "p"
    assert content["defaults"]["runs-dir"] == "checkpoints"
    file.write_text(first)
    assert tomllib.loads(shown("config", "show")) == content


def test_show_names_every_option_and_every_key(file):
    out = shown("config", "show")
    names = {name for command in cli.commands.values() for name in options_of(command)}
    assert len(names) > 25
    lines = out.splitlines()
    for name in names:
        assert any(line.removeprefix("# ").partition(" = ")[0] == name for line in lines), name
    for binding in KEYS:
        assert f'"{binding.id}" = ' in out
    assert "# threads = the cores, at most 8" in lines  # not its number 0, which stands for that


def test_every_setting_says_where_it_comes_from(file, monkeypatch):
    assert setting("lr") == "0.001  # default"
    file.write_text('theme = "vae-light"\nkeys."app.pause" = "f2"\n[defaults]\nlr = 0.002\n')
    assert setting("lr") == "0.002  # this file"
    assert setting("theme") == '"vae-light"  # this file'
    assert setting('"app.pause"') == '"f2"  # this file'
    monkeypatch.setenv("VAE_TUI_LR", "0.5")
    monkeypatch.setenv("TEXTUAL_THEME", "nord")
    assert setting("lr") == "0.5  # environment: VAE_TUI_LR"
    assert setting("theme") == '"nord"  # environment: TEXTUAL_THEME'


def test_an_option_overrides_the_environment_and_that_the_file(file, tmp_path, monkeypatch):
    folders = {name: tmp_path / name for name in ("file", "environment", "option")}
    for number, folder in enumerate(folders.values()):
        run_with(folder, started(), epoch_ended(1, 10.0 * number))

    def loss_listed(*arguments: str) -> float:
        (row,) = json.loads(shown("runs", "--json", *arguments))
        return row["test_loss"]

    file.write_text(f'defaults.runs-dir = "{folders["file"]}"\n')
    assert loss_listed() == 2.0
    monkeypatch.setenv("VAE_TUI_RUNS_DIR", str(folders["environment"]))
    assert loss_listed() == 12.0
    assert loss_listed("--runs-dir", str(folders["option"])) == 22.0


def test_a_default_holds_for_every_command_that_has_the_option(file, tmp_path, monkeypatch):
    explored_run(tmp_path / "runs", "one")
    monkeypatch.setenv("HOME", str(tmp_path))
    file.write_text('[defaults]\nruns-dir = "~/runs"\ncount = 3\nseed = 7\njson = true\n')
    said = shown("sample", "one", "-o", str(tmp_path / "x.png"))
    assert "3 samples of the prior, seed 7" in said
    assert json.loads(shown("status", "one"))["name"] == "one"


@pytest.mark.parametrize(
    ("content", "words"),
    [
        ('them = "vae-light"', "no entry 'them'; did you mean theme?"),
        ("theme = 1", "theme should be the name of a theme in quotes"),
        ("keys = 1", "keys should be a table: [keys]"),
        ("keys.app.pause = 3", 'app.pause should be a key in quotes, as in app.pause = "f2"'),
        ("defaults.betta = 4", "no option 'betta'; did you mean beta?"),
        ("defaults.beta = true", "beta should be a value as on the command line"),
        ("defaults.json = 1", "json should be true or false"),
        ("defaults.lr = 'fast'", "lr: 'fast' is not a valid float."),
        ("defaults.lr = 0.0", "lr must be above 0, not 0; try 0.001"),
        ("defaults.model = 'vea'", "model 'vea': did you mean vae? it can be vae, ae"),
        ("x =", "Invalid value (at "),
        ("\xff".encode("latin-1"), "'utf-8' codec can't decode byte 0xff"),
    ],
)
def test_a_broken_file_is_one_line_in_every_command_that_it_would_change(file, content, words):
    file.write_bytes(content if isinstance(content, bytes) else content.encode())
    for line in (["config", "show"], ["runs"], ["stop"], ["--headless"], ["eval"]):
        code, out, err = called_once(line)
        assert (code, out, err.count("\n")) == (2, "", 1), line
        assert err.startswith(f"vae-tui: {file}: {words}")


def test_a_folder_in_the_file_s_place_is_one_line(file):
    file.mkdir()
    assert called_once(["runs"]) == (
        2, "", f"vae-tui: {file} cannot be read: is not a regular file\n",
    )  # fmt: skip


@pytest.mark.parametrize(
    ("content", "words"),
    [
        ('theme = "vae-lite"', "no theme 'vae-lite'; did you mean vae-light?"),
        ('keys."app.puase" = "x"', "no key 'app.puase'; did you mean app.pause?"),
        ('keys."app.pause" = "q"', "q is the key of both app.pause and app.leave"),
        ('keys.train.log = "q"', "q is the key of both app.leave and train.log"),
    ],
)
def test_show_and_edit_refuse_what_would_have_no_effect_on_the_screen(
    file, monkeypatch, content, words
):
    file.write_text(content)
    monkeypatch.setenv("VISUAL", "true")
    for command in ("show", "edit"):
        assert called_once(["config", command]) == (2, "", f"vae-tui: {file}: {words}\n")


def test_help_completion_and_doctor_work_with_a_broken_file(file):
    file.write_text("x =")
    for line in (["--help"], ["train", "--help"], ["config", "--help"], ["completion", "bash"]):
        assert shown(*line)
    code, out, _ = called_once(["doctor", "--json", "--timeout", "0"])
    assert code == 1
    findings = {one["about"]: one for one in json.loads(out)["findings"]}
    assert findings["config"]["fix"] == ["vae-tui config edit"]


def test_edit_creates_a_file_of_comments_opens_it_and_checks_it(file, monkeypatch, tmp_path):
    file.parent.rmdir()
    script = tmp_path / "editor.py"
    script.write_text(
        "import pathlib, sys\n"
        "file = pathlib.Path(sys.argv[1])\n"
        "assert file.read_text().startswith('# ')\n"
        "file.write_text('defaults.beta = 4')\n"
    )
    monkeypatch.setenv("VISUAL", f"{sys.executable} {script}")
    assert shown("config", "edit") == f"{file}: no errors\n"
    assert setting("beta") == "4  # this file"


def test_the_defaults_of_the_file_do_not_count_as_given_to_a_resume(file, tmp_path):
    run = explored_run(tmp_path / "runs", "one")
    (run.path / "config.json").unlink()
    file.write_text("defaults.latent-dim = 5\ndefaults.beta = 4\n")
    code, _, err = called_once(["train", "--resume", str(run.path)])
    assert (code, "config.json cannot be read" in err) == (2, True), err


def test_the_screen_takes_the_keys_and_the_theme_of_the_file(file, tmp_path):
    run = explored_run(tmp_path / "runs", "one")
    file.write_text('theme = "no-such"\n[keys]\n"app.help" = "f2"\n"app.hlep" = "f3"\n')
    environment = {"XDG_CONFIG_HOME": str(tmp_path / "config"), "TEXTUAL_THEME": ""}
    terminal = RawTerminal(
        [*PROGRAM, "attach", str(run.path)], environment=environment, columns=120, rows=60
    )
    try:
        terminal.wait_for("no key 'app.hlep'; did you mean app.help?")
        terminal.type("\x1bOQ")  # f2
        terminal.wait_for("f2  Explain this view")
    finally:
        terminal.kill()
