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
        UsageError: There are no weights yet, or none of this step; the message names the nearest.
        VaeTuiError: The weights cannot be read.
    """
    kept = run.kept_steps()
    if step is None:
        if run.weights.exists():
            return load_network(run.weights, config)
        if kept:
            return load_network(run.kept_weights(kept[-1]), config)
        raise UsageError(f"{run.name} has no weights yet; watch it with: vae-tui attach {run.name}")
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
    raise UsageError(f"step {step} was not kept; the nearest {_nearest(available, step)}")


def _nearest(steps: list[int], step: int) -> str:
    above = bisect_left(steps, step)
    near = list(map(str, steps[max(above - 1, 0) : above + 1]))
    return f"{'are' if len(near) > 1 else 'is'} {' and '.join(near)}"
