"""The quality of samples from each source, on features that are known."""

import numpy as np
import pytest
import torch
from support.explored_runs import model_at
from support.tiny_runs import random_images, tiny_config

from vae_tui.evaluation.features import RandomFeatures
from vae_tui.evaluation.frechet import frechet_distance, moments
from vae_tui.evaluation.quality import qualities
from vae_tui.image_shape import ImageShape
from vae_tui.latent.codes import aggregate, prior
from vae_tui.latent.mixture_fit import fit
from vae_tui.latent.posterior import Posteriors

MODEL, IMAGES = model_at(1, tiny_config()), random_images()


def first_pixels(pictures):
    """Features that are pixels: 4 of the middle."""
    return pictures[:, 400:404]


@pytest.mark.parametrize("kind", ["vae", "ae"])
def test_the_distance_is_from_training_images_of_test_images_or_as_many_samples(kind):
    model = model_at(1, tiny_config(model=kind))
    found = qualities(*(model, IMAGES.train, IMAGES.test, IMAGES.test, 3, None, first_pixels))
    pixels = IMAGES.test.numpy() / 255
    with torch.no_grad():
        posterior = model.encode(IMAGES.test.float() / 255)
        deviations = torch.exp(posterior.logvar / 2) if kind == "vae" else posterior.mean * 0
        known = Posteriors(posterior.mean.numpy(), deviations.numpy())
        codes = prior(3, 150, 4), aggregate(3, 150, known), fit(known).draw(3, 150)
        pictures = [torch.sigmoid(model.decode(torch.tensor(z))).numpy() for z in codes]
    training = moments(first_pixels(IMAGES.train.numpy() / 255))
    expected = [
        frechet_distance(moments(first_pixels(these)), training) for these in (*pictures, pixels)
    ]
    assert [one.frechet_distance for one in found] == pytest.approx(expected, rel=1e-3)


def test_one_test_image_has_no_distance_and_two_have():
    images = random_images(100, 2)
    for count, expected in ((1, 4), (2, 0)):
        test = images.test[:count]
        found = qualities(*(MODEL, images.train, test, test, 1, None, first_pixels))
        assert [one.frechet_distance for one in found].count(None) == expected


def test_with_one_training_image_nothing_has_a_distance():
    images = random_images(1, 30)
    features = RandomFeatures(images.train, images.shape)
    found = qualities(*(MODEL, images.train, images.test, images.test, 1, None, features))
    assert [one.frechet_distance for one in found] == [None] * 4


@pytest.mark.parametrize(
    "shape", [ImageShape(28, 28, 1), ImageShape(8, 8, 3), ImageShape(64, 64, 3)]
)
def test_random_features_are_the_same_every_time_for_any_shape(shape):
    generator = torch.Generator().manual_seed(1)
    images = torch.randint(0, 256, (50, shape.pixels), dtype=torch.uint8, generator=generator)
    pictures = images.float() / 255
    torch.manual_seed(5)
    before = torch.get_rng_state()
    first = RandomFeatures(images, shape)(pictures)
    assert torch.equal(first, RandomFeatures(images, shape)(pictures))
    assert torch.equal(torch.get_rng_state(), before)
    assert first.shape[0] == 50
    torch.testing.assert_close(RandomFeatures(images, shape)(pictures[3:9]), first[3:9])


def test_random_features_see_a_blur_and_noise_that_has_the_pixels_mean_and_covariance():
    from vae_tui.data.idx_files import load

    digits = load("digits", None)
    pictures = digits.train.float() / 255
    one, other = pictures[0::2], pictures[1::2]
    blurred = torch.nn.functional.avg_pool2d(one.view(-1, 1, 28, 28), 3, 1, 1).view(-1, 784)
    mean, covariance = pictures.mean(0).numpy(), np.cov(pictures.numpy().T)
    noise = np.random.default_rng(1).multivariate_normal(mean, covariance, len(one), method="eigh")
    features = RandomFeatures(digits.train, digits.shape)
    real, same, blur, gaussian = (
        moments(features(each).numpy())
        for each in (one, other, blurred, torch.tensor(noise).float())
    )
    best = frechet_distance(real, same)
    assert frechet_distance(real, blur) > 10 * best
    assert frechet_distance(real, gaussian) > 10 * best
