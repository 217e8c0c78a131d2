"""The shape of a run's images; in every file of the run it is text such as ``28x28x1``."""

import re
from collections.abc import Mapping
from dataclasses import dataclass

from vae_tui.text import preview

LARGEST_SIDE = 64


@dataclass(frozen=True, slots=True)
class ImageShape:
    """Height, width and channels of an image; ValueError when one is out of range."""

    height: int
    width: int
    channels: int
    """1 is grey, 3 is RGB."""

    def __post_init__(self) -> None:
        sides = range(1, LARGEST_SIDE + 1)
        if self.height not in sides or self.width not in sides or self.channels not in (1, 3):
            raise ValueError(f"images cannot have the shape {self}")

    def __str__(self) -> str:
        return f"{self.height}x{self.width}x{self.channels}"

    @property
    def pixels(self) -> int:
        """Number of values of an image, all channels counted."""
        return self.height * self.width * self.channels

    @property
    def array(self) -> tuple[int, ...]:
        """Shape of an image as an array: (H, W) when grey, (H, W, 3) in colour, as in Pillow."""
        return (self.height, self.width, self.channels)[: 2 if self.channels == 1 else 3]

    @classmethod
    def parse(cls, text: object) -> "ImageShape":
        """Return the shape in a text that ``str`` wrote; ValueError when there is none."""
        pattern = r"([0-9]{1,3})x([0-9]{1,3})x([0-9])"
        if not isinstance(text, str) or not (found := re.fullmatch(pattern, text)):
            raise ValueError(f"{preview(text)} is not a shape such as {DEFAULT_SHAPE}")
        return cls(*map(int, found.groups()))

    @classmethod
    def of_metadata(cls, metadata: Mapping[str, str]) -> "ImageShape":
        """Return the shape in a safetensors file's metadata, the default where there is none."""
        return cls.parse(metadata.get("image_shape", str(DEFAULT_SHAPE)))


DEFAULT_SHAPE = ImageShape(28, 28, 1)
"""The shape of MNIST and its relatives, and of runs that do not record one."""
