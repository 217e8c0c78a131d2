"""Any image that Pillow reads becomes a small square of bytes."""

import contextlib
import io
import struct
import zlib

import numpy as np
import pytest
from PIL import Image

from vae_tui.data.own.pixels import Unusable, decode, from_array, is_grey, read_file, read_image


def stored(image, **options):
    """Return an image as it is after it was written to a file."""
    file = io.BytesIO()
    image.save(file, **options)
    return read_image(io.BytesIO(file.getvalue()))


def test_an_image_is_cropped_to_the_square_in_its_middle_and_resized_by_area():
    pixels = np.zeros((4, 8), np.uint8)
    pixels[:, :2] = pixels[:, 6:] = 255  # cut off
    pixels[0, 2], pixels[1, 3] = 200, 100
    result = decode(stored(Image.fromarray(pixels), format="PNG"), 2, 1)
    assert result.tolist() == [[75, 0], [0, 0]]


def test_small_images_are_enlarged_and_one_pixel_fills_all():
    assert decode(stored(Image.new("L", (1, 1), 77), format="PNG"), 8, 1).tolist() == [[77] * 8] * 8


@pytest.mark.parametrize(
    ("image", "grey"),
    [
        (Image.new("1", (8, 8), 1), 255),
        (Image.new("P", (8, 8), 0), 0),
        (Image.new("RGB", (8, 8), (255, 255, 255)), 255),
        (Image.new("LA", (8, 8), (200, 0)), 0),
        (Image.new("RGBA", (8, 8), (255, 255, 255, 128)), 128),
        (Image.fromarray(np.full((8, 8), 65_535, np.uint16)), 255),
        (Image.fromarray(np.full((8, 8), 256, np.uint16)), 1),
    ],
)
def test_every_mode_of_png_has_the_grey_it_shows(image, grey):
    assert decode(stored(image, format="PNG"), 8, 1).tolist() == [[grey] * 8] * 8


def test_cmyk_and_floating_point_images_are_read():
    cmyk = stored(Image.new("CMYK", (8, 8), (0, 0, 0, 0)), format="JPEG", quality=95)
    assert decode(cmyk, 8, 1).min() > 250
    for highest in (1.0, 255.0):
        image = Image.fromarray(np.full((8, 8), highest, np.float32))
        assert (decode(stored(image, format="TIFF"), 8, 1) == 255).all()


def test_a_picture_that_exif_turns_is_upright():
    pixels = np.zeros((8, 8), np.uint8)
    pixels[0] = 255
    exif = Image.Exif()
    exif[0x0112] = 6  # turned to the right when shown
    image = stored(Image.fromarray(pixels), format="PNG", exif=exif)
    assert decode(image, 8, 1)[:, 7].tolist() == [255] * 8


def test_of_an_animation_the_first_picture_is_taken():
    frames = [Image.new("L", (8, 8), grey) for grey in (10, 200)]
    image = stored(frames[0], format="GIF", save_all=True, append_images=frames[1:])
    assert (decode(image, 8, 1) == 10).all()


def test_colours_are_kept_where_they_are_wanted():
    image = stored(Image.new("RGB", (8, 8), (10, 20, 30)), format="PNG")
    assert not is_grey(image)
    assert decode(image, 4, 3).tolist() == [[[10, 20, 30]] * 4] * 4


@pytest.mark.parametrize("mode", ["L", "RGB", "P", "1", "LA"])
def test_grey_images_are_recognised_in_any_mode(mode):
    grey = Image.fromarray(np.tile(np.arange(64, dtype=np.uint8), (64, 1))).convert(mode)
    assert is_grey(stored(grey, format="PNG"))
    if mode == "RGB":
        assert is_grey(stored(grey, format="JPEG"))


def png_of(width, height, data=b""):
    def chunk(kind, content):
        checked = kind + content
        return struct.pack(">I", len(content)) + checked + struct.pack(">I", zlib.crc32(checked))

    header = chunk(b"IHDR", struct.pack(">IIBBBBB", width, height, 8, 0, 0, 0, 0))
    return b"\x89PNG\r\n\x1a\n" + header + chunk(b"IDAT", zlib.compress(data)) + chunk(b"IEND", b"")


@pytest.mark.parametrize("width", [20_000, 100_000, 2**31 - 1])
def test_a_bomb_is_refused_by_the_size_it_says_before_it_is_decoded(width):
    with pytest.raises(Unusable, match="too large"):
        read_image(io.BytesIO(png_of(width, 20_000)))


@pytest.mark.parametrize("content", [b"", b"text", png_of(8, 8, b"\0" * 20), png_of(8, 8)[:50]])
def test_damaged_files_are_unusable_in_a_few_words(tmp_path, content):
    (tmp_path / "a.png").write_bytes(content)
    with pytest.raises(Unusable) as raised:
        read_file(tmp_path / "a.png", 8, 1)
    assert 0 < len(str(raised.value)) < 100


def test_postscript_is_not_run():
    with pytest.raises(Unusable, match="PostScript"):
        stored(Image.new("L", (8, 8)), format="EPS")


@pytest.mark.filterwarnings("ignore::PIL.Image.DecompressionBombWarning")
def test_files_with_any_wrong_byte_are_read_or_unusable(tmp_path):
    rng = np.random.default_rng(2)
    image = Image.fromarray(rng.integers(0, 255, (16, 16, 3), dtype=np.uint8))
    for ending in ("png", "jpg", "gif", "webp", "tiff", "bmp", "ppm"):
        image.save(tmp_path / f"good.{ending}")
        good = (tmp_path / f"good.{ending}").read_bytes()
        for _ in range(60):
            bad = bytearray(good)
            bad[rng.integers(len(bad))] = rng.integers(256)
            path = tmp_path / f"bad.{ending}"
            path.write_bytes(bad[: rng.integers(1, len(bad) + 1)])
            with contextlib.suppress(Unusable):
                assert read_file(path, 8, 1)[1].shape == (8, 8)


@pytest.mark.parametrize("shape", [(9, 9), (9, 9, 1), (9, 12, 3)])
def test_an_image_of_an_array_is_converted_as_one_of_a_file(shape):
    pixels = np.random.default_rng(3).integers(0, 255, shape, dtype=np.uint8)
    plain = pixels[..., 0] if shape[2:] == (1,) else pixels
    for channels in (1, 3):
        expected = decode(stored(Image.fromarray(plain), format="PNG"), 6, channels)
        assert (from_array(pixels, 6, channels) == expected).all()


@pytest.mark.parametrize("shape", [(6, 6), (6, 6, 1), (6, 6, 3)])
def test_an_array_of_the_right_shape_is_taken_as_pillow_would(shape):
    pixels = np.random.default_rng(1).integers(0, 256, shape, dtype=np.uint8)
    for channels in (1, 3):
        whole = Image.fromarray(pixels.reshape(6, 6, -1).squeeze())
        expected = np.asarray(whole.convert("L" if channels == 1 else "RGB"))
        assert np.array_equal(from_array(pixels, 6, channels), expected)
