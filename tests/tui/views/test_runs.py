"""The Runs view: what it lists and what its keys request."""

import csv
import re
from functools import partial
from pathlib import Path

import pytest
from support.fake_readers import listed
from support.layout_faults import until_whole
from support.run_events import CONFIG
from support.screen import Screen, open_view, wait_until
from support.views import HERE, chosen, exported, open_runs, table
from textual.events import MouseScrollDown
from textual.geometry import Offset

from vae_tui.tui.state.other_runs import RunList
from vae_tui.tui.state.run_view import RunView
from vae_tui.tui.state.scene import Scene
from vae_tui.tui.views.runs_text import caption_of
from vae_tui.tui.widgets.runs.run_table import RunTable

runs_screen = partial(Screen, views="6")

MANY = [listed(f"run-{number:03}") for number in range(300)]


async def test_the_view_says_what_it_waits_for():
    screen = runs_screen()
    async with screen.at() as pilot:
        await open_view(pilot, screen, "6")
        assert screen.view.TITLE == "Runs"
        assert screen.caption("caption") == "Runs: reading the folder ..."
        await wait_until(pilot, lambda: screen.runs.listings)
        screen.runs.list(listed("a"), found=300)
        await wait_until(pilot, lambda: "Runs 1 of 300 read" in screen.caption("caption"))


async def test_a_folder_without_runs_says_how_to_start_one():
    screen = runs_screen()
    async with screen.at() as pilot:
        await open_runs(pilot, screen)
        assert screen.caption("caption") == "no runs in checkpoints; start one with: vae-tui"


def test_the_command_of_an_empty_folder_starts_a_run_in_it():
    runs = RunList("/other runs", Path("/other runs/a"), (), 0)
    scene = Scene(RunView("run", CONFIG), runs=runs)
    words = "no runs in /other runs; start one with: vae-tui --runs-dir '/other runs'"
    assert caption_of(scene, 0, "") == words


async def test_the_runs_stand_in_their_order_with_state_settings_and_best_test_loss():
    screen = runs_screen()
    async with screen.at(124, 40) as pilot:
        stalled = listed("slow", "stalled", silent_seconds=41.0, best_test_loss=float("nan"))
        await open_runs(
            pilot, screen, listed("new", model="ae", losses=(500.0, 9.0, 5.0, 1.0)), HERE, stalled
        )
        head, new, here, slow = table(screen)
        assert head.split() == [
            *("run", "state", "epoch", "best", "test", "curve", "beta", "lr", "model", "data"),
            *("started", "took"),
        ]
        assert new.split() == [
            *("new", "finished", "12.0/20", "104.25", "█▇▇▆▅▅▄▄▃▂▂▁", "4", "0.0005", "ae", "bce"),
            *("mnist", "-", "0.0", "s"),
        ]
        assert here.startswith("> ● digits-1123-0713  running")
        assert "stalled 41 s" in slow
        assert re.search(r"12.0/20 +- ", slow)
        assert screen.caption("caption").startswith("Runs 3 in checkpoints · ● on the screen")


@pytest.mark.parametrize(
    ("width", "there", "gone"),
    [
        (60, ["best test", "state"], ["step", "lr", "data"]),
        (80, ["best test", "state", "epoch", "beta"], ["started", "took"]),
        (200, ["best test", "curve", "lr", "data", "started", "took"], ["model"]),
    ],
)
async def test_the_least_important_columns_are_left_out_where_it_is_narrow(width, there, gone):
    screen = runs_screen()
    async with screen.at(width, 24) as pilot:
        await open_runs(pilot, screen, listed("fashion-mnist-1123-0713-12"), HERE, listed("x" * 99))
        head = table(screen)[0]
        assert [word for word in there if word not in head] == []
        assert [word for word in gone if word in head] == []
        assert "digits-1123-0713" in screen.text
        await until_whole(pilot, screen)


async def test_details_of_the_chosen_run_stand_below_the_table():
    screen = runs_screen()
    async with screen.at(160, 24) as pilot:
        name = "x" * 90
        lost = listed("left", "lost", next="continue with: vae-tui resume left")
        await open_runs(pilot, screen, listed(name), lost, HERE)
        await pilot.press("home")
        assert screen.caption("details") == f"Run {name}"
        await pilot.press("down")
        details = "Run left · continue with: vae-tui resume left"
        assert screen.caption("details") == details


async def test_untrusted_names_reach_the_terminal_as_text():
    screen = runs_screen()
    async with screen.at(120, 24) as pilot:
        await open_runs(pilot, screen, listed("[/x] \x1b[2J[b]\udcff"), HERE, listed("数" * 60))
        await pilot.press("up")
        assert "[/x] ?[2J[b]?" in chosen(screen)
        assert "[/x] ?[2J[b]?" in screen.caption("details")
        assert "\x1b" not in screen.text
        await until_whole(pilot, screen)


async def test_a_broken_run_is_one_line_that_says_so():
    screen = runs_screen()
    async with screen.at(80, 24) as pilot:
        why = "config.json cannot be read: not JSON: Expecting value"
        await open_runs(pilot, screen, listed("bad", "lost", why), HERE)
        assert re.fullmatch(rf"bad +{why}", table(screen)[1].strip())
        await pilot.press("up")
        assert screen.caption("details").startswith(
            "Run bad · config.json cannot be read · not JSON"
        )


async def test_the_runs_are_read_only_while_they_are_looked_at():
    screen = Screen(views="16")
    async with screen.at() as pilot:
        await open_view(pilot, screen, "1")
        assert screen.runs.listings == []
        for count in (1, 2):
            await pilot.press("6")
            await wait_until(pilot, lambda count=count: len(screen.runs.listings) == count)
            assert not screen.runs.listings[-1].is_set()
            await pilot.press("tab")
            assert screen.view.TITLE == "Train"
            assert screen.runs.listings[-1].is_set()
        await pilot.press("shift+tab")
        assert screen.view.TITLE == "Runs"
        await wait_until(pilot, lambda: len(screen.runs.listings) == 3)
    assert screen.runs.listings[-1].is_set()


async def test_the_keys_choose_and_the_table_scrolls():
    screen = runs_screen()
    async with screen.at(80, 24) as pilot:
        await open_runs(pilot, screen, *MANY, attached="run-000")
        page = screen.view.query_one(RunTable).size.height - 1
        for keys, expected in (
            (["down", "down", "up"], 1),
            (["pagedown"], 1 + page),
            (["pageup", "up", "up", "up"], 0),
            (["end"], 299),
            (["down"], 299),
            (["home"], 0),
        ):
            await pilot.press(*keys)
            assert f"run-{expected:03} " in chosen(screen)
        assert len(table(screen)) == page + 1


async def test_the_mouse_chooses():
    screen = runs_screen()
    async with screen.at(80, 24) as pilot:
        await open_runs(pilot, screen, *MANY, attached="run-000")
        await pilot.press("end")
        await pilot.click(RunTable, Offset(10, 3))
        page = screen.view.query_one(RunTable).size.height - 1
        assert f"run-{300 - page + 2:03} " in chosen(screen)
        await pilot.click(RunTable, Offset(10, 0))
        assert f"run-{300 - page + 2:03} " in chosen(screen)


async def test_the_wheel_scrolls_and_the_next_key_comes_back_to_the_cursor():
    screen = runs_screen()
    async with screen.at(80, 24) as pilot:
        await open_runs(pilot, screen, *MANY, attached="run-000")
        wheel = MouseScrollDown(None, 5, 5, 0, 1, 0, False, False, False)
        screen.view.query_one(RunTable).post_message(wheel)
        await wait_until(pilot, lambda: "run-002 " in table(screen)[1])
        await pilot.press("down")
        await wait_until(pilot, lambda: "run-001 " in table(screen)[1])
        assert "run-001 " in chosen(screen)


async def test_the_cursor_stays_on_its_run_when_the_list_changes():
    screen = runs_screen()
    async with screen.at(80, 24) as pilot:
        a, b, c, new = (listed(name) for name in ("a", "b", "c", "new"))
        await open_runs(pilot, screen, a, b, c)
        await pilot.press("home", "down")
        screen.runs.list(new, a, b, c)
        await wait_until(pilot, lambda: len(table(screen)) == 5)
        assert " b " in chosen(screen)
        screen.runs.list(new, a)
        await wait_until(pilot, lambda: len(table(screen)) == 3)
        assert " a " in chosen(screen)


@pytest.mark.parametrize("rows", [(), (HERE,)])
async def test_every_key_is_safe_before_the_runs_are_listed_and_without_any(rows):
    screen = runs_screen()
    async with screen.at() as pilot:
        keys = ["up", "down", "pageup", "pagedown", "home", "end", "x", "y", "e"]
        await open_view(pilot, screen, "6", "nothing yet")
        await pilot.press(*keys)
        await wait_until(pilot, lambda: screen.runs.listings)
        screen.runs.list(*rows)
        await pilot.press(*keys)
        assert pilot.app.return_code is None
        assert screen.runs.overlays == []


async def test_enter_ends_the_screen_with_the_chosen_run():
    screen = runs_screen()
    async with screen.at() as pilot:
        await open_runs(pilot, screen, HERE, listed("mnist-d20"))
        await pilot.press("down", "enter")
        await wait_until(pilot, lambda: pilot.app.return_code == 0)
        assert screen.app.chosen == Path("/runs/mnist-d20")
    assert (screen.steering.sent, screen.steering.restarted) == ([], [])


async def test_a_run_that_cannot_be_opened_is_one_note_and_ends_nothing():
    screen = runs_screen()
    screen.runs.closed[Path("/runs/gone")] = "gone is not there [/any] more"
    async with screen.at() as pilot:
        await open_runs(pilot, screen, HERE, listed("gone"))
        await pilot.press("down", "enter")
        await wait_until(pilot, lambda: "gone is not there [/any] more" in screen.text)
        assert (pilot.app.return_code, screen.app.chosen) == (None, None)


async def test_enter_on_the_run_on_the_screen_leads_back_to_it():
    screen = runs_screen()
    async with screen.at() as pilot:
        await open_runs(pilot, screen, listed("mnist-d20"), HERE)
        await pilot.press("enter")
        await wait_until(pilot, lambda: screen.view.TITLE == "Train")
        assert (pilot.app.return_code, screen.app.chosen) == (None, None)


async def test_y_copies_the_command_that_lists_the_runs():
    screen = runs_screen()
    async with screen.at() as pilot:
        await open_runs(pilot, screen, HERE)
        await pilot.press("y")
        assert screen.app.notes == ["sent to the clipboard: vae-tui runs"]


async def test_e_writes_all_columns_as_a_table(tmp_path):
    screen = runs_screen(folder=tmp_path)
    async with screen.at(60, 24) as pilot:
        bad = listed("bad", "lost", "config.json cannot be read", test_loss=float("nan"))
        await open_runs(pilot, screen, listed("a\x1b[2J"), bad, HERE)
        path = Path(await exported(pilot, screen))
    assert list(tmp_path.iterdir()) == [path]
    assert path.name == "digits-1123-0713-runs.csv"
    first, second, third = csv.DictReader(path.read_text().splitlines())
    assert first["name"] == "a?[2J"
    known = {name: first[name] for name in ("beta", "lr", "latent_dim", "best_test_loss", "step")}
    assert known == {
        "beta": "4", "lr": "0.0005", "latent_dim": "20", "best_test_loss": "104.25", "step": "2820",
    }  # fmt: skip
    assert (second["test_loss"], second["wrong"]) == ("", "config.json cannot be read")
    assert (third["name"], third["state"], third["wrong"]) == ("digits-1123-0713", "running", "")
