"""The precision that ``--precision auto`` means on each kind of processor."""

import pytest
import torch

from vae_tui.model.device import choose_precision

CPU = torch.device("cpu")
KINDS = {
    "AMD Zen 3, no bf16": ("AuthenticAMD", "fpu avx2 fma", "fp32"),
    "AMD Zen 4": ("AuthenticAMD", "fpu avx2 avx512f avx512_bf16 avx512_vnni", "bf16"),
    "Intel Skylake, no bf16": ("GenuineIntel", "fpu avx2 avx512f", "fp32"),
    "Intel without AMX": ("GenuineIntel", "fpu avx512f avx512_bf16 avx512_fp16", "fp32"),
    "Intel with AMX": ("GenuineIntel", "fpu avx512f avx512_bf16 amx_bf16 amx_tile", "bf16"),
}


def cpuinfo(vendor: str, flags: str) -> str:
    """Return what Linux writes of two such processors, shortened."""
    return "\n".join(
        f"processor\t: {number}\nvendor_id\t: {vendor}\ncpu family\t: 25\n"
        f"flags\t\t: {flags}\nvmx flags\t: amx_bf16 avx512_bf16\nbugs\t\t: spectre_v1\n"
        for number in range(2)
    )


@pytest.mark.parametrize("kind", KINDS)
def test_auto_is_bf16_where_its_products_are_faster(kind, tmp_path):
    vendor, flags, expected = KINDS[kind]
    path = tmp_path / "cpuinfo"
    path.write_text(cpuinfo(vendor, flags), "ascii")
    assert choose_precision("auto", CPU, path) == expected


def test_auto_is_fp32_on_a_processor_of_another_kind(tmp_path):
    path = tmp_path / "cpuinfo"
    assert choose_precision("auto", CPU, path) == "fp32"  # no such file: macOS
    path.write_text("processor\t: 0\nFeatures\t: fp asimd bf16\nCPU part\t: 0xd4f\n", "ascii")
    assert choose_precision("auto", CPU, path) == "fp32"  # ARM


@pytest.mark.parametrize("name", ["fp32", "bf16"])
def test_a_precision_that_is_named_is_used_on_every_processor(name, tmp_path):
    assert choose_precision(name, CPU, tmp_path / "none") == name
