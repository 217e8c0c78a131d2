"""Images of other shapes, from the files of a data set to pictures of the trained network."""

import dataclasses
import io
import json
import math
import struct
from statistics import NormalDist

import numpy as np
import pytest
import torch
from PIL import Image
from support.tiny_runs import NoCommands, tiny_config

from vae_tui.data.catalogue import DATASETS, Dataset
from vae_tui.errors import UsageError, VaeTuiError
from vae_tui.evaluation.assess import assess_run
from vae_tui.evaluation.report import as_text
from vae_tui.export.picture_files import gif, png
from vae_tui.image_shape import DEFAULT_SHAPE, ImageShape
from vae_tui.latent.morph import choose_ends, morph
from vae_tui.model import ARCHITECTURES, build, config_or_fallback, load_network
from vae_tui.model.network_at_step import network_at
from vae_tui.model.probe import coming_probe, load_probe
from vae_tui.run.config import ARCHITECTURES as NAMES
from vae_tui.run.config import from_json, to_json
from vae_tui.run.events import RunStarted, decode
from vae_tui.run.runs_folder import create
from vae_tui.terminal.half_blocks import half_blocks
from vae_tui.terminal.tiles import scale, tile, widths
from vae_tui.training.checkpoint import save_probe, save_weights
from vae_tui.training.distributed.ranks import Ranks
from vae_tui.training.process import train

SHAPES = [
    *(ImageShape(8, 8, 1), ImageShape(12, 10, 1), ImageShape(9, 11, 1), ImageShape(10, 8, 3)),
]
CLASSES = ("ring", "bar", "dot")


def drawn(count: int, shape: ImageShape) -> np.ndarray:
    """Return images that show their class: its row is white, the rest is dark noise."""
    images = np.random.default_rng(2).integers(0, 60, (count, *shape.array), dtype=np.uint8)
    for index, image in enumerate(images):
        image[index % len(CLASSES)] = 255
    return images


def write_idx(path, values: np.ndarray) -> None:
    path.write_bytes(struct.pack(f">4B{values.ndim}I", 0, 0, 8, values.ndim, *values.shape))
    with path.open("ab") as file:
        file.write(values.tobytes())


@pytest.fixture(scope="module", params=SHAPES, ids=str)
def trained(request, tmp_path_factory):
    """Train a data set of one shape with the real trainer; return its run."""
    shape, folder = request.param, tmp_path_factory.mktemp("runs")
    dataset = Dataset(
        "shapes", "Shapes", "Shapes", ("a", "b", "c", "d"), 120, 30, CLASSES, shape=shape
    )
    raw = dataset.raw_folder(folder)
    raw.mkdir(parents=True)
    for name, count in (("a", 120), ("c", 30)):
        write_idx(raw / name, drawn(count, shape))
    for name, count in (("b", 120), ("d", 30)):
        write_idx(raw / name, (np.arange(count) % len(CLASSES)).astype(np.uint8))
    config = tiny_config(
        dataset="shapes", data_dir=str(folder), batch_size=20, image_shape=shape, epochs=5, lr=5e-3
    )
    with pytest.MonkeyPatch.context() as patch:
        patch.setitem(DATASETS, "shapes", dataset)
        run = create(folder / "checkpoints", "one", config)
        assert train(run, config, NoCommands(), Ranks()) == 0, run.log.read_text()
        yield run


def shape_of(run) -> ImageShape:
    return run.config().image_shape


def test_a_run_of_any_shape_records_it_in_config_and_log(trained):
    shape = shape_of(trained)
    assert json.loads((trained.path / "config.json").read_text())["image_shape"] == str(shape)
    started = decode(trained.events.read_bytes().split(b"\n")[0])
    assert isinstance(started, RunStarted)
    assert started.image_shape == str(shape)
    assert f'"image_shape":"{shape}"'.encode() in trained.weights.read_bytes()[:1000]
    assert f'"image_shape":"{shape}"'.encode() in trained.probe.read_bytes()[:1000]


def test_the_probe_of_any_shape_holds_the_test_images_as_they_were_written(trained):
    held = load_probe(trained.probe, trained.config())
    np.testing.assert_array_equal(held.images, drawn(30, shape_of(trained)))
    assert held.classes == CLASSES
    assert held.of_class(2).tolist() == list(range(2, 30, 3))


def test_the_numpy_twin_of_any_shape_computes_what_the_torch_module_computes(trained):
    config = trained.config()
    module, twin = build(config), load_network(trained.weights, config)
    module.load_state_dict({name: torch.tensor(value) for name, value in twin.weights.items()})
    images = drawn(30, config.image_shape)
    pixels = torch.tensor(images).flatten(1).float() / 255
    with torch.no_grad():
        posterior = module.encode(pixels)
        means = posterior.mean
        pictures = 255 * torch.sigmoid(module.decode(means))
    mean, logvar = twin.encode(images)
    np.testing.assert_allclose(mean, means, atol=1e-5)
    np.testing.assert_allclose(logvar, posterior.logvar, atol=1e-5)
    decoded = twin.decode(means.numpy())
    assert decoded.shape == (30, *config.image_shape.array)
    assert np.abs(decoded.reshape(30, -1) - pictures.numpy()).max() <= 0.501


def test_training_on_any_shape_learns_its_images(trained):
    config = trained.config()
    held = load_probe(trained.probe, config)
    losses = [
        network_at(trained, config, step).reconstruct(held.images, "bce")[1].mean()
        for step in (0, 30)
    ]
    assert losses[1] < 0.9 * losses[0]


def test_pictures_of_any_shape_become_png_gif_and_half_blocks(trained):
    shape, config = shape_of(trained), trained.config()
    network, held = network_at(trained, config), load_probe(trained.probe, config)
    pictures = morph(network, held, choose_ends("0", "2", held), 5, "pixels")
    assert pictures.shape == (5, *shape.array)
    with Image.open(io.BytesIO(png(pictures, 3))) as picture:
        assert picture.size == (4 * 3 * shape.width, 4 * 2 * shape.height)
        first = np.asarray(picture)[: 4 * shape.height : 4, : 4 * shape.width : 4]
    np.testing.assert_array_equal(first, pictures[0])
    with Image.open(io.BytesIO(gif(pictures))) as movie:
        assert movie.size == (8 * shape.width, 8 * shape.height)
    strips = half_blocks(tile(scale(pictures, 2 * shape.width), 5))
    assert len(strips) == shape.height
    assert {sum(segment.cell_length for segment in strip) for strip in strips} == {10 * shape.width}


def test_a_run_of_any_shape_is_evaluated(trained):
    result = assess_run(trained, trained.config(), None, 100)
    assert result.images == 30
    assert result.nll is not None and result.elbo_loss is not None
    assert result.nll < result.elbo_loss
    text = as_text(result, "one", dataclasses.replace(trained.config(), reconstruction="mse"))
    nats = -shape_of(trained).pixels * math.log(NormalDist().pdf(0))
    assert f"constant, {nats:.1f} nats" in text


def test_weights_and_probe_of_another_shape_are_refused_by_name(tmp_path):
    turned, config = ImageShape(10, 12, 1), tiny_config(image_shape=ImageShape(12, 10, 1))
    save_weights(tmp_path / "w", build(config).state_dict(), 0, turned)
    images, labels = torch.zeros(3, 120, dtype=torch.uint8), torch.zeros(3, dtype=torch.uint8)
    save_probe(tmp_path / "p", images, labels, turned)
    for load, name in ((load_network, "w"), (load_probe, "p")):
        with pytest.raises(
            VaeTuiError, match=r"/. is for images of 10x12x1, this run's are 12x10x1"
        ):
            load(tmp_path / name, config)


def test_files_without_a_shape_are_of_28_by_28_grey_images(tmp_path):
    record = json.loads(to_json(tiny_config()))
    del record["image_shape"], record["architecture"]
    assert from_json(json.dumps(record)) == tiny_config()
    assert ImageShape.of_metadata({}) == DEFAULT_SHAPE == ImageShape(28, 28, 1)


@pytest.mark.parametrize(
    "text", ["28x28", "28x28x2", "0x28x1", "28x65x1", "8x8x1\n", "\u0668x8x1", 28, None]
)
def test_a_shape_that_cannot_be_is_refused_in_one_line(text):
    with pytest.raises(ValueError, match="shape") as raised:
        ImageShape.parse(text)
    assert "\n" not in str(raised.value)
    with pytest.raises(UsageError, match=r"^image_shape: "):
        from_json(json.dumps({**json.loads(to_json(tiny_config())), "image_shape": text}))


def test_the_shape_of_a_run_with_a_damaged_config_is_that_of_its_weights(tmp_path):
    shape = ImageShape(12, 10, 1)
    config = tiny_config(image_shape=shape, latent_dim=3)
    run = create(tmp_path, None, config)
    save_weights(run.weights, build(config).state_dict(), 0, shape)
    (run.path / "config.json").write_text("{")
    found, _ = config_or_fallback(run)
    assert (found.image_shape, found.latent_dim) == (shape, 3)
    assert load_network(run.weights, found).latent_dim == 3


def test_each_architecture_of_the_config_has_a_torch_module_and_a_numpy_twin(tmp_path):
    assert set(ARCHITECTURES) == set(NAMES)
    for name in NAMES:
        config = tiny_config(architecture=name, image_shape=ImageShape(8, 8, 1))
        state = build(config).state_dict()
        save_weights(tmp_path / name, state, 0, config.image_shape)
        twin = load_network(tmp_path / name, config)
        assert twin.weights.keys() == state.keys()


@pytest.mark.parametrize(
    ("side", "natural"), [(8, 32), (10, 30), (28, 28), (32, 32), (48, 24), (64, 32)]
)
def test_pictures_are_shown_in_whole_multiples_or_fractions_of_their_pixels(side, natural):
    assert widths(side, 1, 2, 0.5) == (natural, 2 * natural, 2 * round(natural / 4))


def test_the_sizes_of_28_pixels_are_those_that_fit_80_by_24():
    assert widths(28, 3, 2, 1, 0.86, 0.71, 0.57, 0.5, 0.43, 0.36, 0.29) == (
        *(84, 56, 28, 24, 20, 16, 14, 12, 10, 8),
    )


def test_a_data_set_of_another_shape_than_the_run_s_gives_no_probe(tmp_path):
    config = tiny_config(image_shape=ImageShape(14, 14, 1))
    with pytest.raises(VaeTuiError, match="another shape than 14x14x1"):
        coming_probe(config)
    assert coming_probe(tiny_config()).images.shape[1:] == (28, 28)
