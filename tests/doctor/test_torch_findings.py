"""Findings on torch, the GPU and memory."""

import dataclasses
import math

import pytest
from support.findings import findings_of, said

from vae_tui.doctor import torch_findings
from vae_tui.doctor.torch_findings import memory_findings
from vae_tui.doctor.torch_probe import TorchProbe, TorchReport

WELL = TorchReport(
    version="2.15.0+cu132",
    built_for_cuda="13.2",
    threads=2,
    cpu_precision="bf16",
    driver=True,
    driver_version="600.10",
    driver_cuda="13.2",
    cuda_available=False,
)


def answer(**changes):
    return dataclasses.replace(WELL, **changes)


@pytest.mark.parametrize(
    ("changes", "about", "level", "words"),
    [
        ({}, "driver", "note", "torch finds no device"),
        ({"driver": False, "driver_version": ""}, "driver", "ok", "training on the CPU"),
        ({"driver": False}, "driver", "note", "--gpus all"),
        ({"driver_code": 803}, "driver", "note", "sudo reboot"),
        ({"driver_code": 100}, "driver", "note", "finds no GPU"),
        ({"driver_code": 12345}, "driver", "note", "code 12345"),
        ({"driver_cuda": "12.4"}, "driver", "note", "download.pytorch.org/whl/cu126"),
        ({"built_for_cuda": ""}, "driver", "note", "torch was built without CUDA"),
        ({"cuda_complaint": "moon"}, "driver", "note", "finds no device: moon"),
        ({"error": "RuntimeError: boom"}, "gpu", "problem", "CUDA_VISIBLE_DEVICES= vae-tui"),
        ({"timed_out": True, "seconds": 20.0}, "gpu", "problem", "CUDA does not answer within 20"),
        ({"died_of": "SIGILL", "cpu_precision": "", "cuda_available": None},
         "cpu", "problem", "SIGILL"),
        ({"timed_out": True, "cpu_precision": "", "cuda_available": None, "seconds": 20.0},
         "cpu", "problem", "matrix product on the CPU does not answer within 20 s"),
        ({"version": "", "timed_out": True, "seconds": 20.0}, "torch", "problem",
         "import torch has not ended within 20 s"),
        ({"version": "", "died_of": "SIGSEGV"}, "torch", "problem", "was ended by SIGSEGV"),
        ({"version": "", "error": "No module named 'torch'"}, "torch", "problem",
         "pip install torch torchvision"),
        ({"version": ""}, "torch", "problem", "no message"),
    ],
)  # fmt: skip
def test_what_torch_and_the_driver_say_is_put_into_words(changes, about, level, words):
    found = said(torch_findings.torch_findings(answer(**changes)), about)
    assert found[0] == level
    assert words in found[1]


def test_devices_are_named_and_one_that_refuses_is_a_problem_where_auto_would_take_it():
    good = {"name": "H100", "capability": "9.0", "works": True,
            "free_bytes": 70 << 30, "total_bytes": 80 << 30,
            "precision": "fp32", "measured": False}  # fmt: skip
    bad = {"name": "K80", "capability": "3.7", "works": False, "error": "no kernel image"}
    for devices, levels in (((good, bad), ["ok", "note"]), ((bad, good), ["problem", "ok"])):
        found = [
            (level, words)
            for level, about, words in findings_of(
                torch_findings.torch_findings(answer(cuda_available=True, devices=devices))
            )
            if about == "gpu"
        ]
        assert [level for level, _ in found] == levels
    assert found[1][1] == (
        "cuda:1 H100, capability 9.0, 70GB of 80GB free; --precision auto is fp32: "
        "this GPU was never measured"
    )
    assert "no kernel image" in found[0][1]


def test_too_little_memory_for_a_trainer_is_reported():
    assert said(memory_findings(300_000 * 1024.0), "memory")[0] == "note"
    assert said(memory_findings(1 << 33), "memory")[0] == "ok"
    assert list(memory_findings(math.inf)) == []


class DeafProcess:
    """A child whose wait does not notice an interrupt before its timeout is over."""

    pid, returncode = 1 << 22, None
    waited = 0.0

    def communicate(self, timeout):
        self.waited += timeout
        raise KeyboardInterrupt

    def poll(self):
        return 0


def test_an_interrupt_just_before_a_wait_is_handled_soon():
    """Python runs its handlers between bytecodes: such a one is not handled during the wait."""
    process = DeafProcess()
    with pytest.raises(KeyboardInterrupt):
        TorchProbe(process).report(30.0)
    assert process.waited < 2.0
