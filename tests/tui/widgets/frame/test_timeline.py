"""The kept steps on the timeline."""

import pytest
from support.screen import plain
from support.widgets import Host

from vae_tui.tui.widgets.frame.timeline import Timeline, Times


@pytest.mark.parametrize(
    ("count", "drawn"),
    [(3, "time ●──●─●──◆ now"), (5, "time ━━━━━━━━◆ now"), (40, "time ━━━━━━━━◆ now")],
)
async def test_kept_steps_are_dots_or_one_bar_without_gaps_where_they_would_touch(count, drawn):
    timeline = Timeline()
    async with Host(timeline).run_test(size=(20, 1)) as pilot:
        timeline.times = Times(kept=tuple(range(count)))
        await pilot.pause()
        assert plain(timeline) == drawn


@pytest.mark.parametrize(
    ("kept", "shown", "unicode", "drawn"),
    [
        ((100, 200, 300), 200, True, "time ○──●─○──◇ 200"),
        ((100, 200, 300), 200, False, "time .--o-.--+ 200"),
        (tuple(range(40)), 0, True, "time ●━━━━━━━━━◇ 0"),
        ((100, 200, 300), None, False, "time o--o-o--* now"),
    ],
)
async def test_the_step_that_is_shown_is_a_full_mark_among_hollow_ones(kept, shown, unicode, drawn):
    timeline = Timeline()
    async with Host(timeline).run_test(size=(20, 1)) as pilot:
        timeline.times = Times(kept=kept, shown=shown, unicode=unicode)
        await pilot.pause()
        assert plain(timeline) == drawn
