"""How steps are computed by default on each kind of device."""

import pytest
import torch

from vae_tui.model.step_plan import (
    AUTOGRAD,
    HANDWRITTEN,
    StepPlan,
    choose_plan,
    fastest_plans,
    plan_on_gpu,
)

CPU = torch.device("cpu")
KINDS = {
    "AMD Zen 3, no bf16": ("AuthenticAMD", "fpu avx2 fma", "fp32", "fp32"),
    "AMD Zen 4": ("AuthenticAMD", "fpu avx2 avx512f avx512_bf16 avx512_vnni", "bf16", "bf16"),
    "Intel Skylake, no bf16": ("GenuineIntel", "fpu avx2 avx512f", "fp32", "fp32"),
    "Intel without AMX": ("GenuineIntel", "fpu avx512f avx512_bf16 avx512_fp16", "fp32", "fp32"),
    "Intel with AMX": ("GenuineIntel", "fpu avx512f avx512_bf16 amx_bf16 amx_tile", "bf16", "fp32"),
}
"""Maker, instructions, and what is measured to be faster there with mlp and with conv."""


def cpuinfo(vendor: str, flags: str) -> str:
    """Return what Linux writes of two such processors, shortened."""
    return "\n".join(
        f"processor\t: {number}\nvendor_id\t: {vendor}\ncpu family\t: 25\n"
        f"flags\t\t: {flags}\nvmx flags\t: amx_bf16 avx512_bf16\nbugs\t\t: spectre_v1\n"
        for number in range(2)
    )


@pytest.mark.parametrize("kind", KINDS)
def test_auto_is_bf16_where_the_architecture_is_trained_faster_in_it(kind, tmp_path):
    vendor, flags, mlp, conv = KINDS[kind]
    path = tmp_path / "cpuinfo"
    path.write_text(cpuinfo(vendor, flags), "ascii")
    assert choose_plan("auto", CPU, path) == StepPlan(mlp, HANDWRITTEN)
    assert choose_plan("auto", CPU, path, architecture="conv").precision == conv
    assert choose_plan("bf16", CPU, path, architecture="conv").precision == "bf16"


def test_auto_is_fp32_on_a_processor_of_another_kind(tmp_path):
    path = tmp_path / "cpuinfo"
    assert choose_plan("auto", CPU, path).precision == "fp32"  # no such file: macOS
    path.write_text("processor\t: 0\nFeatures\t: fp asimd bf16\nCPU part\t: 0xd4f\n", "ascii")
    assert choose_plan("auto", CPU, path).precision == "fp32"  # ARM


@pytest.mark.parametrize("name", ["fp32", "bf16"])
def test_a_precision_that_is_named_is_used_on_every_processor(name, tmp_path):
    assert choose_plan(name, CPU, tmp_path / "none").precision == name


def test_what_only_nvidias_gpus_multiply_in_is_float32_elsewhere():
    for device in (CPU, torch.device("mps")):
        assert choose_plan("tf32", device).precision == "fp32"


def test_an_unmeasured_gpu_computes_in_float32_by_autograd_unless_a_precision_is_named():
    assert choose_plan("auto", torch.device("mps")) == StepPlan("fp32", AUTOGRAD)
    assert plan_on_gpu("auto", ()) == StepPlan("fp32", AUTOGRAD)
    assert plan_on_gpu("tf32", ()) == StepPlan("tf32", AUTOGRAD)
    assert plan_on_gpu("bf16", ()) == StepPlan("bf16", AUTOGRAD)


def test_a_measured_gpu_computes_by_the_fastest_plan_of_the_precision():
    measured = [StepPlan("tf32", HANDWRITTEN, 8), StepPlan("fp32", AUTOGRAD, 4)]
    assert plan_on_gpu("auto", measured) == measured[0]
    assert plan_on_gpu("fp32", measured) == measured[1]
    assert plan_on_gpu("bf16", measured) == StepPlan("bf16", AUTOGRAD)


def test_the_default_is_the_most_exact_precision_that_none_beats_by_a_tenth():
    fp32, tf32, bf16 = (StepPlan(name, AUTOGRAD) for name in ("fp32", "tf32", "bf16"))
    assert fastest_plans({fp32: 100.0, tf32: 109.0, bf16: 108.0}) == [fp32, tf32, bf16]
    assert fastest_plans({fp32: 100.0, tf32: 120.0, bf16: 131.0}) == [tf32, fp32, bf16]
    assert fastest_plans({bf16: 150.0, tf32: 120.0, fp32: 100.0}) == [bf16, fp32, tf32]


def test_of_one_precision_the_simpler_plan_stays_unless_another_is_measurably_faster():
    one, four, eight = (StepPlan("fp32", AUTOGRAD, steps) for steps in (1, 4, 8))
    assert fastest_plans({one: 100.0, four: 102.0, eight: 99.0}) == [one]
    assert fastest_plans({one: 100.0, four: 104.0, eight: 105.0}) == [four]


@pytest.mark.parametrize(
    ("gpu", "capability", "architecture", "asked", "precision"),
    [
        ("NVIDIA H200", (9, 0), "mlp", "auto", "tf32"),
        ("NVIDIA H200", (9, 0), "conv", "auto", "bf16"),
        ("NVIDIA H200", (9, 0), "mlp", "fp32", "fp32"),
        ("Quadro RTX 8000", (7, 5), "mlp", "auto", "fp32"),
        ("Quadro RTX 8000", (7, 5), "mlp", "tf32", "fp32"),
    ],
)
def test_a_gpu_is_found_by_its_name(monkeypatch, gpu, capability, architecture, asked, precision):
    monkeypatch.setattr(torch.cuda, "get_device_name", lambda device: gpu)
    monkeypatch.setattr(torch.cuda, "get_device_capability", lambda device: capability)
    plan = choose_plan(asked, torch.device("cuda", 0), architecture=architecture)
    assert plan.precision == precision
