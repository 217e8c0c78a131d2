"""What a run trains, how fast, and on what; in as many columns as there is room for."""

import math

from rich.text import Text
from textual.reactive import var

from vae_tui.run.kl_weight.schedule import beta_in_words
from vae_tui.text import count, printable, size
from vae_tui.tui.state.run_view import RunView
from vae_tui.tui.widgets.drawing import Drawing

Facts = tuple[tuple[str, str], ...]
"""Names and values."""
NAME, VALUE = 16, 20
"""Cells of a name, and of a value with the gap after it."""


class RunFacts(Drawing):
    """Shows ``facts``, filled down the columns."""

    DEFAULT_CSS = "RunFacts { height: auto; }"
    facts: var[Facts] = var(())

    def watch_facts(self) -> None:
        """Take the rows that they need."""
        self.styles.height = self._row_count()
        self.redraw()

    on_resize = watch_facts

    def _row_count(self) -> int:
        return -(-len(self.facts) // max(self.size.width // (NAME + VALUE), 1))

    def _draw(self) -> None:
        rows = self._row_count()
        lines = [Text(no_wrap=True) for _ in range(rows)]
        for index, (name, value) in enumerate(self.facts):
            line = lines[index % rows]
            line.append(f" {name:<{NAME - 1}}", "quiet").append(f"{value:<{VALUE}}"[:VALUE])
        self.show_text(lines)


def facts_of(view: RunView, *, unicode: bool) -> Facts:
    """Return what is known of a run."""
    config, started, measured, tested = view.config, view.started, view.measured, view.tested
    facts = [("step", f"{view.step:,}"), ("epoch", f"{view.epoch:.1f} of {view.epochs}")]
    if measured is not None:
        rising = beta_in_words(config, view.beta, view.epoch)
        beta = rising if config.warmup else f"{measured.beta:g}"
        facts += [
            ("images/s", count(measured.images_per_second)),
            ("learning rate", f"{measured.lr:g}"),
            ("β" if unicode else "beta", beta),
        ]
    facts.append(("batch", f"{config.batch_size}"))
    if tested is not None:
        if math.isfinite(tested.seconds) and tested.seconds > 0:
            facts.append(("s/epoch", f"{tested.seconds:.1f}"))
        facts.append(("active units", f"{tested.active_units} of {config.latent_dim}"))
    facts.append(("data", printable(config.data_name)))
    if started is not None:
        device = f"{started.device} {started.precision}"
        memory = measured.memory_bytes if measured else 0
        facts += [
            ("images", f"{started.images:,}"),
            ("parameters", f"{started.parameters:,}"),
            ("device", printable(device)),
            *([("threads", f"{started.threads}")] if started.threads else []),
            *([("processes", f"{started.world_size}")] if started.world_size > 1 else []),
            *([("memory", size(memory))] if memory else []),
        ]
    return (*facts, ("seed", f"{config.seed}"))
