"""Findings on torch, the GPU and its driver, and on free memory."""

import contextlib
import re
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any

from vae_tui.doctor.finding import Finding, note, ok, problem
from vae_tui.doctor.torch_probe import TorchReport
from vae_tui.text import size

TRAINER_BYTES = 1 << 30
"""Memory of a trainer with torch and MNIST, and some to spare."""
_REINSTALL = "pip install --force-reinstall torch torchvision"
_WITHOUT_GPU = "to train on the CPU meanwhile: CUDA_VISIBLE_DEVICES= vae-tui"
_DRIVER_STATUS = {
    802: ("the GPUs' fabric manager is not running", "sudo systemctl start nvidia-fabricmanager"),
    803: ("the driver was updated under the running kernel", "sudo reboot"),
    804: ("its compatibility libraries do not support this GPU", "unset LD_LIBRARY_PATH"),
    999: ("its kernel module is stuck", "sudo modprobe -r nvidia_uvm; sudo modprobe nvidia_uvm"),
}
"""By result of ``cuInit``: cause and fix."""


def torch_findings(report: TorchReport) -> Iterator[Finding]:
    """Yield the findings on torch and the devices it computes on."""
    if not report.version:
        yield _no_torch(report)
        yield from _driver(report)
        return
    built = f"for CUDA {report.built_for_cuda}" if report.built_for_cuda else "without CUDA"
    yield ok("torch", f"{report.version}, built {built}; tried in {report.seconds:.1f} s")
    if report.cpu_precision:
        yield ok("cpu", f"{report.threads} threads; --precision auto is {report.cpu_precision}")
    if report.timed_out or report.died_of or report.error:
        yield _broken(report)
    elif report.devices:
        yield from map(_device, range(len(report.devices)), report.devices)
    elif report.mps_available:
        yield ok("gpu", "Apple's, as --device mps")
    yield from _driver(report)


def memory_findings(available: int | None) -> Iterator[Finding]:
    """Yield the finding on ``available`` bytes of memory; nothing when None."""
    if available is None:
        return
    text = f"{size(available)}B of memory free"
    if available < TRAINER_BYTES:
        text += f"; a trainer may need {size(TRAINER_BYTES)}B, and the kernel may kill it"
        yield note("memory", text, "ps aux --sort -rss | head")
    else:
        yield ok("memory", text)


def available_memory(meminfo: Path = Path("/proc/meminfo")) -> int | None:
    """Return the bytes that a new process can use; None where the kernel does not say."""
    with contextlib.suppress(OSError):
        text = meminfo.read_text("ascii", "replace")
        if found := re.search(r"^MemAvailable: +(\d+)", text, re.MULTILINE):
            return int(found[1]) * 1024
    return None


def _no_torch(report: TorchReport) -> Finding:
    if report.timed_out:
        text = f"import torch has not ended within {report.seconds:.0f} s"
        return problem("torch", text, "time python -c 'import torch'", _REINSTALL)
    if report.died_of:
        detail = f": {report.error}" if report.error else ""
        return problem("torch", f"import torch dies of {report.died_of}{detail}", _REINSTALL)
    if "No module named 'torch'" in report.error:
        return problem("torch", "torch is not installed", "pip install torch torchvision")
    return problem("torch", f"import torch fails: {report.error or 'no message'}", _REINSTALL)


def _broken(report: TorchReport) -> Finding:
    """Return the finding on a failure after the import: on the CPU or while looking for CUDA."""
    if report.cpu_precision:
        about, what, fix = "gpu", "CUDA", _WITHOUT_GPU
    else:
        about, what, fix = "cpu", "a matrix product on the CPU", _REINSTALL
    if report.timed_out:
        return problem("gpu", f"{what} does not answer within {report.seconds:.0f} s", fix)
    cause = ": ".join(filter(None, (report.died_of, report.error)))
    return problem(about, f"{what} fails: {cause}", fix)


def _device(index: int, device: Mapping[str, Any]) -> Finding:
    name = f"cuda:{index} {device.get('name', '?')}, capability {device.get('capability', '?')}"
    if not device.get("works"):
        cause = device.get("error", "wrong results")
        level = problem if index == 0 else note  # --device auto uses cuda:0
        return level("gpu", f"{name} refuses to compute: {cause}", _WITHOUT_GPU)
    free, total = device.get("free_bytes", 0), device.get("total_bytes", 0)
    return ok("gpu", f"{name}, {size(free)}B of {size(total)}B free")


def _driver(report: TorchReport) -> Iterator[Finding]:
    """Yield why a driver finds no device, or that there is no GPU."""
    version = report.driver_version or "of unknown version"
    if not report.driver:
        if report.driver_version:
            text = f"NVIDIA's kernel module {version} is loaded, but its library is missing here"
            yield note("driver", text, "docker run --gpus all ..., or install libnvidia-compute")
        elif not report.mps_available:
            yield ok("driver", "no NVIDIA GPU: training on the CPU")
        return
    driver = f"NVIDIA {version}, for CUDA {report.driver_cuda}"
    if report.driver_code == 100:  # no device
        yield note("driver", f"{driver}: finds no GPU", "nvidia-smi; unset CUDA_VISIBLE_DEVICES")
    elif report.driver_code:
        cause, fix = _DRIVER_STATUS.get(report.driver_code, ("it does not start", "nvidia-smi"))
        text = f"{driver}: {cause} (code {report.driver_code}); training on the CPU"
        yield note("driver", text, fix)
    elif not report.version or report.cuda_available or report.cuda_available is None:
        yield ok("driver", driver)
    elif not report.built_for_cuda:
        text = f"{driver}; but torch was built without CUDA: training on the CPU"
        yield note("driver", text, _REINSTALL)
    elif _major(report.driver_cuda) < _major(report.built_for_cuda):
        text = f"{driver}: too old for torch's CUDA {report.built_for_cuda}; training on the CPU"
        older = f"pip install torch torchvision --index-url {_index(report.driver_cuda)}"
        yield note("driver", text, "update the driver: https://www.nvidia.com/drivers", older)
    else:
        cause = report.cuda_complaint or "no reason given"
        yield note("driver", f"{driver}; but torch finds no device: {cause}", "nvidia-smi")


def _major(version: str) -> int:
    return int(version.partition(".")[0] or 0)


def _index(driver_cuda: str) -> str:
    """Return the package index with builds of torch for an older driver."""
    newest = {13: "cu130", 12: "cu126", 11: "cu118"}.get(_major(driver_cuda), "cpu")
    return f"https://download.pytorch.org/whl/{newest}"
