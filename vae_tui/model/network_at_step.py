"""A run's network with the weights of one of its kept steps."""

import contextlib
from bisect import bisect_left

from vae_tui.errors import UsageError, VaeTuiError
from vae_tui.model import load_network
from vae_tui.model.numpy_network import Network
from vae_tui.run.config import RunConfig
from vae_tui.run.folder import Run


def network_at(run: Run, config: RunConfig, step: int | None = None) -> Network:
    """Return the run's network with the weights of ``step``; the newest when None.

    Raises:
        UsageError: There are no weights yet, or none of this step; it names the nearest.
        VaeTuiError: The weights cannot be read.
    """
    kept = run.kept_steps()
    if step is None:
        if run.weights.exists():
            return load_network(run.weights, config)
        if kept:
            return load_network(run.kept_weights(kept[-1]), config)
        raise UsageError(
            f"{run.name} has no weights yet; watch it with: vae-tui attach {run.reference()}"
        )
    newest = None
    with contextlib.suppress(VaeTuiError):
        newest = load_network(run.weights, config)
    # For the same step the newest are preferred, because those kept are rounded to float16.
    if newest is not None and newest.step == step:
        return newest
    if step in kept:
        return load_network(run.kept_weights(step), config)
    available = sorted({*kept, *([newest.step] if newest else [])})
    if not available:
        return network_at(run, config)
    above = bisect_left(available, step)
    near = list(map(str, available[max(above - 1, 0) : above + 1]))
    verb = "are" if len(near) > 1 else "is"
    raise UsageError(f"step {step} was not kept; the nearest {verb} {' and '.join(near)}")
