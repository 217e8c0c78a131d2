"""What a run trains, how fast, on what, and with what success: in words."""

import math

from rich.text import Text
from textual.reactive import var

from vae_tui.model.gaussian import bits_per_dimension
from vae_tui.run.kl_weight.schedule import beta_in_words
from vae_tui.run.machine.words import machine_parts
from vae_tui.run.series import TEST_LOSS_AT_MEAN
from vae_tui.text import SEPARATOR, count, printable, size
from vae_tui.tui.state.losses import test_loss_name
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


def losses_in_words(view: RunView, *, unicode: bool, is_past: bool = False) -> str:
    """Return the newest and the best test loss, by name, for a caption.

    ``is_past`` says that the rest of the view shows an older step.
    After a resume that voids the newest test, the loss at the mean is not known until the next one.
    """
    if view.tests is None:
        return "no test loss yet"
    model, kind = view.config.model, view.config.reconstruction
    name = test_loss_name(model, kind, unicode=unicode)
    newest = "newest " if is_past else ""
    parts = [f"[b]{newest}{name} {view.last_test_loss:.1f}[/b]"]
    if model == "vae" and kind == "gaussian":
        bits = bits_per_dimension(view.last_test_loss, view.config.image_shape.pixels)
        parts.append(f"{bits:.2f} bits/dim")
    parts.append(f"best {view.best_test_loss:.1f}")
    if model == "vae" and view.tested is not None:
        parts.append(f"at mean {TEST_LOSS_AT_MEAN.value(view.tested, view.config):.1f}")
    if view.beta != 1:
        parts.append(f"beta {view.beta:g}")
    return SEPARATOR.join([*parts, "test set"])


def beta_and_machine(view: RunView, *, unicode: bool) -> str:
    """Return beta while it rises, and what the machine of a live run is doing, for a caption."""
    beta = beta_in_words(view.config, view.beta, view.epoch)
    parts = [] if beta == f"{view.beta:g}" else [f"beta {beta}"]
    if view.live and view.machine is not None:
        parts += machine_parts(view.machine, unicode=unicode)
    return SEPARATOR.join(parts)
