import io
import os
import stat

import numpy as np
import pytest
from PIL import Image

from vae_tui.errors import UsageError
from vae_tui.export.output_file import check_output, write
from vae_tui.export.picture_files import gif, map_png, png, write_digits
from vae_tui.terminal.class_colours import CLASS_COLOURS
from vae_tui.terminal.tiles import tile


def digits(count: int) -> np.ndarray:
    return np.random.default_rng(3).integers(0, 256, (count, 28, 28), dtype=np.uint8)


def opened(content: bytes) -> Image.Image:
    return Image.open(io.BytesIO(content))


def test_a_grid_fills_rows_from_the_left_and_leaves_the_rest_black():
    images = digits(5)
    picture = tile(images, 3)
    assert picture.shape == (56, 84)
    for index in range(5):
        row, column = divmod(index, 3)
        part = picture[28 * row : 28 * row + 28, 28 * column : 28 * column + 28]
        assert np.array_equal(part, images[index])
    assert not picture[28:, 56:].any()


def test_a_png_read_back_is_the_grid_enlarged_fourfold():
    images = digits(6)
    with opened(png(images, 3, "six digits, über alles")) as picture:
        assert (picture.format, picture.mode) == ("PNG", "L")
        assert picture.text["Description"] == "six digits, über alles"
        read = np.asarray(picture)
    for y in range(4):
        for x in range(4):
            assert np.array_equal(read[y::4, x::4], tile(images, 3))


def test_only_images_with_a_light_border_have_a_gutter_in_a_png():
    dark = np.zeros((4, 8, 8), np.uint8)
    dark[:, 2:6, 2:6] = 255
    with opened(png(dark, 2)) as picture:
        assert picture.size == (64, 64)
    with opened(png(255 - dark, 2)) as picture:
        read = np.asarray(picture)
    assert read.shape == (68, 68)
    assert not read[32:36].any()
    assert not read[:, 32:36].any()
    assert [(read[row] == 255).sum() for row in (0, 67)] == [64, 64]


def test_a_very_long_strip_is_enlarged_less():
    with opened(png(digits(200), 200)) as picture:
        assert picture.size == (200 * 28 * 2, 28 * 2)


def test_the_frames_of_a_gif_go_to_the_end_and_back():
    images = digits(4)
    with opened(gif(images, "four")) as movie:
        assert (movie.format, movie.n_frames, movie.info["loop"]) == ("GIF", 6, 0)
        assert movie.info["comment"] == b"four"
        for number, index in enumerate((0, 1, 2, 3, 2, 1)):
            movie.seek(number)
            assert movie.info["duration"] == 100
            frame = np.asarray(movie.convert("L"))
            assert frame.shape == (224, 224)
            assert np.array_equal(frame[::8, ::8], images[index])


def test_a_gif_of_two_pictures_swings_between_them():
    with opened(gif(digits(2))) as movie:
        assert movie.n_frames == 2


@pytest.mark.parametrize("name", ["a.png", "a.PNG", "a.gif"])
def test_the_suffix_decides_the_format(tmp_path, name):
    write_digits(tmp_path / name, digits(2), 2, "")
    with Image.open(tmp_path / name) as picture:
        assert picture.format == name[-3:].upper()


def test_the_same_pictures_are_the_same_bytes():
    assert png(digits(4), 2, "x") == png(digits(4), 2, "x")
    assert gif(digits(4), "x") == gif(digits(4), "x")


@pytest.mark.parametrize("name", ["a", "a.jpg", "a.pngx", ".png", "a.", ".."])
def test_a_name_that_tells_no_format_is_refused_with_the_right_ones(tmp_path, name):
    with pytest.raises(UsageError, match=r"must end in \.png or \.gif") as raised:
        check_output(tmp_path / name, (".png", ".gif"))
    assert "\n" not in str(raised.value)


def test_the_nearest_name_is_offered(tmp_path):
    with pytest.raises(UsageError, match=r"a\.gif for example"):
        check_output(tmp_path / "a.gfi", (".png", ".gif"))


def test_a_folder_is_no_file_to_write(tmp_path):
    (tmp_path / "a.png").mkdir()
    with pytest.raises(UsageError, match="is a folder"):
        check_output(tmp_path / "a.png", (".png",))
    with pytest.raises(UsageError, match=r"cannot be written: Is a directory"):
        write(tmp_path / "a.png", b"x")
    with pytest.raises(UsageError, match="there is no folder"):
        check_output(tmp_path / "missing" / "a.png", (".png",))


@pytest.mark.parametrize("folder", ["/proc", "/missing"])
def test_what_cannot_be_written_is_said_in_one_line_and_leaves_nothing(folder):
    with pytest.raises(UsageError) as raised:
        write(__import__("pathlib").Path(folder) / "a.png", b"x")
    assert str(raised.value).startswith(f"-o {folder}/a.png cannot be written: ")
    assert "\n" not in str(raised.value)


def test_a_file_is_readable_as_the_umask_says(tmp_path):
    before = os.umask(0o027)
    try:
        write(tmp_path / "a.png", b"x")
        assert os.umask(0o027) == 0o027
    finally:
        os.umask(before)
    assert stat.S_IMODE((tmp_path / "a.png").stat().st_mode) == 0o640
    assert [path.name for path in tmp_path.iterdir()] == ["a.png"]


def test_class_colours_are_ten_of_the_256_colour_cube():
    levels = {0x00, 0x5F, 0x87, 0xAF, 0xD7, 0xFF}
    assert len(set(CLASS_COLOURS)) == 10
    for colour in CLASS_COLOURS:
        assert set(bytes.fromhex(colour[1:])) <= levels


def test_the_map_draws_each_class_in_its_colour_where_its_points_are():
    points = np.array([[-1, 1], [-1, 1], [1, -1]], np.float32)
    content = map_png(points, np.array([3, 3, 8], np.uint8), tuple("0123456789"), "a map")
    with opened(content) as picture:
        assert picture.text["Description"] == "a map"
        read = np.asarray(picture)[:, :960]
    for label, top, left in ((3, True, True), (8, False, False)):
        colour = np.frombuffer(bytes.fromhex(CLASS_COLOURS[label][1:]), np.uint8)
        rows, columns = np.nonzero((read == colour).all(2))
        assert len(rows) > 20
        assert (rows.mean() < 508) == top
        assert (columns.mean() < 480) == left


def test_classes_of_the_map_differ_without_colour():
    points = np.zeros((1, 2), np.float32)
    drawn = set()
    for label in range(10):
        content = map_png(points, np.array([label], np.uint8), tuple("0123456789"), "")
        with opened(content) as picture:
            drawn.add((np.asarray(picture.convert("L"))[:, :960] > 60).tobytes())
    assert len(drawn) == 10


@pytest.mark.parametrize("count", [1, 2])
def test_a_map_of_points_in_one_place_is_drawn(count):
    content = map_png(
        np.full((count, 2), 7, np.float32), np.zeros(count, np.uint8), ("T-shirt/top",), "t"
    )
    with opened(content) as picture:
        assert picture.size == (1160, 1016)
