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
