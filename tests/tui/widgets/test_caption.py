"""Captions of one line."""

from support.run_events import NOW
from support.screen import plain
from support.widgets import Host, Listening
from textual.geometry import Region

from vae_tui.tui.widgets.caption import Caption


class ListeningCaption(Listening, Caption):
    DEFAULT_CSS = "ListeningCaption { height: 1; }"


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


async def test_a_caption_cuts_its_first_part_rather_than_drop_the_weights():
    caption = Caption()
    async with Host(caption).run_test(size=(80, 3)) as pilot:
        caption.weights = "step 540, 2 s old"
        caption.text = "[b]8 (test image #344) into 3[/b] · {weights} · temperature 1"
        for width, expected in (
            (64, "8 (test image #344) into 3 · step 540, 2 s old · temperature 1"),
            (50, "8 (test image #344) into 3 · step 540, 2 s old"),
            (46, "8 (test image #344) into 3 · step 540, 2 s old"),
            (36, "8 (test image #~ · step 540, 2 s old"),
            (21, "~ · step 540, 2 s old"),
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
