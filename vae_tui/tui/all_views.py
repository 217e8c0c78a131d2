"""All views, in the order of their keys."""

from vae_tui.tui.views.dimensions import DimensionsView
from vae_tui.tui.views.map import MapView
from vae_tui.tui.views.runs import RunsView
from vae_tui.tui.views.samples import SamplesView
from vae_tui.tui.views.train import TrainView
from vae_tui.tui.views.walk import WalkView

VIEWS = (TrainView, SamplesView, WalkView, MapView, DimensionsView, RunsView)
