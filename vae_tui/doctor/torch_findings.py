"""Findings on torch, the GPU and its driver, from what a child process was told."""

from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any

from vae_tui.doctor.finding import Finding, note, ok, problem
from vae_tui.doctor.torch_probe import TorchAnswer
from vae_tui.text import size

TRAINER_BYTES = 1 << 30
"""A trainer with its copy of torch and MNIST, with something to spare."""

_INSTALL = "pip install torch torchvision"
_REINSTALL = "pip install --force-reinstall torch torchvision"
_WITHOUT_GPU = "to train on the CPU meanwhile: CUDA_VISIBLE_DEVICES= vae-tui"
_NO_DEVICE = 100
_DRIVER_TROUBLE = {
    802: ("the GPUs' fabric manager does not run", "sudo systemctl start nvidia-fabricmanager"),
    803: ("the driver was updated under the running kernel", "sudo reboot"),
    804: ("its compatibility libraries are not for this GPU", "unset LD_LIBRARY_PATH"),
    999: ("its kernel module is stuck", "sudo modprobe -r nvidia_uvm; sudo modprobe nvidia_uvm"),
}
"""What NVIDIA's driver answers to being started (cuInit)."""


def judge_torch(answer: TorchAnswer) -> Iterator[Finding]:
    """Yield what is to be said of torch and what it computes on."""
    if not answer.version:
        yield _no_torch(answer)
        yield from _driver(answer)
        return
    built = f"for CUDA {answer.built_for_cuda}" if answer.built_for_cuda else "without CUDA"
    yield ok("torch", f"{answer.version}, {built}; imported and asked in {answer.seconds:.1f} s")
    if answer.reached("cpu_precision"):
        yield ok("cpu", f"{answer.threads} threads; --precision auto is {answer.cpu_precision}")
    if answer.timed_out or answer.died_of or answer.error:
        yield _broken(answer)
    elif answer.devices:
        yield from map(_device, range(len(answer.devices)), answer.devices)
    elif answer.mps_available:
        yield ok("gpu", "Apple's, as --device mps")
    yield from _driver(answer)


def judge_memory(available: int | None) -> Iterator[Finding]:
    """Yield what is to be said of the bytes of memory that are free."""
    if available is None:
        return
    text = f"{size(available)}B of memory free"
    if available < TRAINER_BYTES:
        text += f"; a trainer may need {size(TRAINER_BYTES)}B, and be killed without a word"
        yield note("memory", text, "ps aux --sort -rss | head")
    else:
        yield ok("memory", text)


def available_memory(meminfo: Path = Path("/proc/meminfo")) -> int | None:
    """Return the bytes that a new process can have; None where nobody tells."""
    try:
        lines = meminfo.read_text("ascii", "replace").splitlines()
    except OSError:
        return None
    told = [line.split()[1] for line in lines if line.startswith("MemAvailable:")]
    return int(told[0]) * 1024 if told and told[0].isdigit() else None


def _no_torch(answer: TorchAnswer) -> Finding:
    if answer.timed_out:
        text = f"import torch has not ended within {answer.seconds:.0f} s"
        return problem("torch", text, "time python -c 'import torch'", _REINSTALL)
    if answer.died_of:
        said = f": {answer.error}" if answer.error else ""
        return problem("torch", f"import torch dies of {answer.died_of}{said}", _REINSTALL)
    if "No module named 'torch'" in answer.error:
        return problem("torch", "torch is not installed", _INSTALL)
    return problem("torch", f"import torch fails: {answer.error or 'it says nothing'}", _REINSTALL)


def _broken(answer: TorchAnswer) -> Finding:
    """Return what happened after the import: on the CPU, or when CUDA was looked for."""
    in_cuda = answer.reached("cpu_precision")
    what = "CUDA" if in_cuda else "a matrix product on the CPU"
    mend = (_WITHOUT_GPU,) if in_cuda else (_REINSTALL,)
    if answer.timed_out:
        return problem("gpu", f"{what} does not answer within {answer.seconds:.0f} s", *mend)
    said = ": ".join(filter(None, (answer.died_of, answer.error)))
    return problem("gpu" if in_cuda else "cpu", f"{what} fails: {said}", *mend)


def _device(index: int, device: Mapping[str, Any]) -> Finding:
    name = f"cuda:{index} {device.get('name', '?')}, capability {device.get('capability', '?')}"
    if not device.get("works"):
        said = device.get("error", "it computes wrongly")
        # --device auto is cuda:0.
        how = problem if index == 0 else note
        return how("gpu", f"{name} refuses to compute: {said}", _WITHOUT_GPU)
    free, total = device.get("free_bytes", 0), device.get("total_bytes", 0)
    return ok("gpu", f"{name}, {size(free)}B of {size(total)}B free")


def _driver(answer: TorchAnswer) -> Iterator[Finding]:
    """Yield why there is a driver and yet no device, or that there is no GPU at all."""
    version = answer.driver_version or "of unknown version"
    if not answer.driver:
        if answer.driver_version:
            text = f"NVIDIA's kernel module {version} is loaded, but its library is not here"
            yield note("driver", text, "docker run --gpus all ..., or install libnvidia-compute")
        elif not answer.mps_available:
            yield ok("driver", "no NVIDIA GPU: training is on the CPU")
        return
    about = f"NVIDIA {version}, for CUDA {answer.driver_cuda}"
    if answer.driver_code == _NO_DEVICE:
        yield note("driver", f"{about}: it finds no GPU", "nvidia-smi; unset CUDA_VISIBLE_DEVICES")
    elif answer.driver_code:
        why, line = _DRIVER_TROUBLE.get(answer.driver_code, ("it does not start", "nvidia-smi"))
        yield note("driver", f"{about}: {why} (code {answer.driver_code}); on the CPU then", line)
    elif not answer.version or answer.cuda_available or not answer.reached("cuda_available"):
        yield ok("driver", about)
    elif not answer.built_for_cuda:
        text = f"{about}; but torch was built without CUDA: training is on the CPU"
        yield note("driver", text, _REINSTALL)
    elif _major(answer.driver_cuda) < _major(answer.built_for_cuda):
        text = (
            f"{about}: too old for torch's CUDA {answer.built_for_cuda}, so training is on the CPU"
        )
        older = f"pip install torch torchvision --index-url {_index(answer.driver_cuda)}"
        yield note("driver", text, "update the driver: https://www.nvidia.com/drivers", older)
    else:
        said = answer.cuda_complaint or "it does not say why"
        yield note("driver", f"{about}; but torch finds no device: {said}", "nvidia-smi")


def _major(version: str) -> int:
    return int(version.partition(".")[0] or 0)


def _index(driver_cuda: str) -> str:
    """Return where the builds of torch for an older driver are."""
    newest = {13: "cu130", 12: "cu126", 11: "cu118"}.get(_major(driver_cuda), "cpu")
    return f"https://download.pytorch.org/whl/{newest}"
