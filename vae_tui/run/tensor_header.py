"""The header of a safetensors file: names, types and shapes of its tensors, and its metadata."""

from pathlib import Path
from typing import Any

from vae_tui.run.untrusted import json_object, open_regular

LARGEST_HEADER = 1 << 20
"""Bytes; weights of this program have a header of 700 to 2,000."""


def parse_header(content: bytes) -> dict[str, Any]:
    """Return the header at the beginning of a file's content.

    ValueError unless it is a safetensors file with a header of at most ``LARGEST_HEADER`` bytes.
    """
    length = int.from_bytes(content[:8], "little")
    if len(content) < 8 or length > min(len(content) - 8, LARGEST_HEADER):
        raise ValueError("not a safetensors file")
    return json_object(content[8 : 8 + length])


def read_header(path: Path) -> dict[str, Any]:
    """Return the header of a file; errors as in ``parse_header``, and OSError."""
    with open_regular(path) as file:
        return parse_header(file.read(8 + LARGEST_HEADER))


def metadata_of(header: dict[str, Any]) -> dict[str, str]:
    """Return the metadata of a header; empty where there is none."""
    metadata = header.get("__metadata__")
    return metadata if isinstance(metadata, dict) else {}
