"""View 6 by itself: what it lists, what its keys ask for; another run laid over this one."""

import csv
import dataclasses
import re
from pathlib import Path

import numpy as np
import pytest
from support import fakes
from support.fakes import (
    CONFIG,
    STARTED,
    Screen,
    become,
    listed,
    losses,
    new_weights,
    open_view,
    plain,
    random_network,
    samples_of,
    until_reading,
    until_whole,
    wait_until,
)
from textual.geometry import Offset

from vae_tui.tui.messages import OverlayMissing
from vae_tui.tui.state.run_view import RunView, advance
from vae_tui.tui.views.train_digits import digit_layout
from vae_tui.tui.widgets.loss_chart import LossChart
from vae_tui.tui.widgets.run_table import RunTable

FIRST, OTHER = random_network(540), random_network(900)
HERE = listed("digits-1123-0713", "running", dataset="digits", beta=1.0, lr=1e-3)
MANY = [listed(f"run-{number:03}") for number in range(300)]


def table(screen):
    return plain(screen.view.query_one(RunTable)).splitlines()


def chart(screen, which):
    return plain(screen.view.query_one(f"#{which}", LossChart))


def chosen(screen):
    (line,) = [line for line in table(screen) if line.startswith(">")]
    return line


def told(screen):
    return screen.app.notes


async def open_runs(pilot, screen, *rows, **more):
    """Bring up the view with a list of these runs."""
    await open_view(pilot, screen, "6")
    await wait_until(pilot, lambda: screen.runs.listings)
    screen.runs.list(*rows, **more)
    await wait_until(pilot, lambda: screen.app.scene.runs is not None)


# The list


async def test_the_view_says_what_it_waits_for():
    screen = Screen()
    async with screen.at() as pilot:
        await open_view(pilot, screen, "6")
        assert screen.view.TITLE == "Runs"
        assert screen.caption("caption") == "reading the runs ..."
        await wait_until(pilot, lambda: screen.runs.listings)
        screen.runs.list(listed("a"), found=300)
        await wait_until(pilot, lambda: "1 of 300 runs read" in screen.caption("caption"))


async def test_a_folder_without_runs_says_how_to_start_one():
    screen = Screen()
    async with screen.at() as pilot:
        await open_runs(pilot, screen)
        assert screen.caption("caption") == "no runs in checkpoints; start one with: vae-tui"


async def test_the_runs_stand_in_their_order_with_state_settings_and_best_test_loss():
    screen = Screen()
    async with screen.at(120, 40) as pilot:
        stalled = listed("slow", "stalled", silent_seconds=41.0, best_test_loss=float("nan"))
        await open_runs(pilot, screen, listed("new", model="ae"), HERE, stalled)
        head, new, here, slow = table(screen)
        assert head.split() == [
            *("run", "state", "epoch", "step", "data", "model", "d", "beta", "lr", "last"),
            *("best", "test"),
        ]
        assert new.split() == [
            *("new", "finished", "12.0/20", "2820", "mnist", "ae", "bce", "20", "4", "0.0005"),
            *("105.50", "104.25"),
        ]
        assert here.startswith("> ● digits-1123-0713  running")
        assert "stalled 41 s" in slow
        assert slow.endswith("-")
        assert screen.caption("caption").startswith("3 runs in checkpoints · ● on the screen")


@pytest.mark.parametrize(
    ("width", "there", "gone"),
    [
        (60, ["best test", "state"], ["step", "lr", "data"]),
        (80, ["best test", "state", "epoch", "beta", " d "], ["last", "step"]),
        (200, ["best test", "step", "lr", "data", "model", "last"], []),
    ],
)
async def test_the_least_important_columns_give_way_where_there_is_little_room(width, there, gone):
    screen = Screen()
    async with screen.at(width, 24) as pilot:
        await open_runs(pilot, screen, listed("fashion-mnist-1123-0713-12"), HERE, listed("x" * 99))
        head = table(screen)[0]
        assert [word for word in there if word not in head] == []
        assert [word for word in gone if word in head] == []
        assert "digits-1123-0713" in screen.text
        await until_whole(pilot, screen)


async def test_what_gave_way_is_told_of_the_chosen_run_below_the_table():
    screen = Screen()
    async with screen.at(160, 24) as pilot:
        name = "x" * 90
        lost = listed("left", "lost", next="go on with: vae-tui resume left")
        await open_runs(pilot, screen, listed(name), lost, HERE)
        await pilot.press("home")
        assert screen.caption("details").startswith(f"{name} · last test bce+kl 105.50 · mnist")
        await pilot.press("down")
        assert screen.caption("details").startswith("left · go on with: vae-tui resume left · last")


async def test_names_of_strangers_reach_the_terminal_as_text():
    screen = Screen()
    async with screen.at(120, 24) as pilot:
        await open_runs(pilot, screen, listed("[/x] \x1b[2J[b]\udcff"), HERE, listed("数" * 60))
        await pilot.press("up")
        assert "[/x] ?[2J[b]?" in chosen(screen)
        assert "[/x] ?[2J[b]?" in screen.caption("details")
        assert "\x1b" not in screen.text
        await until_whole(pilot, screen)


async def test_a_broken_run_is_one_line_that_says_so():
    screen = Screen()
    async with screen.at(80, 24) as pilot:
        why = "config.json cannot be read: not JSON: Expecting value"
        await open_runs(pilot, screen, listed("bad", "lost", why), HERE)
        assert re.fullmatch(rf"bad +{why}", table(screen)[1].strip())
        await pilot.press("up")
        assert screen.caption("details").startswith("bad · config.json cannot be read · not JSON")


async def test_the_runs_are_read_only_while_they_are_looked_at():
    screen = Screen()
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


# Choosing


async def test_the_keys_choose_and_the_table_scrolls():
    screen = Screen()
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
    screen = Screen()
    async with screen.at(80, 24) as pilot:
        await open_runs(pilot, screen, *MANY, attached="run-000")
        await pilot.press("end")
        await pilot.click(RunTable, Offset(10, 3))
        page = screen.view.query_one(RunTable).size.height - 1
        assert f"run-{300 - page + 2:03} " in chosen(screen)
        await pilot.click(RunTable, Offset(10, 0))
        assert f"run-{300 - page + 2:03} " in chosen(screen)


async def test_the_cursor_stays_on_its_run_when_the_list_changes():
    screen = Screen()
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
async def test_every_key_of_the_view_is_safe_before_and_without_runs(rows):
    screen = Screen()
    async with screen.at() as pilot:
        keys = ["up", "down", "pageup", "pagedown", "home", "end", "x", "y", "e"]
        await open_view(pilot, screen, "6", "nothing yet")
        await pilot.press(*keys)
        await wait_until(pilot, lambda: screen.runs.listings)
        screen.runs.list(*rows)
        await pilot.press(*keys)
        assert pilot.app.return_code is None
        assert screen.runs.overlays == []


# Opening


async def test_enter_ends_the_screen_with_the_chosen_run():
    screen = Screen()
    async with screen.at() as pilot:
        await open_runs(pilot, screen, HERE, listed("mnist-d20"))
        await pilot.press("down", "enter")
        await wait_until(pilot, lambda: pilot.app.return_code == 0)
        assert screen.app.chosen == Path("/runs/mnist-d20")
    assert (screen.steering.sent, screen.steering.restarted) == ([], [])


async def test_a_run_that_cannot_be_opened_is_one_note_and_ends_nothing():
    screen = Screen()
    screen.runs.closed[Path("/runs/gone")] = "gone is not there [/any] more"
    async with screen.at() as pilot:
        await open_runs(pilot, screen, HERE, listed("gone"))
        await pilot.press("down", "enter")
        await wait_until(pilot, lambda: "gone is not there [/any] more" in screen.text)
        assert (pilot.app.return_code, screen.app.chosen) == (None, None)


async def test_enter_on_the_run_on_the_screen_leads_back_to_it():
    screen = Screen()
    async with screen.at() as pilot:
        await open_runs(pilot, screen, listed("mnist-d20"), HERE)
        await pilot.press("enter")
        await wait_until(pilot, lambda: screen.view.TITLE == "Train")
        assert (pilot.app.return_code, screen.app.chosen) == (None, None)


# Taking away


async def test_y_copies_the_command_that_lists_the_runs():
    screen = Screen()
    async with screen.at() as pilot:
        await open_runs(pilot, screen, HERE)
        await pilot.press("y")
        assert told(screen) == ["copied: vae-tui runs"]


async def test_e_writes_all_columns_as_a_table(tmp_path):
    screen = Screen(folder=tmp_path)
    async with screen.at(60, 24) as pilot:
        bad = listed("bad", "lost", "config.json cannot be read", test_loss=float("nan"))
        await open_runs(pilot, screen, listed("a\x1b[2J"), bad, HERE)
        await pilot.press("e")
        await wait_until(pilot, lambda: any(text.startswith("written: ") for text in told(screen)))
    (path,) = tmp_path.iterdir()
    assert path.name == "digits-1123-0713-runs.csv"
    first, second, third = csv.DictReader(path.read_text().splitlines())
    assert first["name"] == "a?[2J"
    known = {name: first[name] for name in ("beta", "lr", "latent_dim", "best_test_loss", "step")}
    assert known == {
        "beta": "4", "lr": "0.0005", "latent_dim": "20", "best_test_loss": "104.25", "step": "2820",
    }  # fmt: skip
    assert (second["test_loss"], second["wrong"]) == ("", "config.json cannot be read")
    assert (third["name"], third["state"], third["wrong"]) == ("digits-1123-0713", "running", "")


# Overlay


def other_run(name="mnist-d20", epochs=60, bce=70.0, **settings):
    """Return what is known of a run with constant losses."""
    config = dataclasses.replace(CONFIG, dataset="mnist", epochs=epochs, **settings)
    happened = [STARTED]
    for epoch in range(1, epochs + 1):
        happened += [losses(epoch * 18, bce=bce, kl=33.0), fakes.tested(epoch, test_bce=bce + 1)]
    return advance(RunView(name, config, epochs=epochs), happened)


async def lay_over(pilot, screen, run, network=OTHER):
    """Lay the second run of the list over this one, and go to view 1."""
    path = Path("/runs/mnist-d20")
    await open_runs(pilot, screen, HERE, listed("mnist-d20"), listed("third"))
    await pilot.press("down", "x")
    await wait_until(pilot, lambda: screen.runs.overlays)
    assert screen.runs.overlays[-1][0] == path
    screen.runs.lay_over(path, run, network)
    await wait_until(pilot, lambda: screen.app.scene.overlay is not None)
    await pilot.press("1")
    await pilot.pause()


@pytest.mark.parametrize("size", [(80, 24), (120, 40), (200, 60)])
async def test_x_lays_the_other_runs_curves_over_this_ones_with_its_name(size):
    screen = Screen()
    async with screen.at(*size) as pilot:
        await open_view(pilot, screen, "1")
        assert "mnist-d20" not in screen.text
        await lay_over(pilot, screen, other_run())
        assert "mnist-d20 70.0" in chart(screen, "reconstruction")
        assert "mnist-d20 33.0" in chart(screen, "kl")
        assert re.search(r"\b60\b", chart(screen, "kl").splitlines()[-1])  # its last epoch
        await until_whole(pilot, screen)


@pytest.mark.parametrize("size", [(60, 20), (80, 24), (120, 40), (200, 60)])
async def test_the_other_runs_digits_are_of_the_same_z(size):
    screen = Screen()
    async with screen.at(*size) as pilot:
        await lay_over(pilot, screen, other_run())
        await wait_until(pilot, lambda: len(screen.pictures("overlay").images))
        await until_whole(pilot, screen)
        count = len(screen.pictures("samples").images)
        assert count >= 6
        np.testing.assert_array_equal(
            screen.pictures("samples").images, samples_of(FIRST, 0, count)
        )
        np.testing.assert_array_equal(
            screen.pictures("overlay").images, samples_of(OTHER, 0, count)
        )
        assert screen.caption("overlay-caption").startswith("mnist-d20 · step 900")
        await pilot.press("space")
        np.testing.assert_array_equal(
            screen.pictures("overlay").images, samples_of(OTHER, 1, count)
        )


async def test_the_overlay_follows_the_other_run():
    screen = Screen()
    async with screen.at() as pilot:
        await lay_over(pilot, screen, other_run())
        newer = random_network(918)
        screen.runs.lay_over(Path("/runs/mnist-d20"), other_run(bce=65.0), newer)
        await wait_until(pilot, lambda: "mnist-d20 65.0" in chart(screen, "reconstruction"))
        shown = screen.pictures("overlay").images
        np.testing.assert_array_equal(shown, samples_of(newer, 0, len(shown)))
        await new_weights(pilot, screen, random_network(576))
        np.testing.assert_array_equal(screen.pictures("overlay").images, shown)


async def test_x_on_it_again_takes_it_away_and_on_another_replaces_it():
    screen = Screen()
    async with screen.at() as pilot:
        await lay_over(pilot, screen, other_run())
        await pilot.press("6")
        assert chosen(screen).startswith("> x mnist-d20")
        await pilot.press("down", "x")
        await wait_until(pilot, lambda: len(screen.runs.overlays) == 2)
        (_, first), (path, second) = screen.runs.overlays
        assert first.is_set()
        assert path == Path("/runs/third")
        screen.runs.lay_over(Path("/runs/mnist-d20"), other_run())  # too late
        screen.runs.lay_over(path, other_run("third"))
        await wait_until(pilot, lambda: screen.app.scene.overlay is not None)
        assert screen.app.scene.overlay.path == path
        await pilot.press("x")
        assert second.is_set()
        assert screen.app.scene.overlay is None
        await pilot.press("1")
        assert "third" not in chart(screen, "reconstruction")
        assert len(screen.pictures("inputs").images)
        assert screen.pictures("inputs").display
        assert not screen.pictures("overlay").display


@pytest.mark.parametrize(
    ("network", "words"),
    [
        (random_network(900, d=7), "mnist-d20 · d = 7, not 20"),
        (None, "mnist-d20 · no weights · curves only"),
    ],
)
async def test_where_the_z_is_not_common_the_caption_says_why_and_the_curves_stay(network, words):
    screen = Screen()
    async with screen.at() as pilot:
        await lay_over(pilot, screen, other_run(), network)
        assert screen.caption("overlay-caption").startswith(words)
        assert not screen.pictures("overlay").display
        assert screen.pictures("inputs").display
        assert "mnist-d20 70.0" in chart(screen, "reconstruction")
        await until_whole(pilot, screen)


async def test_a_run_of_another_reconstruction_is_named_with_it():
    screen = Screen()
    async with screen.at(160, 40) as pilot:
        await lay_over(pilot, screen, other_run(reconstruction="mse"))
        assert "mnist-d20 SE/2 70.0" in chart(screen, "reconstruction")
        assert "SE/2" not in chart(screen, "kl")


async def test_a_run_that_cannot_be_laid_over_is_one_note():
    screen = Screen()
    async with screen.at() as pilot:
        await open_runs(pilot, screen, HERE, listed("gone"))
        await pilot.press("down", "x")
        await wait_until(pilot, lambda: screen.runs.overlays)
        screen.runs.tell(OverlayMissing(Path("/runs/gone"), "gone is not there any more"))
        await wait_until(pilot, lambda: "gone is not there any more" in told(screen))
        assert screen.app.scene.overlay is None


async def test_a_run_is_not_laid_over_itself():
    screen = Screen()
    async with screen.at() as pilot:
        await open_runs(pilot, screen, HERE)
        await pilot.press("x")
        assert screen.runs.overlays == []
        assert "choose another" in told(screen)[-1]


async def test_smoothing_log_and_zoom_are_of_both_runs():
    screen = Screen()
    async with screen.at(160, 40) as pilot:
        await lay_over(pilot, screen, other_run())
        plainly = chart(screen, "reconstruction")
        for key in "lsz":
            await pilot.press(key)
            changed = chart(screen, "reconstruction")
            assert changed != plainly
            assert "mnist-d20 70.0" in changed
            await pilot.press(key)
            assert chart(screen, "reconstruction") == plainly
        await pilot.press("z")
        assert not re.search(r"\b60\b", chart(screen, "kl").splitlines()[-1])


async def test_an_overlay_before_the_first_weights_of_this_run_shows_its_curves():
    screen = Screen()
    async with screen.at() as pilot:
        await until_reading(pilot, screen)
        await become(pilot, screen, "started")
        await pilot.press("6")
        await wait_until(pilot, lambda: screen.runs.listings)
        screen.runs.list(HERE, listed("mnist-d20"))
        await wait_until(pilot, lambda: screen.app.scene.runs is not None)
        await pilot.press("down", "x")
        await wait_until(pilot, lambda: screen.runs.overlays)
        screen.runs.lay_over(Path("/runs/mnist-d20"), other_run(), OTHER)
        await pilot.press("1")
        await wait_until(pilot, lambda: "mnist-d20 70.0" in chart(screen, "reconstruction"))
        assert screen.caption("samples-caption") == "digits: with the first weights"


@pytest.mark.parametrize("width", [*range(30, 260, 7), 1])
def test_the_digits_of_both_runs_fit_their_half_of_any_view(width):
    for height in range(18, 80):
        pixels, columns, rows = digit_layout(width, height, overlaid=True)
        assert min(columns, rows) >= 1
        if width >= 60:
            assert pixels * columns <= width // 2
            assert 2 + 2 * rows * (pixels // 2) <= height
