"""How beta rises while a run trains: ``--kl-schedule`` and ``--warmup``."""

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
    """Return beta at an ``epoch``: ``4``, or while it rises ``0.37 of 4 (warm-up)``."""
    now = beta_at(config, beta, epoch, 1)
    if now == beta:
        return f"{beta:g}"
    phase = "cycle" if config.kl_schedule == "cyclical" else "warm-up"
    return f"{now:.2g} of {beta:g} ({phase})"
