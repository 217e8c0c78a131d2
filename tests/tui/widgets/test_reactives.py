"""Reactive values of views and widgets."""

import pytest
from textual.reactive import Reactive, var

from vae_tui.tui.all_views import VIEWS
from vae_tui.tui.views.view import View
from vae_tui.tui.widgets.caption import Caption
from vae_tui.tui.widgets.dimensions.kl_bars import KlBars
from vae_tui.tui.widgets.film_strip import FilmStrip
from vae_tui.tui.widgets.frame.status import Status
from vae_tui.tui.widgets.latent_bars import LatentBars
from vae_tui.tui.widgets.loss_chart import LossChart
from vae_tui.tui.widgets.map.scatter import Scatter
from vae_tui.tui.widgets.pictures import Pictures
from vae_tui.tui.widgets.runs.run_table import RunTable

WIDGETS = [Caption, FilmStrip, KlBars, LatentBars, LossChart, Pictures, RunTable, Scatter, Status]


@pytest.mark.parametrize("kind", [View, *VIEWS, *WIDGETS])
def test_no_reactive_value_repaints_its_whole_widget(kind):
    ours = {name: value for name, value in vars(kind).items() if isinstance(value, Reactive)}
    assert ours or kind in VIEWS
    # A `var` does not repaint: its watcher redraws what changed.
    assert all(isinstance(value, var) for value in ours.values())
