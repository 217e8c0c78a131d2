"""The top line."""

from dataclasses import replace
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st
from rich.cells import cell_len
from rich.text import Text
from support.run_events import CONFIG, NOW, STARTED, losses
from support.screen import plain
from support.widgets import Host

from vae_tui.tui.state.run_view import RunView, advance
from vae_tui.tui.widgets.frame.status import Status, status_of

BEGUN = replace(STARTED, device="cuda:0", images=83_585)
VIEW = advance(RunView("digits-1123-0713", CONFIG, live=True, live_pid=STARTED.pid), [BEGUN])


def parts(
    epoch: float = 30.04, mode: str = "", unicode: bool = True, changes: Any = None, **measured: Any
) -> tuple[Text, ...]:
    """Return the parts for a run that has just reported, with other fields in ``changes``."""
    view = advance(VIEW, [losses(541, epoch=epoch, **measured)])
    view = replace(view, **(changes or {}))
    return status_of(view, NOW, mode, link="", link_is_slow=False, unicode=unicode)


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
        (40, "digits-1123-0713  ● running"),
        (60, "digits-1123-0713  ● running  epoch 30.0/150  ━━━━━━━━ 20%"),
        (75, "digits-1123-0713  ● running  epoch 30.0/150  ━━━━━━━━ 20%  3 m 05 s left"),
        (
            120,
            "vae-tui  digits-1123-0713  ● running  epoch 30.0/150  ━━━━━━━━ 20%  3 m 05 s left  "
            "54.2k img/s  cuda:0 bf16 743M",
        ),
    ],
)
async def test_the_top_line_shows_whole_parts_as_far_as_they_fit(width, expected):
    assert await shown_status(width, *parts()) == expected


@given(
    changes=st.fixed_dictionaries(
        {
            "name": st.text(st.characters(exclude_categories=["Cc", "Cs"]), max_size=120),
            "live": st.booleans(),
            "epochs": st.integers(0, 10**6),
        }
    ),
    epoch=st.floats(0, 1e9),
    images_per_second=st.floats(0, 1e12),
    memory_bytes=st.integers(0, 2**50),
    time=st.floats(),
    mode=st.sampled_from(["", "read only"]),
)
def test_any_run_has_a_top_line_of_one_row(**given_values):
    for part in parts(**given_values):
        assert "\n" not in part.plain


async def test_the_top_line_is_never_wider_than_the_screen():
    status = Status()
    async with Host(status).run_test(size=(200, 3)) as pilot:
        status.parts = parts(mode="read only")
        for width in (200, 100, 80, 61, 33, 12, 3, 1):
            await pilot.resize_terminal(width, 3)
            await pilot.pause()
            assert cell_len(plain(status)) <= width
            assert status.render_line(0).cell_length == width


def test_a_dead_run_has_no_speed_and_no_time_left():
    words = " ".join(part.plain for part in parts(changes={"live": False}))
    assert "● lost" in words
    assert "left" not in words
    assert "img/s" not in words
    assert "743M" not in words


def test_the_percentage_is_of_all_epochs_and_never_above_a_hundred():
    assert parts(epoch=75)[3].plain.endswith(" 50%")
    assert parts(epoch=149.9)[3].plain.endswith(" 99%")
    assert parts(epoch=200)[3].plain.endswith(" 100%")
    assert parts(epoch=200, changes={"epochs": 0})[3].plain.endswith(" 0%")


def test_the_parts_of_the_bar_differ_without_colours():
    assert parts(unicode=False)[3].plain == "#------- 20%"
