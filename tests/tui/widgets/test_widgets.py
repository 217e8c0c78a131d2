"""The widgets alone: what they draw, and what they send again."""

import math

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from rich.cells import cell_len
from rich.text import Text
from support.fakes import NOW, plain
from textual.app import App, ComposeResult
from textual.geometry import Region
from textual.widget import Widget

from vae_tui.terminal.half_blocks import Palette, half_blocks
from vae_tui.tui.views import VIEWS
from vae_tui.tui.views.view import View
from vae_tui.tui.widgets.caption import Caption
from vae_tui.tui.widgets.latent_bars import Bars, LatentBars
from vae_tui.tui.widgets.loss_chart import LossChart
from vae_tui.tui.widgets.pictures import Pictures
from vae_tui.tui.widgets.status import Status, status_parts


class Host(App[None]):
    """Shows one widget on the whole screen."""

    def __init__(self, widget: Widget) -> None:
        super().__init__()
        self.widget = widget

    def compose(self) -> ComposeResult:
        yield self.widget


class Listening:
    """Mixed into a drawing: remembers which regions were to be sent again."""

    def __init__(self) -> None:
        super().__init__()
        self.sent: list[Region] = []

    def refresh(self, *regions: Region, **more):
        self.sent += regions or [self.size.region]
        return super().refresh(*regions, **more)


class ListeningPictures(Listening, Pictures):
    pass


class ListeningCaption(Listening, Caption):
    DEFAULT_CSS = "ListeningCaption { height: 1; }"


def grey(level: int, count: int = 1):
    return np.full((count, 784), level, np.uint8)


async def drawn_bars(bars: Bars, width: int, height: int) -> str:
    widget = LatentBars()
    async with Host(widget).run_test(size=(width, height)) as pilot:
        widget.bars = bars
        await pilot.pause()
        return plain(widget)


def test_no_value_that_is_told_repaints_a_whole_view_or_drawing():
    kinds = [View, *VIEWS, Caption, LatentBars, LossChart, Pictures, Status]
    told = [(kind, name, value) for kind in kinds for name, value in kind._reactives.items()]
    ours = [(kind.__name__, name) for kind, name, value in told if name in vars(kind)]
    assert len(ours) > 10
    assert not [entry for *entry, value in told if entry[1] in vars(entry[0]) and value._repaint]


# Pictures


async def test_pictures_send_again_only_the_rows_that_changed():
    pictures = ListeningPictures()
    async with Host(pictures).run_test(size=(28, 14)) as pilot:
        pictures.pixels = 28
        pictures.images = grey(200)
        await pilot.pause()
        pictures.sent.clear()
        changed = grey(200)
        changed[0, 28 * 6 : 28 * 7] = 10  # the seventh row of pixels: the fourth of cells
        pictures.images = changed
        assert pictures.sent == [Region(0, 3, 28, 1)]
        assert pictures.rows == half_blocks(changed.reshape(28, 28))


async def test_equal_pictures_are_not_sent_again():
    pictures = ListeningPictures()
    async with Host(pictures).run_test(size=(56, 14)) as pilot:
        pictures.pixels, pictures.columns = 28, 2
        pictures.images = grey(80, 2)
        await pilot.pause()
        pictures.sent.clear()
        pictures.images = grey(80, 2)
        assert pictures.sent == []


async def test_rows_that_lie_outside_the_widget_send_nothing():
    pictures = ListeningPictures()
    async with Host(pictures).run_test(size=(28, 5)) as pilot:
        pictures.pixels = 28
        pictures.images = grey(200)
        await pilot.pause()
        pictures.sent.clear()
        changed = grey(200)
        changed[0, 28 * 20 :] = 0
        pictures.images = changed
        assert pictures.sent == []


async def test_rows_that_are_gone_are_sent_empty():
    pictures = ListeningPictures()
    async with Host(pictures).run_test(size=(28, 14)) as pilot:
        pictures.pixels = 28
        pictures.images = grey(200)
        await pilot.pause()
        pictures.sent.clear()
        pictures.images = grey(200, 0)
        assert len(pictures.sent) == 14
        assert pictures.render_line(3).text == " " * 28


async def test_every_line_is_as_wide_as_the_widget_and_any_size_is_drawn():
    pictures = Pictures()
    async with Host(pictures).run_test(size=(30, 10)) as pilot:
        for size, columns, count in ((28, 1, 1), (14, 3, 5), (8, 9, 40), (1, 1, 1), (0, 0, 1)):
            pictures.pixels, pictures.columns = size, columns
            pictures.images = grey(90, count)
            await pilot.pause()
            assert {pictures.render_line(y).cell_length for y in range(10)} == {30}


async def test_a_picture_in_shades_is_literal_text():
    pictures = Pictures()
    ramp = np.repeat(np.linspace(0, 255, 28).round()[None], 28, axis=0).astype(np.uint8)
    async with Host(pictures).run_test(size=(28, 14)):
        pictures.pixels, pictures.palette = 28, Palette.ASCII
        pictures.images = ramp.reshape(1, 784)
        assert plain(pictures).splitlines()[0] == "...:::---===+++***###%%%@@"


# Latent bars


async def test_latent_bars_are_literal_text():
    bars = Bars([1.5, -3.0, 0.0, 9.75], order=[2, 0, 1, 3], kl=[1.0, 2.0, 3.0, 0.01], chosen=0)
    assert await drawn_bars(bars, 30, 4) == (
        "z3          │         +0.00\n"
        ">z1          │████     +1.50\n"
        " z2  ████████│         -3.00\n"
        " z4          │████████ +9.75"
    )


async def test_latent_bars_in_ascii_hold_nothing_else():
    text = await drawn_bars(Bars([1.5, -3.0], order=[0, 1], chosen=1, unicode=False), 30, 2)
    assert text.isascii()
    assert "#" in text


@pytest.mark.parametrize("count", [1, 2, 20, 784])
async def test_the_chosen_dimension_is_always_in_sight(count):
    widget = LatentBars()
    async with Host(widget).run_test(size=(50, 6)):
        for chosen in {0, count // 2, count - 1}:
            widget.bars = Bars([0.0] * count, order=range(count), chosen=chosen)
            assert f">z{chosen + 1} " in plain(widget)


async def test_latent_bars_fit_any_size():
    widget = LatentBars()
    async with Host(widget).run_test(size=(80, 24)) as pilot:
        widget.bars = Bars([-9.75] * 20, order=range(20), chosen=7)
        for width, height in ((23, 5), (24, 1), (47, 3), (48, 3), (200, 40), (1, 1)):
            await pilot.resize_terminal(width, height)
            await pilot.pause()
            assert all(strip.cell_length <= width for strip in widget.rows)
            assert len(widget.rows) <= height


# The top line


def parts(**more):
    values = {
        "name": "digits-1123-0713",
        "state": "running",
        "epoch": 30.04,
        "epochs": 150,
        "seconds_left": 185.0,
        "images_per_second": 54_200.0,
        "device": "cuda:0 bf16",
        "memory_bytes": 743 << 20,
    }
    values |= more
    return status_parts(
        values.pop("name"), values.pop("state"), values.pop("epoch"), values.pop("epochs"), **values
    )


async def shown_status(width: int, *given_parts: Text) -> str:
    status = Status()
    async with Host(status).run_test(size=(width, 3)) as pilot:
        status.parts = given_parts
        await pilot.pause()
        return plain(status)


@pytest.mark.parametrize(
    ("width", "expected"),
    [
        (1, ""),
        (20, "digits-1123-0713"),
        (40, "digits-1123-0713  running"),
        (60, "digits-1123-0713  running  epoch 30.0/150  ━━━━━━━━━━ 20%"),
        (75, "digits-1123-0713  running  epoch 30.0/150  ━━━━━━━━━━ 20%  3 m 05 s left"),
        (
            120,
            "digits-1123-0713  running  epoch 30.0/150  ━━━━━━━━━━ 20%  3 m 05 s left  "
            "54.2k img/s  cuda:0 bf16 743M",
        ),
    ],
)
async def test_the_top_line_shows_whole_parts_as_far_as_they_fit(width, expected):
    assert await shown_status(width, *parts()) == expected


@given(
    name=st.text(st.characters(exclude_categories=["Cc", "Cs"]), max_size=120),
    state=st.sampled_from(["running", "stalled", "lost", "starting", "odd"]),
    epoch=st.floats(0, 1e9),
    epochs=st.integers(0, 10**6),
    seconds_left=st.floats(),
    images_per_second=st.floats(0, 1e12),
    memory_bytes=st.integers(0, 2**50),
    silent_seconds=st.floats(),
    notice=st.sampled_from(["", "read only"]),
)
def test_any_run_has_a_top_line_of_one_row(**given_values):
    for part in parts(**given_values):
        assert "\n" not in part.plain


async def test_the_top_line_is_never_wider_than_the_screen():
    status = Status()
    async with Host(status).run_test(size=(200, 3)) as pilot:
        status.parts = parts(notice="read only")
        for width in (200, 100, 80, 61, 33, 12, 3, 1):
            await pilot.resize_terminal(width, 3)
            await pilot.pause()
            assert cell_len(plain(status)) <= width
            assert status.render_line(0).cell_length == width


def test_a_dead_run_has_no_speed_and_no_time_left():
    words = " ".join(part.plain for part in parts(state="lost"))
    assert "left" not in words
    assert "img/s" not in words
    assert "743M" not in words


def test_the_percentage_is_of_all_epochs_and_never_above_a_hundred():
    assert parts(epoch=75)[3].plain.endswith(" 50%")
    assert parts(epoch=149.9)[3].plain.endswith(" 99%")
    assert parts(epoch=200)[3].plain.endswith(" 100%")
    assert parts(epoch=200, epochs=0)[3].plain.endswith(" 0%")


def test_the_bar_is_told_apart_without_colours():
    assert parts(unicode=False)[3].plain == "##-------- 20%"


# Captions


async def test_a_caption_gives_up_its_last_parts_and_never_half_of_one():
    caption = Caption()
    async with Host(caption).run_test(size=(80, 3)) as pilot:
        caption.text = "[b]15 samples[/b] · step 540, 2 s old · temperature 1"
        for width, expected in (
            (51, "15 samples · step 540, 2 s old · temperature 1"),
            (45, "15 samples · step 540, 2 s old"),
            (20, "15 samples"),
        ):
            await pilot.resize_terminal(width, 3)
            await pilot.pause()
            assert plain(caption) == expected


async def test_an_equal_caption_is_not_sent_again():
    caption = ListeningCaption()
    async with Host(caption).run_test(size=(40, 3)) as pilot:
        caption.text = f"seed {NOW:g}"
        await pilot.pause()
        caption.sent.clear()
        caption.text = f"[b]seed[/b] {NOW:g}".replace("[b]", "").replace("[/b]", "")
        assert caption.sent == []
        caption.text = "seed 2"
        assert caption.sent == [Region(0, 0, 40, 1)]


def test_a_number_that_is_not_finite_has_a_place_in_the_top_line():
    assert any(
        part.plain == "stalled ?" for part in parts(state="stalled", silent_seconds=math.nan)
    )
