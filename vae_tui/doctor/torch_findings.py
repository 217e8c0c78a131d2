"""Findings on torch, the GPU and its driver, and on free memory."""

import math
from collections.abc import Iterator, Mapping
from typing import Any

from packaging.version import Version

from vae_tui.doctor.finding import Finding, note, ok, problem
from vae_tui.doctor.torch_probe import TorchReport
from vae_tui.text import byte_size

TRAINER_BYTES = 1 << 30
"""Memory of a trainer with torch and MNIST, and some to spare."""
_REINSTALL = "pip install --force-reinstall torch torchvision"
_WITHOUT_GPU = "to train on the CPU meanwhile: CUDA_VISIBLE_DEVICES= vae-tui"
_DRIVER_STATUS = {
    100: ("it finds no GPU", "nvidia-smi; unset CUDA_VISIBLE_DEVICES"),
    802: ("the GPUs' fabric manager is not running", "sudo systemctl start nvidia-fabricmanager"),
    803: ("the driver was updated under the running kernel", "sudo reboot"),
    804: ("its compatibility libraries do not support this GPU", "unset LD_LIBRARY_PATH"),
    999: ("its kernel module is stuck", "sudo modprobe -r nvidia_uvm; sudo modprobe nvidia_uvm"),
}
"""By result of ``cuInit``: cause and fix."""
_BUILDS = {13: "cu130", 12: "cu126", 11: "cu118"}
"""By CUDA version of the driver: the newest builds of torch that it can run."""


def torch_findings(report: TorchReport) -> Iterator[Finding]:
    """Yield the findings on torch and the devices it computes on."""
    if report.version:
        built = f"for CUDA {report.built_for_cuda}" if report.built_for_cuda else "without CUDA"
        yield ok("torch", f"{report.version}, built {built}; tried in {report.seconds:.1f} s")
    if report.cpu_precision:
        yield ok("cpu", f"{report.threads} threads; --precision auto is {report.cpu_precision}")
    if not report.version or report.timed_out or report.died_of or report.error:
        yield _failure(report)
    elif report.devices:
        yield from map(_device, range(len(report.devices)), report.devices)
    elif report.mps_available:
        yield ok("gpu", "Apple's, as --device mps")
    if report.driver:
        yield _driver(report)
    elif report.driver_version:
        module = f"NVIDIA's kernel module {report.driver_version} is loaded"
        text = f"{module}, but its library is missing here"
        yield note("driver", text, "docker run --gpus all ..., or install libnvidia-compute")
    elif not report.mps_available:
        yield ok("driver", "no NVIDIA GPU: training on the CPU")


def memory_findings(available: float) -> Iterator[Finding]:
    """Yield the finding on ``available`` bytes of memory; nothing when infinite: unknown."""
    if math.isinf(available):
        return
    text = f"{byte_size(available)} of memory available"
    if available < TRAINER_BYTES:
        text += f"; a trainer may need {byte_size(TRAINER_BYTES)}, and the kernel may kill it"
        yield note("memory", text, "ps aux --sort -rss | head")
    else:
        yield ok("memory", text)


def _failure(report: TorchReport) -> Finding:
    """Return the finding on what failed: the import, a product on the CPU, or CUDA."""
    if "No module named 'torch'" in report.error:
        return problem("torch", "torch is not installed", "pip install torch torchvision")
    if not report.version:
        about, what, fix = "torch", "import torch", _REINSTALL
    elif not report.cpu_precision:
        about, what, fix = "cpu", "a matrix product on the CPU", _REINSTALL
    else:
        about, what, fix = "gpu", "CUDA", _WITHOUT_GPU
    limit = f"within {report.seconds:.0f} s"
    if report.timed_out and about == "torch":
        return problem(about, f"{what} has not ended {limit}", "time python -c 'import torch'", fix)
    if report.timed_out:
        return problem(about, f"{what} does not answer {limit}", fix)
    if report.died_of:
        detail = f": {report.error}" if report.error else ""
        return problem(about, f"{what} was ended by {report.died_of}{detail}", fix)
    return problem(about, f"{what} fails: {report.error or 'no message'}", fix)


def _device(index: int, device: Mapping[str, Any]) -> Finding:
    name = f"cuda:{index} {device.get('name', '?')}, capability {device.get('capability', '?')}"
    if not device.get("works"):
        cause = device.get("error", "wrong results")
        level = problem if index == 0 else note  # --device auto uses cuda:0
        return level("gpu", f"{name} fails to compute: {cause}", _WITHOUT_GPU)
    free, total = byte_size(device["free_bytes"]), byte_size(device["total_bytes"])
    text = f"{name}, {free} of {total} free; --precision auto is {device['precision']}"
    return ok("gpu", text if device["measured"] else f"{text}: this GPU was never measured")


def _driver(report: TorchReport) -> Finding:
    """Return why the installed driver finds no device, if it finds none."""
    version = report.driver_version or "of unknown version"
    driver = f"NVIDIA {version}, for CUDA {report.driver_cuda}"
    if report.driver_code:
        cause, fix = _DRIVER_STATUS.get(report.driver_code, ("it does not start", "nvidia-smi"))
        text = f"{driver}: {cause} (code {report.driver_code}); training on the CPU"
        return note("driver", text, fix)
    if not report.version or report.cuda_available in (True, None):
        return ok("driver", driver)
    if not report.built_for_cuda:
        text = f"{driver}; but torch was built without CUDA: training on the CPU"
        return note("driver", text, _REINSTALL)
    newest = Version(report.driver_cuda).major
    if newest < Version(report.built_for_cuda).major:
        text = f"{driver}: too old for torch's CUDA {report.built_for_cuda}; training on the CPU"
        index = f"https://download.pytorch.org/whl/{_BUILDS.get(newest, 'cpu')}"
        older = f"pip install torch torchvision --index-url {index}"
        return note("driver", text, "update the driver: https://www.nvidia.com/drivers", older)
    cause = report.cuda_complaint or "no reason given"
    return note("driver", f"{driver}; but torch finds no device: {cause}", "nvidia-smi")
