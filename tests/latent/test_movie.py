"""What is drawn with each kept step, and how the map's frames fit together."""

import numpy as np
from support.explored_runs import KEPT, explored_run
from support.fake_networks import probe, random_network
from support.views import with_weights

from vae_tui.latent.movie import AlignedMap, frames


def turned(network, angle):
    """Return the network with the first two dimensions of its code rotated, and the rest kept."""
    d = network.latent_dim
    turn = np.eye(2 * d, dtype=np.float32)
    turn[:2, :2] = [[np.cos(angle), -np.sin(angle)], [np.sin(angle), np.cos(angle)]]
    names = "encoder.2.weight", "encoder.2.bias"
    return with_weights(network, {name: turn @ network.weights[name] for name in names})


def test_the_newest_weights_come_first_and_each_step_once(tmp_path):
    run = explored_run(tmp_path)
    found = list(frames(run, run.config(), lambda network: network.step))
    assert found == [(step, step) for step in reversed(KEPT)]


def test_kept_weights_that_are_removed_meanwhile_are_skipped(tmp_path):
    run = explored_run(tmp_path)
    steps = iter(frames(run, run.config(), lambda network: network.step))
    assert next(steps)[0] == 60
    run.kept_weights(20).unlink()
    assert [step for step, _ in steps] == [1, 0]


def test_a_map_whose_codes_were_only_rotated_stays_as_it_was():
    network, drawn = random_network(1), AlignedMap(probe())
    first = drawn(network)
    for angle in (0.4, 2.0, np.pi):
        np.testing.assert_allclose(drawn(turned(network, angle)), first, atol=1e-3)
