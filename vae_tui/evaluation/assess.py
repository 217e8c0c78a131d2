"""What ``vae-tui eval`` tells of a network: its losses on the test set, and its samples."""

import dataclasses
import json
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

import torch

from vae_tui.data.catalogue import DATASETS
from vae_tui.data.idx_files import Images, load
from vae_tui.errors import UsageError
from vae_tui.evaluation.digit_classifier import CONFIDENCE, Recogniser
from vae_tui.evaluation.elbo import importance_weighted_nll, measure
from vae_tui.latent.codes import prior
from vae_tui.latent.morph import network_at
from vae_tui.model.device import choose_device
from vae_tui.model.torch_weights import tensors
from vae_tui.model.vae import VAE
from vae_tui.run.config import RunConfig
from vae_tui.run.events import finite
from vae_tui.run.folder import Run

PRIOR_SAMPLES = 1_000
MOST_SAMPLES = 100_000
SEED = 1


@dataclass(frozen=True, slots=True, kw_only=True)
class Assessment:
    """Means over the test images, nats per image where nothing else is said."""

    elbo_loss: float | None
    """BCE + KL with z sampled; None of an auto-encoder, whose codes have no distribution."""
    bce: float
    kl: float
    bce_at_mean: float
    nll: float | None
    """Importance-weighted; None when not asked for, and of an auto-encoder."""
    samples: int
    """K of the ``nll``."""
    images: int
    active_units: int
    kl_per_dimension: tuple[float, ...]
    confident_samples: float
    """Share of prior samples that `recognition` takes for a digit; 0 to 1."""
    confident_test_images: float
    """The same of real test images: what a perfect model would reach."""
    prior_samples: int
    step: int
    """Of the weights."""


def assess_run(
    run: Run,
    config: RunConfig,
    step: int | None,
    samples: int,
    tell: Callable[[float], object] = lambda share: None,
) -> Assessment:
    """Measure a run's network with the weights of ``step``, the newest when None.

    Raises:
        UsageError: There are no such weights, no such device, or K is out of range.
        VaeTuiError: Weights or data set cannot be read.
    """
    if not 0 <= samples <= MOST_SAMPLES:
        raise UsageError(f"--samples must be 0 to {MOST_SAMPLES}, not {samples}")
    network = network_at(run, config, step)
    model = VAE(config.latent_dim, config.hidden, noisy=config.model == "vae")
    model.load_state_dict(tensors(network))
    images = load(config.dataset, Path(config.data_dir))
    model.to(choose_device(config.device))
    return assess(model, images, config, network.step, samples, tell)


def assess(
    model: VAE,
    images: Images,
    config: RunConfig,
    step: int,
    samples: int,
    tell: Callable[[float], object] = lambda share: None,
) -> Assessment:
    """Measure a network on the test images and its samples against real digits.

    Args:
        model: The network, on its device.
        images: The run's data set, on the CPU.
        config: Of the run.
        step: Of the weights.
        samples: K of the importance-weighted NLL; 0 leaves it out.
        tell: Called with the share of the NLL that is done.
    """
    device = next(model.parameters()).device
    test = images.test.to(device)
    measured = measure(model, test, SEED, config.reconstruction)
    nll = None
    if samples and model.noisy:
        nll = importance_weighted_nll(model, test, samples, SEED, config.reconstruction, tell)
    judge = _judge(images, config.dataset)
    with torch.no_grad():
        codes = torch.from_numpy(prior(SEED, PRIOR_SAMPLES, model.latent_dim)).to(device)
        drawn = torch.sigmoid(model.decode(codes)).cpu()
    return Assessment(
        elbo_loss=measured.bce + measured.kl if model.noisy else None,
        bce=measured.bce,
        kl=measured.kl,
        bce_at_mean=measured.bce_at_mean,
        nll=nll,
        samples=samples,
        images=len(test),
        active_units=measured.active_units,
        kl_per_dimension=measured.kl_per_dimension,
        confident_samples=judge.share(drawn),
        confident_test_images=judge.share(images.test[:PRIOR_SAMPLES].float() / 255),
        prior_samples=PRIOR_SAMPLES,
        step=step,
    )


def as_json(assessment: Assessment) -> str:
    """Return one JSON object; what is not finite is null."""
    return json.dumps(finite(dataclasses.asdict(assessment)), indent=2, allow_nan=False)


def as_text(assessment: Assessment, name: str, config: RunConfig) -> str:
    """Return each number with its meaning, a line each."""
    is_vae = assessment.elbo_loss is not None
    loss = "BCE" if config.reconstruction == "bce" else "squared error / 2"
    noise = "z sampled" if is_vae else "z is the mean: an auto-encoder has no noise"
    lines = [
        f"{name}: {config.model}, weights of step {assessment.step}, "
        f"{assessment.images} test images of {config.dataset}; losses in nats per image",
        _line("ELBO loss", assessment.elbo_loss, f"{loss} + KL: a bound on -log p(x) from above")
        if is_vae
        else _line("ELBO loss", None, "an auto-encoder's codes have no distribution: no bound"),
        _line(loss, assessment.bce, f"reconstruction, {noise}"),
        _line(
            "KL", assessment.kl, "of q(z|x) from N(0, I)" + ("" if is_vae else "; not in the loss")
        ),
        _line(f"{loss}, z = mu", assessment.bce_at_mean, "what the course's notebook prints")
        if is_vae
        else "",
        _nll_line(assessment, is_vae),
        _line(
            "active units",
            f"{assessment.active_units} of {len(assessment.kl_per_dimension)}",
            "dimensions whose mean varies by more than 0.01 over the images",
        ),
        _line(
            "recognised",
            f"{assessment.confident_samples:.1%}",
            f"of {assessment.prior_samples} samples of the prior: a classifier that also knows "
            f"blends and noise is {CONFIDENCE:.0%} sure of one class. "
            f"Of real test images {assessment.confident_test_images:.1%}",
        ),
        "KL of each dimension:",
        *_table(assessment.kl_per_dimension),
    ]
    if config.reconstruction == "bce":
        lines.append(
            "BCE of grey pixels is no normalised likelihood: compare it, and what is built of it,"
            " with grey-level numbers only, never with published NLLs of binarised MNIST."
        )
    else:
        lines.append(
            "Half the squared error is -log N(x; x_hat, I) without its constant, 720.4 nats."
        )
    return "\n".join(line for line in lines if line)


def _nll_line(assessment: Assessment, is_vae: bool) -> str:
    if not is_vae:
        return ""
    if assessment.nll is None:
        return _line("NLL", None, "not measured; --samples 200 does")
    meaning = f"importance-weighted, K = {assessment.samples}: a tighter bound on -log p(x)"
    return _line("NLL", assessment.nll, meaning)


def _line(name: str, value: float | str | None, meaning: str) -> str:
    shown = "-" if value is None else value if isinstance(value, str) else f"{value:.2f}"
    return f"  {name:17}  {shown:>9}  {meaning}"


def _table(values: tuple[float, ...], across: int = 5) -> list[str]:
    """Return the values in rows, each with the name of its dimension."""
    return [
        "  "
        + " ".join(
            f"{f'z{start + place}':>4} {value:6.3f} "
            for place, value in enumerate(values[start : start + across], 1)
        )
        for start in range(0, len(values), across)
    ]


def _judge(images: Images, dataset: str) -> Recogniser:
    """Return what knows digits, whichever set of them was trained on; else that set's own."""
    digits = DATASETS["digits"]
    is_digits = DATASETS[dataset].classes == digits.classes if dataset in DATASETS else False
    real = load("digits", Path()) if is_digits else images
    return Recogniser(real.train, real.train_labels)
