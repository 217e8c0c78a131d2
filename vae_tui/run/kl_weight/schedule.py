"""How beta rises while a run trains: ``--kl-schedule`` and ``--warmup``."""

import math

from vae_tui.run.config import RunConfig


def beta_at(config: RunConfig, beta: float, step: float, steps_per_epoch: int) -> float:
    """Return the weight of the KL at a step; ``beta`` is the value that it rises to.

    Linear: it rises from 0 once, over the warm-up epochs. Cyclical: it rises from 0 in the first
    half of each cycle, which has that many epochs.

    Source:
        Fu et al. 2019, https://arxiv.org/abs/1903.10145.
    """
    warmup = config.warmup * steps_per_epoch
    if not warmup:
        return beta
    if config.kl_schedule == "cyclical":
        return beta * min(1.0, 2 * (step % warmup) / warmup)
    return beta * min(1.0, step / warmup)


def is_at_full_beta(config: RunConfig, epoch: float) -> bool:
    """Return whether the network has been trained with the full beta at the end of an ``epoch``.

    At the end of a cycle it has, although beta restarts from 0 there.
    """
    if config.kl_schedule == "cyclical":
        return 2 * (epoch % config.warmup or config.warmup) >= config.warmup
    return epoch >= config.warmup


def beta_in_words(config: RunConfig, beta: float, epoch: float) -> str:
    """Return beta at an ``epoch``: ``4``, or while it rises ``0.37 of 4 (warm-up)``.

    At the end of a cycle it is the beta of the steps before, not the 0 of the next one.
    """
    is_cyclical = config.kl_schedule == "cyclical"
    now = beta_at(config, beta, epoch, 1)
    if now == beta or (is_cyclical and _is_end_of_cycle(config, epoch)):
        return f"{beta:g}"
    return f"{now:.2g} of {beta:g} ({'cycle' if is_cyclical else 'warm-up'})"


def _is_end_of_cycle(config: RunConfig, epoch: float) -> bool:
    """Return whether a cycle ends at an ``epoch``, which is not exact: a step may be any part."""
    cycles = round(epoch / config.warmup)
    return cycles > 0 and math.isclose(epoch, cycles * config.warmup)
