"""Readers of run folders that post what a test gives them."""

import dataclasses
import threading
from collections.abc import Callable
from pathlib import Path
from typing import Any

from textual.message import Message

from vae_tui.model.numpy_network import Network
from vae_tui.model.probe import Probe
from vae_tui.run.events import Event
from vae_tui.run.summary import Summary
from vae_tui.tui.link.refresh_limiter import RefreshLimiter
from vae_tui.tui.messages import (
    KeptNetworkLoaded,
    NetworkLoaded,
    OverlayAdvanced,
    PreviewLoaded,
    ProbeLoaded,
    RunAdvanced,
    RunsListed,
)
from vae_tui.tui.state.other_runs import ListedRun, Overlay, Preview, RunList
from vae_tui.tui.state.run_view import RunView, advance


class FakeReader:
    """Posts what the test gives it; as from the real one, an update is one frozen view."""

    def __init__(self, view: RunView) -> None:
        self.view = view
        self.requested_steps: list[int] = []
        self.polled_faster = 0
        self.follows = threading.Event()
        self.left = threading.Event()

    def follow(self, post: Callable[[Message], object], stop: threading.Event) -> None:
        self.post = post
        self.follows.set()
        stop.wait()
        self.left.set()

    def report(self, *happened: Event, **changes: Any) -> None:
        self.view = dataclasses.replace(advance(self.view, happened), **changes)
        self.post(RunAdvanced(self.view))

    def request_step(self, step: int) -> None:
        self.requested_steps.append(step)

    def poll_faster(self) -> None:
        self.polled_faster += 1

    def load(self, *values: Network | Probe) -> None:
        for value in values:
            known = NetworkLoaded if isinstance(value, Network) else ProbeLoaded
            self.post(known(value))

    def load_kept(self, network: Network) -> None:
        self.post(KeptNetworkLoaded(network))


class FakeRuns:
    """Posts what the test gives it about other runs; remembers the requests."""

    def __init__(self) -> None:
        self.limiter = RefreshLimiter()
        self.closed: dict[Path, str] = {}
        """Why a run cannot be opened."""
        self.listings: list[threading.Event] = []
        """For each request of the list, the event that ends it."""
        self.overlays: list[tuple[Path, threading.Event]] = []
        self.previews: list[Path] = []
        self.networks: dict[Path, Network] = {}
        """The weights of the runs that can be previewed."""
        self.why_no_weights = ""
        """What is said of the others."""

    def follow(self, post: Callable[[Message], object], stop: threading.Event) -> None:
        self.post = post
        self.listings.append(stop)
        stop.wait()

    def overlay(self, path: Path, post: Callable[[Message], object], stop: threading.Event) -> None:
        self.post = post
        self.overlays.append((path, stop))
        stop.wait()

    def preview(self, path: Path, post: Callable[[Message], object]) -> None:
        self.previews.append(path)
        network = self.networks.get(path)
        post(PreviewLoaded(Preview(path, network, "" if network else self.why_no_weights)))

    def open_refusal(self, path: Path) -> str:
        return self.closed.get(path, "")

    def list(self, *rows: ListedRun, found: int | None = None, attached: str = "") -> None:
        here = Path("/runs", attached or "digits-1123-0713")
        count = len(rows) if found is None else found
        self.post(RunsListed(RunList("checkpoints", here, rows, count)))

    def lay_over(self, path: Path, run: RunView, network: Network | None = None) -> None:
        self.post(OverlayAdvanced(Overlay(path, run, network)))


def listed(name: str, state: str = "finished", wrong: str = "", **changes: Any) -> ListedRun:
    """Return a row of the list of runs."""
    values: dict[str, Any] = {
        "name": name,
        "state": state,
        "dataset": "mnist",
        "epoch": 12.0,
        "epochs": 20,
        "step": 2820,
        "test_loss": 105.5,
        "best_test_loss": 104.25,
        "pid": None,
        "path": f"/runs/{name}",
        "objective": "bce+kl",
        "next": f"look at it with: vae-tui attach {name}",
        "latent_dim": 20,
        "beta": 4.0,
        "lr": 5e-4,
    }
    return ListedRun(Path("/runs", name), Summary(**{**values, **changes}), wrong)
