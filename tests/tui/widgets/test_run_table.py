"""The table of runs: what is updated, and its marks."""

import pytest
from support.fake_readers import listed
from support.widgets import Host

from vae_tui.tui.widgets.runs.run_table import RunTable, RunTableContent


class RecordingTable(RunTable):
    """A run table that remembers which of its rows were updated and how often it was built."""

    def __init__(self):
        super().__init__()
        self.updated, self.built = set(), 0

    def update_cell_at(self, coordinate, value, **more):
        self.updated.add(coordinate.row)
        super().update_cell_at(coordinate, value, **more)

    def clear(self, columns=False):
        self.built += 1
        return super().clear(columns)


async def test_of_2000_runs_only_the_one_that_advanced_is_updated_and_the_view_stays():
    table = RecordingTable()
    runs = [listed(f"run-{number:04}", step=1000 + number) for number in range(2000)]
    async with Host(table).run_test(size=(100, 20)) as pilot:
        table.content = RunTableContent(tuple(runs))
        table.chosen = 1500
        await pilot.pause()
        table.scroll_to(y=700, animate=False, immediate=True)
        await pilot.pause()
        seen = table.render_line(5).text
        table.built = 0
        runs[706] = listed("run-0706", "running", step=5000)
        table.content = RunTableContent(tuple(runs))
        await pilot.pause()
        assert table.updated == {706}
        assert (table.built, table.cursor_row, table.scroll_y) == (0, 1500, 700)
        assert table.render_line(5).text == seen
        assert "running" in table.render_line(7).text


async def test_the_mark_of_an_overlaid_run_goes_when_the_overlay_goes():
    table = RunTable()
    runs = (listed("a"), listed("b"))
    async with Host(table).run_test(size=(100, 5)) as pilot:
        for overlaid, mark in (({}, "  "), ({runs[1].path: "overlay"}, "■ "), ({}, "  ")):
            table.content = RunTableContent(runs, overlaid=overlaid)
            await pilot.pause()
            assert table.render_line(2).text.startswith(f"  {mark}b ")


@pytest.mark.parametrize(("unicode", "high"), [(True, "█"), (False, "@")])
async def test_without_unicode_the_curve_of_a_run_is_in_ascii(unicode, high):
    table, run = RunTable(), listed("a", losses=(500.0, 120.0, 110.0, 100.0))
    async with Host(table).run_test(size=(120, 5)) as pilot:
        table.content = RunTableContent((run,), unicode=unicode)
        await pilot.pause()
        shown = table.render_line(1).text
        assert high in shown
        assert shown.isascii() or unicode
