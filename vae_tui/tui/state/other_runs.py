"""Another run laid over the one on the screen: one frozen value."""

from dataclasses import dataclass
from pathlib import Path

from vae_tui.model.numpy_network import Network
from vae_tui.tui.state.run_view import RunView

OVERLAID = "color(170)"
"""What is of the other run."""


@dataclass(frozen=True, slots=True, eq=False)
class Overlay:
    """All that is shown of the other run."""

    path: Path
    run: RunView
    """Its name is fit to be shown."""
    network: Network | None = None
    """Its newest weights."""
    unreadable: str = ""
    """The name of the file from which there should be weights, and are not."""

    def why_no_digits(self, network: Network) -> str:
        """Return why no digits of the other run can stand beside those of ``network``, or nothing.

        The same z can be decoded by both only where codes have the same size. The most important
        stands first, for captions that are cut.
        """
        if self.unreadable:
            return f"cannot be read · {self.unreadable}"
        if self.network is None:
            return "its folder is gone" if self.run.gone else "no weights · curves only"
        ours, theirs = network.latent_dim, self.network.latent_dim
        return "" if ours == theirs else f"d = {theirs}, not {ours} · no common z"


def short_name(name: str, cells: int = 16) -> str:
    """Return a name in at most so many characters."""
    return name if len(name) <= cells else name[: cells - 1] + "~"
