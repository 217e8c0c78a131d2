"""An assessment as JSON and as a table of text."""

import dataclasses
import json
import math

from vae_tui.evaluation.assess import Assessment
from vae_tui.evaluation.digit_classifier import CONFIDENCE
from vae_tui.evaluation.quality import TEST_IMAGES
from vae_tui.latent.diagnosis import ACTIVE_VARIANCE
from vae_tui.run.config import RunConfig
from vae_tui.run.events import finite
from vae_tui.run.series import RECONSTRUCTION_TERMS

_ACROSS = 5
"""Dimensions in a row of the table."""


def as_json(assessment: Assessment) -> str:
    """Return one JSON object; NaN and infinities are null."""
    return json.dumps(finite(dataclasses.asdict(assessment)), indent=2, allow_nan=False)


def as_text(assessment: Assessment, name: str, config: RunConfig) -> str:
    """Return a line for each number, with its meaning."""
    term = RECONSTRUCTION_TERMS[config.reconstruction]
    loss, at_mean = term.name, "reconstruction, z is the mean"
    if config.reconstruction == "bce":
        at_mean += ": what the course's notebook prints"
    nll = f"importance-weighted, K = {assessment.samples}: a tighter bound on -log p(x)"
    if assessment.nll is None:
        nll = "not measured; --samples 200 does"
    if assessment.elbo_loss is None:
        losses = [
            _line("ELBO loss", None, "an auto-encoder's codes have no distribution: no bound"),
            _line(loss, assessment.bce, "reconstruction, z is the mean: no noise"),
            _line("KL", assessment.kl, "of q(z|x) from N(0, I); not in the loss"),
        ]
    else:
        losses = [
            _line("ELBO loss", assessment.elbo_loss, f"{loss} + KL: an upper bound on -log p(x)"),
            _line(loss, assessment.bce, "reconstruction, z sampled"),
            _line("KL", assessment.kl, "of q(z|x) from N(0, I)"),
            _line(f"{term.label}, z = mu", assessment.bce_at_mean, at_mean),
            _line("NLL", assessment.nll, nll),
        ]
    if assessment.bits_per_dim is not None:
        losses.append(_line("bits per dim", assessment.bits_per_dim, "the ELBO loss, see below"))
    lines = [
        f"{name}: {config.model}, weights of step {assessment.step}, "
        f"{assessment.images} test images of {config.data_name}; losses in nats per image",
        *losses,
        _line(
            "active units",
            f"{assessment.active_units} of {len(assessment.kl_per_dimension)}",
            f"dimensions whose mean has a variance above {ACTIVE_VARIANCE:g}",
        ),
        *_qualities(assessment),
        "KL of each dimension:",
        *_table(assessment.kl_per_dimension),
    ]
    return "\n".join([*lines, _about_the_loss(config)])


def _about_the_loss(config: RunConfig) -> str:
    """Return what the reconstruction loss can be compared with."""
    if config.reconstruction == "bce":
        return (
            "BCE of grey pixels is not a normalised likelihood: compare it, and ELBO and NLL, "
            "with results for grey levels only, never with published NLLs of binarised MNIST."
        )
    if config.reconstruction == "gaussian":
        return (
            "The losses are of a density of values in [0, 1], and may be negative. Bits per "
            "dimension: (nats / values + log 255) / log 2, where the density times 1/255, the "
            "distance of two of the 256 levels, counts as the probability of a level."
        )
    constant = config.image_shape.pixels * 0.5 * math.log(2 * math.pi)
    return (
        f"Half the squared error is -log N(x; x_hat, I) without its constant, {constant:.1f} nats."
    )


def _qualities(assessment: Assessment) -> list[str]:
    """Return the quality of samples of the prior, then a table of all sources."""
    lines = []
    if assessment.sources[0].recognised is not None:
        lines = [
            _line(
                "recognised",
                f"{assessment.confident_samples:.1%}",
                f"of {assessment.prior_samples} samples of the prior: a classifier that also knows "
                f"blends and noise is {CONFIDENCE:.0%} sure of one class. "
                f"Of real test images {assessment.confident_test_images:.1%}",
            )
        ]
    lines += [f"quality of samples:{'recognised':>19}  {'Frechet distance':>16}"]
    for one in assessment.sources:
        share = "-" if one.recognised is None else f"{one.recognised:.1%}"
        distance = "-" if one.frechet_distance is None else f"{one.frechet_distance:.2f}"
        about = "  the best that can be reached" if one.source == TEST_IMAGES else ""
        lines.append(f"  {one.source:17}  {share:>17}  {distance:>16}{about}")
    return [
        *lines,
        f"  Frechet distance on features of {assessment.frechet_features}, from training",
        "  images: of the test images, or of as many samples. Not comparable with FID.",
    ]


def _line(name: str, value: float | str | None, meaning: str) -> str:
    shown = "-" if value is None else value if isinstance(value, str) else f"{value:.2f}"
    return f"  {name:17}  {shown:>9}  {meaning}"


def _table(values: tuple[float, ...]) -> list[str]:
    """Return the values in rows, each after the name of its dimension."""
    cells = [f"{f'z{number}':>4} {value:6.3f} " for number, value in enumerate(values, 1)]
    starts = range(0, len(cells), _ACROSS)
    return ["  " + " ".join(cells[start : start + _ACROSS]) for start in starts]
