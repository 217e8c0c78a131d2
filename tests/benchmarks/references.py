"""What the trainer is compared with: the plain loop of a course, and the matrix products alone."""

import itertools
import time
from collections.abc import Iterable

import torch
from torch import Tensor, nn
from torch.nn import functional
from torch.utils.data import DataLoader, Dataset

from vae_tui.data.idx_files import Images

HIDDEN, LATENT, PIXELS = 400, 20, 784
_WARM_UP_BATCHES = 40


class PlainVAE(nn.Module):
    """The course's network, written plainly."""

    def __init__(self) -> None:
        super().__init__()
        self.encoder = nn.Sequential(
            nn.Linear(PIXELS, HIDDEN), nn.ReLU(), nn.Linear(HIDDEN, 2 * LATENT)
        )
        self.decoder = nn.Sequential(
            nn.Linear(LATENT, HIDDEN), nn.ReLU(), nn.Linear(HIDDEN, PIXELS), nn.Sigmoid()
        )

    def forward(self, images: Tensor) -> tuple[Tensor, Tensor, Tensor]:
        mean, logvar = self.encoder(images).chunk(2, dim=1)
        z = mean + torch.randn_like(mean) * torch.exp(0.5 * logvar)
        return self.decoder(z), mean, logvar


class PlainDigits(Dataset):
    """One image at a time through Pillow and ToTensor, as torchvision's data sets give them."""

    def __init__(self, images: Images) -> None:
        self._images = images.train.view(-1, 28, 28)
        self._labels = images.train_labels
        try:
            from PIL import Image
            from torchvision.transforms import ToTensor
        except (ImportError, RuntimeError):  # missing, or of another torch; this is quicker
            self._transform = lambda image: image.unsqueeze(0).float() / 255
        else:
            to_tensor = ToTensor()
            self._transform = lambda image: to_tensor(Image.fromarray(image.numpy()))

    def __len__(self) -> int:
        return len(self._images)

    def __getitem__(self, index: int) -> tuple[Tensor, int]:
        return self._transform(self._images[index]), int(self._labels[index])


def plain_speed(
    images: Images, device: torch.device, batch: int, seconds: float = float("inf")
) -> float:
    """Return images/s of an epoch of the loop that courses and examples show.

    The epoch is broken off after about ``seconds``.
    """
    torch.manual_seed(1)
    model = PlainVAE().to(device)
    adam = torch.optim.Adam(model.parameters(), lr=1e-3)
    loader = DataLoader(PlainDigits(images), batch_size=batch, shuffle=True, num_workers=1)
    _train(model, adam, itertools.islice(loader, _WARM_UP_BATCHES), device, seconds)
    began = time.perf_counter()
    trained = _train(model, adam, loader, device, seconds)
    return trained / (time.perf_counter() - began)


def _train(
    model: PlainVAE,
    adam: torch.optim.Adam,
    batches: Iterable[tuple[Tensor, Tensor]],
    device: torch.device,
    seconds: float,
) -> int:
    """Return the number of images trained on."""
    trained, total, began = 0, 0.0, time.perf_counter()
    for batch, _ in batches:
        x = batch.to(device).view(-1, PIXELS)
        x_hat, mean, logvar = model(x)
        bce = functional.binary_cross_entropy(x_hat, x, reduction="sum")
        kl = 0.5 * torch.sum(logvar.exp() - logvar - 1 + mean.pow(2))
        loss = (bce + kl) / len(x)
        adam.zero_grad()
        loss.backward()
        adam.step()
        total += loss.item()
        trained += len(x)
        if time.perf_counter() - began > seconds:
            break
    return trained


def product_pairs(batch: int, dtype: torch.dtype, device: torch.device) -> list[tuple[Tensor, ...]]:
    """Return the factors of every matrix product of a training step."""
    pairs: list[tuple[Tensor, ...]] = []
    for inputs, outputs in ((PIXELS, HIDDEN), (HIDDEN, 2 * LATENT), (LATENT, HIDDEN),
                            (HIDDEN, PIXELS)):  # fmt: skip
        x, weight, gradient = (
            torch.randn(shape, device=device).to(dtype)
            for shape in ((batch, inputs), (outputs, inputs), (batch, outputs))
        )
        pairs += [(x, weight.t()), (gradient.t(), x)]
        if inputs != PIXELS:  # the gradient with respect to the pixels is not needed
            pairs.append((gradient, weight))
    return pairs
