"""Each view as SVG, at two sizes, dark and light: the pictures in README are what is tested.

After a change of the screen: ``pytest tests/tui/test_snapshots.py -n 0 --update-snapshots``, look
at the new files in ``tests/snapshots/``, and commit them with the change.
"""

import time

import pytest
from support.processes import PATIENCE_SECONDS
from support.snapshots import FOLDER, app_of, copied_run, differences, picture, settled

from vae_tui.export.screen_svg import Run, screen_svg

THEMES = {"dark": "vae-dark", "light": "vae-light"}
SIZES = ((80, 24), (120, 40))
PICTURES = {
    "train": "1", "samples": "2", "walk": "3", "map": "4", "dimensions": "5", "runs": "6",
    "bubbles": "4o",
}  # fmt: skip
"""The keys that lead to each picture, one after the other."""


@pytest.fixture(scope="module")
def run(tmp_path_factory):
    return copied_run(tmp_path_factory.mktemp("snapshots"))


@pytest.fixture
def utc(monkeypatch):
    """Let the times of the run's start be the same everywhere."""
    monkeypatch.setenv("TZ", "UTC")
    time.tzset()
    yield
    monkeypatch.undo()
    time.tzset()


@pytest.mark.parametrize("theme", THEMES)
@pytest.mark.parametrize("size", SIZES, ids=lambda size: "x".join(map(str, size)))
async def test_each_view_looks_as_in_its_picture(run, utc, monkeypatch, request, size, theme):
    updates = request.config.getoption("--update-snapshots")
    if not (updates or any(FOLDER.glob("*.svg"))):
        pytest.skip("no pictures have been made; see the first lines of this file")
    monkeypatch.chdir(run.path.parents[1])
    app, wrong = app_of(run), {}
    async with app.run_test(size=size) as pilot:
        app.theme = THEMES[theme]
        await until(pilot, lambda: app.scene and app.scene.network and app.scene.probe)
        for view, keys in PICTURES.items():
            await pilot.press(*keys)
            title = f"vae-tui, {view}"
            file = FOLDER / f"{view}-{size[0]}x{size[1]}-{theme}.svg"
            if updates:
                file.parent.mkdir(exist_ok=True)
                file.write_text(await settled(pilot, title))
            elif not file.exists():
                wrong[file.name] = "there is no such picture"
            elif difference := await last_difference(pilot, title, file.read_text()):
                wrong[file.name] = difference
    assert not wrong, "pytest tests/tui/test_snapshots.py -n 0 --update-snapshots updates them"


async def last_difference(pilot, title, expected):
    """Return how the screen differs from a picture, empty once it does not."""
    deadline = time.monotonic() + 60
    while (difference := differences(picture(pilot, title), expected)) and (
        time.monotonic() < deadline
    ):
        await pilot.pause(0.2)
    return difference


async def until(pilot, condition):
    deadline = time.monotonic() + PATIENCE_SECONDS
    while not condition():
        assert time.monotonic() < deadline
        await pilot.pause(0.02)


def svg(word="Samples", colour="#d0d0d0", numeral="7", level=100, x=0):
    """Return a small screen: a word, a number, a point of a map, a picture of 100 grey pixels."""
    picture = [Run("▀" * 10 + " " * 10, f"#{level:02x}{level:02x}{level:02x}", "#000000")] * 10
    text = Run(" " * x + f"{word} {numeral}00".ljust(20 - x), colour, "#000000")
    point = Run("  3".ljust(20), "#ff5f5f", "#000000")
    return screen_svg([[text], [point], *([row] for row in picture)], "")


@pytest.mark.parametrize(
    "change",
    [
        {"word": "Sample"},
        {"x": 1},
        {"colour": "#ffffff"},
        {"level": 160},
    ],
    ids=str,
)
def test_another_word_place_style_or_picture_is_a_difference(change):
    assert differences(svg(**change), svg())


@pytest.mark.parametrize("change", [{}, {"numeral": "8"}, {"level": 110}], ids=str)
def test_another_number_or_a_rounded_pixel_is_none(change):
    assert not differences(svg(**change), svg())
