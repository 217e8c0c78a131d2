"""Reactive values of views and widgets."""

from vae_tui.tui.views import VIEWS
from vae_tui.tui.views.view import View
from vae_tui.tui.widgets.caption import Caption
from vae_tui.tui.widgets.latent_bars import LatentBars
from vae_tui.tui.widgets.loss_chart import LossChart
from vae_tui.tui.widgets.pictures import Pictures
from vae_tui.tui.widgets.status import Status


def test_no_value_that_is_told_repaints_a_whole_view_or_drawing():
    kinds = [View, *VIEWS, Caption, LatentBars, LossChart, Pictures, Status]
    told = [(kind, name, value) for kind in kinds for name, value in kind._reactives.items()]
    ours = [(kind.__name__, name) for kind, name, value in told if name in vars(kind)]
    assert len(ours) > 10
    assert not [entry for *entry, value in told if entry[1] in vars(entry[0]) and value._repaint]
