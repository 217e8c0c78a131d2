"""One table of keys: footer, help, palette, README and remapping agree."""

import importlib
import itertools
from pathlib import Path
from pkgutil import iter_modules

import pytest
from support.screen import Screen, open_view, wait_until
from textual.screen import ModalScreen

from vae_tui.tui import dialogs
from vae_tui.tui.all_views import VIEWS
from vae_tui.tui.keys.bindings import ALWAYS_SHOWN, HIDDEN_FIRST, KEYS, footer_rank

README = (Path(__file__).parents[3] / "README.md").read_text()
PREFIX = f"{dialogs.__name__}."
SYMBOLS = {
    "comma": ",",
    "full_stop": ".",
    "question_mark": "?",
    "plus": "+",
    "minus": "-",
    "slash": "/",
    "left_square_bracket": "[",
}


def test_every_key_that_the_help_explains_is_in_the_readme():
    bindings = [*KEYS, *(binding for view in VIEWS for binding in view.BINDINGS)]
    explained = [binding for binding in bindings if binding.tooltip]
    assert len(explained) > 30
    for binding in explained:
        name = binding.key.split(",")[0]
        key = SYMBOLS.get(name, name)
        assert f"`{key}`" in README or f" {key} " in README, binding.id


def test_every_binding_has_an_id_of_its_own_to_be_remapped_by():
    modules = [importlib.import_module(one.name) for one in iter_modules(dialogs.__path__, PREFIX)]
    found = [vars(module).values() for module in modules]
    screens = {one for values in found for one in values if isinstance(one, type)}
    with_keys = {one for one in screens if issubclass(one, ModalScreen) and "BINDINGS" in vars(one)}
    ours = [one for one in with_keys if one.__module__.startswith(PREFIX)]
    assert len(ours) >= 7
    tables = [KEYS, *(one.BINDINGS for one in (*VIEWS, *ours))]
    ids = [binding.id for table in tables for binding in table]
    assert None not in ids
    assert len(ids) > 80
    assert len(set(ids)) == len(ids)


async def test_a_remapped_key_is_that_in_footer_and_help_and_does_what_the_old_one_did():
    screen = Screen(views="")
    async with screen.at(160, 60) as pilot:
        await open_view(pilot, screen, "1")
        screen.app.set_keymap({"app.pause": "f9"})
        await wait_until(pilot, lambda: "f9 Pause" in screen.text.splitlines()[-1])
        explained = {one.key: one.ids for one in screen.app.main.keys_here()[1]}
        assert explained["f9"] == ("app.pause",)
        await pilot.press("p")
        await pilot.press("f9")
        assert screen.steering.sent == ["pause"]


async def test_the_keys_1_to_6_switch_the_view_in_every_view():
    screen = Screen()
    async with screen.at() as pilot:
        await open_view(pilot, screen, "1")
        for here, there in itertools.permutations(range(1, 7), 2):
            screen.app.main.action_view(here - 1)
            await pilot.press(str(there))
            assert type(screen.view) is VIEWS[there - 1], (here, there)


@pytest.mark.parametrize("binding_id", ALWAYS_SHOWN)
def test_the_footer_never_leaves_out_the_way_to_views_help_and_exit(binding_id):
    assert footer_rank(binding_id) == 0


def test_the_footer_leaves_out_copy_before_export_and_a_views_own_keys_last():
    ranks = [footer_rank(binding_id) for binding_id in HIDDEN_FIRST]
    assert ranks == sorted(ranks, reverse=True)
    assert footer_rank("app.pause") < footer_rank("train.log") < footer_rank("app.sample")
    assert footer_rank("app.sample") < min(ranks)
