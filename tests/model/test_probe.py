"""Which test images a run's probe has: of a folder sorted by class, images of every class."""

import numpy as np
import pytest
from support.tiny_runs import random_images, tiny_config, tiny_trainer

from vae_tui.data.idx_files import load
from vae_tui.data.own.convert import convert
from vae_tui.data.own.source import open_source
from vae_tui.image_shape import ImageShape
from vae_tui.model.probe import PROBE_IMAGES, coming_probe, load_probe, spread
from vae_tui.run.runs_folder import create
from vae_tui.training.recorder import Recorder

SHAPE = ImageShape(8, 8, 1)
CLASSES = ("a", "b", "c", "d")


class Writer:
    """Writes at once; reserves no space."""

    def write(self, attempt):
        attempt()

    def reserve_space(self):
        pass


@pytest.fixture
def sorted_by_class(tmp_path):
    """The config of a run on 1,600 test images, each class after the other."""
    images = np.random.default_rng(1).integers(0, 255, (16_000, 8, 8), dtype=np.uint8)
    np.savez(tmp_path / "a.npz", images=images, labels=np.repeat(CLASSES, 4_000))
    found = convert(open_source(tmp_path / "a.npz"), SHAPE, tmp_path)
    return tiny_config(
        dataset=str(tmp_path / "a.npz"), data_dir=str(tmp_path), data_checksum=found.checksum,
        image_shape=SHAPE, classes=found.classes,
    )  # fmt: skip


def test_the_probe_of_images_sorted_by_class_has_as_many_of_each(sorted_by_class):
    probe = coming_probe(sorted_by_class)
    assert len(probe.labels) == PROBE_IMAGES
    assert min(len(probe.of_class(label)) for label in range(4)) > 200


def test_the_trainer_writes_the_probe_that_was_coming(sorted_by_class, tmp_path):
    config = sorted_by_class
    images = load(config.dataset, tmp_path, SHAPE, config.data_checksum)
    run = create(tmp_path / "runs", "run", config)
    Recorder(run, tiny_trainer(config, images), Writer()).begin(images)
    found, coming = load_probe(run.probe, config), coming_probe(config)
    assert np.array_equal(found.images, coming.images)
    assert np.array_equal(found.labels, coming.labels)


def test_the_probe_of_a_known_data_set_is_its_first_test_images(tmp_path):
    images = random_images(test=PROBE_IMAGES + 100)
    run = create(tmp_path, "run", tiny_config())
    Recorder(run, tiny_trainer(), Writer()).begin(images)
    found = load_probe(run.probe, tiny_config())
    assert np.array_equal(found.images.reshape(-1, 784), images.test[:PROBE_IMAGES])


@pytest.mark.parametrize("count", [1, 4, 5, 6, 9, 10, 19])
def test_spread_indices_are_distinct_and_leave_no_large_gap(count):
    found = spread(count, 5)
    assert len(set(found.tolist())) == min(count, 5)
    gaps = np.diff([*found, count])
    assert found[0] == 0
    assert gaps.max() <= -(-count // 5)


def test_no_images_have_no_indices():
    assert len(spread(0, 5)) == 0
