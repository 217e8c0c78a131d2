"""What torch says of itself and the machine; a process of its own, since it may die of that.

Each answer is a line of its own, told at once: what was answered before a crash is known.
"""

import ctypes
import json
import traceback
import warnings
from collections.abc import Iterator

MARK = "vae-tui doctor: "


def main() -> None:
    """Tell everything, in the order in which a trainer would come to it."""
    for answer in _answers():
        print(MARK + json.dumps(answer), flush=True)  # noqa: T201


def _answers() -> Iterator[dict[str, object]]:
    yield _driver()
    try:
        import torch  # noqa: PLC0415 - it is what is tried
    except BaseException as error:
        yield {"error": "".join(traceback.format_exception_only(error)).strip()}
        return
    yield {
        "version": str(torch.__version__),
        "built_for_cuda": torch.version.cuda or "",
        "threads": torch.get_num_threads(),
    }
    try:
        computed = torch.ones(64, 64) @ torch.ones(64, 64)
        if float(computed.sum()) != 64.0**3:
            raise ArithmeticError("64x64 ones by 64x64 ones come to another sum")
        from vae_tui.model.device import choose_precision  # noqa: PLC0415

        yield {"cpu_precision": choose_precision("auto", torch.device("cpu"))}
        with warnings.catch_warnings(record=True) as told:
            warnings.simplefilter("always")
            available = torch.cuda.is_available()
        yield {
            "cuda_available": available,
            "cuda_complaint": " ".join(" ".join(str(one.message) for one in told).split())[:500],
            "mps_available": torch.backends.mps.is_available(),
        }
        if available:
            yield {"devices": [_device(index) for index in range(torch.cuda.device_count())]}
    except Exception as error:
        yield {"error": "".join(traceback.format_exception_only(error)).strip()}


def _device(index: int) -> dict[str, object]:
    """Multiply on the device too: one that is seen may still refuse every kernel."""
    import torch  # noqa: PLC0415

    about: dict[str, object] = {
        "name": torch.cuda.get_device_name(index),
        "capability": ".".join(map(str, torch.cuda.get_device_capability(index))),
    }
    try:
        ones = torch.ones(64, 64, device=f"cuda:{index}")
        about["works"] = float((ones @ ones).sum()) == 64.0**3
        about["free_bytes"], about["total_bytes"] = torch.cuda.mem_get_info(index)
    except Exception as error:
        about["works"] = False
        about["error"] = str(error).strip().partition("\n")[0][:300]
    return about


def _driver() -> dict[str, object]:
    """Ask NVIDIA's driver itself: which CUDA it is for, and whether it answers."""
    try:
        cuda = ctypes.CDLL("libcuda.so.1")
    except OSError:
        return {"driver": False}
    newest = ctypes.c_int(0)
    cuda.cuDriverGetVersion(ctypes.byref(newest))
    return {
        "driver": True,
        "driver_cuda": f"{newest.value // 1000}.{newest.value % 1000 // 10}",
        "driver_code": cuda.cuInit(0),
    }


if __name__ == "__main__":
    main()
