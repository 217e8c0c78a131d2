import pytest

from vae_tui.latent.diagnosis import Measured, diagnose


def measured(bce, kl, beta, **more):
    """What 150 epochs of the shipped digits measured at this beta."""
    return Measured(bce, kl, floor=46.6, collapse=213.8, beta=beta, **more)


BETA_1 = (88.2, [0.11, 0.86, 0.9, 0.9, 1.03, 1.04, 1.04, 1.1, 1.14, 1.16, 1.19, 1.31, 1.41, 1.44,
                 1.53, 1.64, 1.84, 1.88, 1.93, 1.94], 1.0)  # fmt: skip
BETA_4 = (117.3, [0.0] * 7 + [0.05, 0.14, 0.16, 0.45, 0.63, 0.67, 0.73, 0.9, 0.94, 1.03, 1.23,
                  1.31, 1.36], 4.0)  # fmt: skip
BETA_50 = (213.4, [0.0] * 20, 50.0)


def test_beta_1_is_well():
    assert diagnose(measured(*BETA_1))[0] == "well"


def test_beta_50_has_collapsed():
    word, advice = diagnose(measured(*BETA_50))
    assert word == "collapsed"
    assert "beta" in advice


def test_beta_4_squeezes():
    word, advice = diagnose(measured(*BETA_4))
    assert word == "squeezed"
    assert "13 of 20" in advice


def test_dimensions_to_spare_are_reported_with_a_size_that_would_do():
    word, advice = diagnose(measured(86.9, [0.01] * 39 + [1.0] * 25, 1.0))
    assert word == "dead"
    assert "39 of 64" in advice
    assert "--latent-dim 25" in advice


def test_two_dimensions_at_beta_1_are_not_called_squeezed():
    assert diagnose(measured(159.7, [3.03, 3.05], 1.0))[0] == "well"


def test_a_small_beta_is_not_blamed_for_dimensions_that_are_not_used():
    word, advice = diagnose(measured(159.7, [3.03, 3.05, 0.0], 1.0))
    assert word == "dead"
    assert advice.startswith("1 of 3 dimensions is dead")


def test_an_untrained_network_is_not_called_collapsed():
    assert diagnose(measured(550.0, [0.001] * 20, 1.0, is_trained=False))[0] == "early"


@pytest.mark.parametrize("beta", [1.0, 50.0])
def test_an_auto_encoder_is_not_judged_by_its_kl(beta):
    assert diagnose(measured(81.5, [14.0] * 20, beta, is_vae=False))[0] == "free"


def test_the_advice_for_a_collapse_names_free_bits_and_twice_those_there_are():
    assert "--free-bits 0.1" in diagnose(measured(*BETA_50))[1]
    at_level = (213.4, [0.1] * 20, 50.0)
    word, advice = diagnose(measured(*at_level, free_bits=0.1))
    assert word == "collapsed"
    assert "--free-bits 0.2" in advice


def test_dimensions_at_the_level_of_the_free_bits_are_neither_dead_nor_squeezed():
    bce, kl, beta = BETA_4
    free = [max(one, 0.11) for one in kl]
    word, advice = diagnose(measured(bce, free, beta, free_bits=0.1))
    assert word == "well"
    assert "8 of 20 dimensions are at the 0.1 nats of --free-bits" in advice


def test_free_bits_that_no_dimension_is_at_change_nothing():
    bce, kl, beta = BETA_1
    assert diagnose(measured(bce, kl, beta, free_bits=0.05)) == diagnose(measured(bce, kl, beta))
