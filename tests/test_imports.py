import importlib
import pkgutil
import subprocess
import sys

from support.loaded_modules import modules_after
from support.tiny_runs import tiny_config

from vae_tui.run.runs_folder import create


def imported_by(room: str) -> set[str]:
    """Return what every module of a room imports in a fresh interpreter, by its full name."""
    modules = pkgutil.walk_packages(importlib.import_module(room).__path__, f"{room}.")
    names = [module.name for module in modules]
    assert len(names) > 5
    code = (
        "import importlib, sys; before = set(sys.modules)\n"
        f"for name in {names}: importlib.import_module(name)\n"
        "print(*(set(sys.modules) - before), sep='\\n')"
    )
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    return set(done.stdout.split())


def test_the_room_of_runs_imports_the_standard_library_alone():
    own = ("vae_tui", "vae_tui.run", "vae_tui.errors", "vae_tui.text", "vae_tui.image_shape")
    foreign = {
        name
        for name in imported_by("vae_tui.run")
        if name.partition(".")[0] not in sys.stdlib_module_names
        and not name.startswith("vae_tui.run.")
        and name not in own
    }
    assert not foreign


def test_no_module_of_the_command_line_imports_numpy_torch_or_textual():
    roots = {name.partition(".")[0] for name in imported_by("vae_tui.cli")}
    assert "click" in roots
    assert not roots & {"numpy", "torch", "textual", "plotext", "rich"}


def test_a_trainer_needs_nothing_but_torch_numpy_and_safetensors(tmp_path):
    run = create(tmp_path, "run", tiny_config(epochs=1, batch_size=900))
    loaded = modules_after(
        "import sys\nfrom vae_tui.worker import main\nassert main(sys.argv[1:]) == 0",
        str(run.path),
    )
    assert {"torch", "numpy", "safetensors"} <= loaded
    screen = {"textual", "rich", "plotext", "click", "platformdirs", "PIL", "torchvision"}
    compiler = {"sympy", "triton"}  # of torch._dynamo, which doubles the CPU time of a start
    assert not loaded & (screen | compiler)


def test_the_command_line_alone_imports_neither_torch_nor_textual():
    heavy = {"torch", "textual", "numpy", "plotext", "rich"}
    assert not modules_after("import vae_tui.cli.main") & heavy


def test_the_help_of_no_command_imports_torch_or_textual():
    helped = modules_after(
        "import sys\n"
        "from vae_tui.cli.main import cli, main\n"
        "for name in (None, *cli.commands):\n"
        "    sys.argv[1:] = [name, '--help'] if name else ['--help']\n"
        "    try: main()\n"
        "    except SystemExit as left: assert left.code == 0, name\n"
        "0"
    )
    assert "click" in helped
    assert not helped & {"torch", "textual", "numpy", "plotext", "rich"}


def test_what_scripts_and_agents_call_imports_neither_torch_nor_textual(tmp_path):
    run = create(tmp_path, "run", tiny_config())
    run.events.touch()
    loaded = modules_after(
        "import sys\n"
        "from vae_tui.cli.main import main\n"
        "path = sys.argv[1]\n"
        "for line in (['status'], ['wait'], ['events'], ['set', 'beta=4'], ['runs'], ['stop']):\n"
        "    sys.argv[1:] = [line[0], *([] if line == ['runs'] else [path]), *line[1:]]\n"
        "    try: main()\n"
        "    except SystemExit as left: assert left.code in (0, 1, 2), line\n"
        "0",
        str(run.path),
    )
    assert "click" in loaded
    assert not loaded & {"torch", "textual", "numpy", "plotext", "rich"}


def test_no_module_of_the_screen_imports_torch_or_scikit_learn():
    from vae_tui import tui

    names = [module.name for module in pkgutil.walk_packages(tui.__path__, "vae_tui.tui.")]
    assert len(names) > 10
    loaded = modules_after(f"import {', '.join(names)}")
    assert "textual" in loaded
    assert not loaded & {"torch", "sklearn", "scipy"}


def test_the_first_paint_waits_for_neither_numpy_nor_plotext():
    loaded = modules_after("import vae_tui.tui.app")
    assert "textual" in loaded
    assert not loaded & {"numpy", "plotext", "PIL", "sklearn", "torch"}
