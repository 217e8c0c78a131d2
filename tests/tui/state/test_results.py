"""What of a run is diagnosed."""

import dataclasses

import pytest
from support import run_events
from support.run_events import CONFIG, STARTED, losses

from vae_tui.latent.diagnosis import diagnose
from vae_tui.tui.state.run_view import RunView, advance

COLLAPSED = {"test_bce": 213.4, "kl_per_dimension": (0.0,) * 20}


def results(epoch: int, beta_now: float, **changes: object):
    view = RunView("run", dataclasses.replace(CONFIG, **changes))
    test = run_events.tested(epoch, step=18 * epoch, **COLLAPSED)
    return advance(view, [STARTED, losses(18 * epoch, beta=beta_now), test]).results


@pytest.mark.parametrize(
    ("epoch", "word"), [(11, "early"), (14, "early"), (15, "collapsed"), (20, "collapsed")]
)
def test_a_collapse_is_not_diagnosed_in_the_low_part_of_a_cycle(epoch, word):
    found = results(epoch, 0.1, warmup=10.0, kl_schedule="cyclical")
    assert diagnose(found)[0] == word


def test_the_beta_of_a_schedule_is_the_one_that_it_rises_to():
    assert results(20, 0.0, warmup=10.0, kl_schedule="cyclical", beta=4.0).beta == 4.0
    assert results(20, 2.0, beta=4.0).beta == 2.0  # it was changed since
