import numpy as np
import pytest
from support.explored_runs import KEPT, NEWEST, explored_run, model_at

from vae_tui.errors import UsageError, VaeTuiError
from vae_tui.latent.codes import between, code_text, parse_code, prior, samples
from vae_tui.latent.morph import choose_ends, morph, title_of
from vae_tui.model.network_at_step import network_at
from vae_tui.model.numpy_network import Network
from vae_tui.model.probe import Probe, load_probe


@pytest.fixture(scope="module")
def run(tmp_path_factory):
    return explored_run(tmp_path_factory.mktemp("runs"))


@pytest.fixture
def network(run) -> Network:
    return network_at(run, run.config())


@pytest.fixture
def probe(run) -> Probe:
    return load_probe(run.probe, run.config())


def refusal(function, *arguments) -> str:
    with pytest.raises(UsageError) as raised:
        function(*arguments)
    assert "\n" not in str(raised.value)
    return str(raised.value)


def test_without_a_step_the_network_is_the_newest(run, network):
    assert network.step == NEWEST
    weight = model_at(NEWEST, run.config()).state_dict()["decoder.2.weight"]
    np.testing.assert_array_equal(network.weights["decoder.2.weight"], weight)


@pytest.mark.parametrize("step", KEPT)
def test_the_network_of_each_kept_step_is_found(run, step):
    found = network_at(run, run.config(), step)
    weight = model_at(step, run.config()).state_dict()["encoder.0.weight"]
    np.testing.assert_array_equal(found.weights["encoder.0.weight"], weight)
    assert found.step == step


@pytest.mark.parametrize(
    ("step", "near"),
    [(-5, "is 0"), (2, "are 1 and 20"), (21, "are 20 and 60"), (10**30, "is 60")],
)
def test_of_a_step_that_was_not_kept_the_nearest_are_named(run, step, near):
    refused = refusal(network_at, run, run.config(), step)
    assert refused == f"step {step} was not kept; the nearest {near}"


def test_the_newest_weights_are_one_of_the_steps(tmp_path):
    run = explored_run(tmp_path)
    run.kept_weights(NEWEST).unlink()
    assert network_at(run, run.config(), NEWEST).step == NEWEST
    assert refusal(network_at, run, run.config(), 59).endswith("are 20 and 60")


def test_kept_steps_can_be_seen_though_the_newest_weights_are_damaged(tmp_path):
    run = explored_run(tmp_path)
    run.weights.write_bytes(b"no weights")
    assert network_at(run, run.config(), 20).step == 20
    with pytest.raises(VaeTuiError, match=r"weights\.safetensors cannot be read") as raised:
        network_at(run, run.config())
    assert raised.value.exit_code == 1


def test_a_run_without_weights_says_so(tmp_path):
    run = explored_run(tmp_path)
    run.weights.unlink()
    assert network_at(run, run.config()).step == 60  # those kept are weights too
    for step in KEPT:
        run.kept_weights(step).unlink()
    for step in (None, 20):
        assert refusal(network_at, run, run.config(), step) == (
            f"one has no weights yet; watch it with: vae-tui attach {run.path}"
        )


def test_samples_are_the_prior_times_the_temperature(network):
    np.testing.assert_array_equal(samples(network, 7, 3), prior(3, 7, 4))
    np.testing.assert_array_equal(samples(network, 7, 3, 0.5), prior(3, 7, 4) / 2)
    assert not samples(network, 7, 3, 0.0).any()
    assert samples(network, 7, 3, 0.5).dtype == np.float32


@pytest.mark.parametrize(
    ("numbers", "said"),
    [
        ((0, 1, 1.0), "-n must be 1 to 10000, not 0"),
        ((10_001, 1, 1.0), "-n must be 1 to 10000, not 10001"),
        ((1, -1, 1.0), "--seed must be 0 to"),
        ((1, 1, -0.5), "--temperature must be 0 to 100, not -0.5"),
        ((1, 1, float("nan")), "--temperature must be 0 to 100, not nan"),
        ((1, 1, float("inf")), "--temperature must be 0 to 100, not inf"),
    ],
)
def test_numbers_out_of_range_are_refused(network, numbers, said):
    assert refusal(samples, network, *numbers).startswith(said)


def test_a_class_stands_for_its_most_typical_image(probe):
    start, end = choose_ends("3", "8", probe)
    assert (probe.labels[start], probe.labels[end]) == (3, 8)
    images = probe.images[probe.labels == 3].astype(float)
    distances = np.square(images - images.mean(0)).sum((1, 2))
    np.testing.assert_array_equal(probe.images[start], images[distances.argmin()])


def test_a_seed_chooses_another_image_of_the_class_and_always_the_same(probe):
    chosen = {choose_ends("3", "8", probe, seed) for seed in range(30)}
    assert {tuple(probe.labels[list(ends)]) for ends in chosen} == {(3, 8)}
    assert len(chosen) > 10
    assert choose_ends("3", "8", probe, 5) == choose_ends("3", "8", probe, 5)


@pytest.mark.parametrize("seed", [None, 4])
def test_a_class_given_twice_gives_two_images(probe, seed):
    start, end = choose_ends("5", "5", probe, seed)
    assert start != end
    assert probe.labels[start] == probe.labels[end] == 5


def test_a_test_image_is_itself(probe):
    assert choose_ends("#0", " #149", probe) == (0, 149)
    assert choose_ends("#7", "#7", probe) == (7, 7)


@pytest.mark.parametrize(
    "text", ["10", "-1", "x", "", "#", "#150", "#-1", "#1.5", "3.0", "٣", "#" + "9" * 30, "\x1b[2J"]
)
def test_what_is_neither_class_nor_image_is_refused_with_what_is(probe, text):
    refused = refusal(choose_ends, "3", text, probe)
    assert refused.endswith("give a class from 0 to 9, or a test image from '#0' to '#149'")
    assert refused.isprintable()


def test_a_class_of_which_there_is_no_image_is_refused(probe):
    none = Probe(probe.images[:2], np.array([1, 2], np.uint8), probe.classes)
    assert refusal(choose_ends, "1", "7", none) == "the run's test images have none of class 7"


def test_a_class_can_be_given_by_its_name(probe):
    names = ("o", "ki", "su", "tsu", "na", "ha", "ma", "ya", "re", "wo")
    named = Probe(probe.images, probe.labels, names)
    assert choose_ends("tsu", "re", named) == choose_ends("3", "8", named)
    none = Probe(probe.images[:1], np.zeros(1, np.uint8), names)
    assert refusal(choose_ends, "o", "ki", none) == "the run's test images have none of class ki"


def test_images_without_classes_are_named_by_their_numbers(probe):
    alone = Probe(probe.images, np.zeros(len(probe.images), np.uint8), ("all",))
    assert title_of(alone, 7) == "test image #7"
    assert refusal(choose_ends, "#3", "9", alone) == (
        "'9' is not an image to morph: give a test image from '#0' to '#149'"
    )


def test_a_class_name_from_a_foreign_run_is_printable(probe):
    hostile = Probe(probe.images, probe.labels, ("\x1b[2J\ud800",) * 10)
    assert title_of(hostile, 7) == "?[2J? (test image #7)"


@pytest.mark.parametrize("path", ["linear", "slerp"])
def test_a_morph_decodes_the_way_between_the_means(network, probe, path):
    means, _ = network.encode(probe.images[[3, 80]])
    expected = network.decode(between(means[0], means[1], 9, path))
    np.testing.assert_array_equal(morph(network, probe, (3, 80), 9, path), expected)


def test_a_morph_in_pixels_fades_between_the_same_ends(network, probe):
    fade = morph(network, probe, (3, 80), 5, "pixels")
    straight = morph(network, probe, (3, 80), 5)
    np.testing.assert_array_equal(fade[[0, -1]], straight[[0, -1]])
    middle = (fade[0].astype(float) + fade[-1]) / 2
    assert np.abs(fade[2] - middle).max() <= 0.5
    assert fade.dtype == np.uint8


@pytest.mark.parametrize(
    ("steps", "path", "said"),
    [
        (1, "linear", "--steps must be 2 to 200, not 1"),
        (201, "linear", "--steps must be 2 to 200, not 201"),
        (5, "pixel", "--path 'pixel': did you mean pixels? it can be linear, slerp, pixels"),
    ],
)
def test_a_morph_that_cannot_be_is_refused(network, probe, steps, path, said):
    assert refusal(morph, network, probe, (0, 1), steps, path) == said


@pytest.mark.parametrize("text", ["1,-2,.5,1e-3", "[1, -2, 0.5, 0.001]", " 1 -2\t.5\n1e-3 "])
def test_a_code_is_read_with_commas_or_spaces(text):
    np.testing.assert_array_equal(parse_code(text, 4), np.array([1, -2, 0.5, 0.001], np.float32))


def test_a_code_written_and_read_back_is_the_same_to_the_last_bit():
    code = prior(1, 1, 500)[0] * np.float32(10) ** np.arange(-30, 3, 0.066).astype(np.float32)[:500]
    np.testing.assert_array_equal(parse_code(code_text(code), 500), code)


FAR = "--z needs 4 numbers separated by commas, none beyond 10000; "


@pytest.mark.parametrize(
    ("text", "said"),
    [
        ("1,2,3", "--z needs 4 numbers separated by commas, one for each latent dimension; "
                  "there are 3"),
        ("1,2,3,4,5", "--z needs 4 numbers separated by commas, one for each latent dimension; "
                      "there are 5"),
        ("1,2,x,4", "--z needs 4 numbers separated by commas; number 3 is 'x'"),
        ("1,2,,4", "--z needs 4 numbers separated by commas; number 3 is ''"),
        ("", "--z needs 4 numbers separated by commas; number 1 is ''"),
        ("1,nan,3,4", FAR + "number 2 is 'nan'"),
        ("1,2,3,1e39", FAR + "number 4 is '1e39'"),
    ],
)  # fmt: skip
def test_what_is_no_code_is_refused_with_the_length_wanted(text, said):
    assert refusal(parse_code, text, 4) == said
