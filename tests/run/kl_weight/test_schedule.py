import pytest
from support.tiny_runs import tiny_config

from vae_tui.run.kl_weight.schedule import beta_at, beta_in_words, is_at_full_beta

CYCLES = tiny_config(warmup=4.0, kl_schedule="cyclical")


@pytest.mark.parametrize(
    ("changes", "expected"),
    [
        ({}, [4, 4, 4, 4, 4, 4]),
        ({"warmup": 4.0}, [0, 1, 2, 3, 4, 4]),
        ({"warmup": 4.0, "kl_schedule": "cyclical"}, [0, 2, 4, 4, 0, 2]),
    ],
)
def test_beta_at_the_beginning_of_each_epoch(changes, expected):
    config = tiny_config(**changes)
    assert [beta_at(config, 4.0, 6 * epoch, 6) for epoch in range(6)] == expected
    assert [beta_at(config, 4.0, epoch, 1) for epoch in range(6)] == expected


@pytest.mark.parametrize(
    ("config", "expected"),
    [
        (tiny_config(), [True] * 9),
        (tiny_config(warmup=3.0), [False, False, *[True] * 7]),
        (CYCLES, [False, True, True, True, False, True, True, True, False]),
    ],
)
def test_a_network_is_judged_where_the_last_epoch_had_the_full_beta(config, expected):
    assert [is_at_full_beta(config, epoch) for epoch in range(1, 10)] == expected


@pytest.mark.parametrize(
    ("changes", "epoch", "words"),
    [
        ({}, 0.0, "4"),
        ({"warmup": 4.0}, 1.5, "1.5 of 4 (warm-up)"),
        ({"warmup": 4.0}, 4.0, "4"),
        ({"warmup": 4.0, "kl_schedule": "cyclical"}, 4.37, "0.74 of 4 (cycle)"),
        ({"warmup": 4.0, "kl_schedule": "cyclical"}, 6.5, "4"),
        ({"warmup": 4.0, "kl_schedule": "cyclical"}, 0.0, "0 of 4 (cycle)"),
        ({"warmup": 4.0, "kl_schedule": "cyclical"}, 4.0, "4"),
        ({"warmup": 4.0, "kl_schedule": "cyclical"}, 4.01, "0.02 of 4 (cycle)"),
        ({"warmup": 0.1, "kl_schedule": "cyclical"}, 0.1 + 0.2, "4"),
    ],
)
def test_beta_in_words_says_what_it_rises_to(changes, epoch, words):
    assert beta_in_words(tiny_config(**changes), 4.0, epoch) == words
