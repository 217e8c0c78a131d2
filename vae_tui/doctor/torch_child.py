"""The child process that tries torch: it may crash or hang here without harm.

Prints one line of JSON per answer at once, so that answers before a crash are kept.
"""

import json
import traceback
import warnings
from types import ModuleType

from vae_tui.doctor.cuda_driver import kernel_module_version, read_cuda_driver

MARK = "vae-tui doctor: "


def main() -> None:
    """Print all answers, in the order in which a trainer would need them."""
    _print(driver_version=kernel_module_version())
    if driver := read_cuda_driver():
        _print(driver=True, driver_cuda=driver.cuda, driver_code=driver.status)
    try:
        _try_torch()
    except BaseException as error:
        _print(error="".join(traceback.format_exception_only(error)).strip())


def _print(**answers: object) -> None:
    print(MARK + json.dumps(answers), flush=True)  # noqa: T201


def _try_torch() -> None:
    import torch  # noqa: PLC0415 - this import is what is tried

    _print(
        version=str(torch.__version__),
        built_for_cuda=torch.version.cuda or "",
        threads=torch.get_num_threads(),
    )
    if float((torch.ones(64, 64) @ torch.ones(64, 64)).sum()) != 64.0**3:
        raise ArithmeticError("a product of 64x64 ones has the wrong sum")
    from vae_tui.model.step_plan import choose_plan  # noqa: PLC0415

    _print(cpu_precision=choose_plan("auto", torch.device("cpu")).precision)
    with warnings.catch_warnings(record=True) as caught:
        warnings.simplefilter("always")
        available = torch.cuda.is_available()
    complaint = " ".join(" ".join(str(one.message) for one in caught).split())[:500]
    mps_available = torch.backends.mps.is_available()
    _print(cuda_available=available, cuda_complaint=complaint, mps_available=mps_available)
    if available:
        _print(devices=[_try_device(torch, index) for index in range(torch.cuda.device_count())])


def _try_device(torch: ModuleType, index: int) -> dict[str, object]:
    """Multiply on the device too: one that is listed may still refuse every kernel."""
    answer: dict[str, object] = {
        "name": torch.cuda.get_device_name(index),
        "capability": ".".join(map(str, torch.cuda.get_device_capability(index))),
    }
    try:
        from vae_tui.model.step_plan import MEASURED, choose_plan  # noqa: PLC0415

        answer["precision"] = choose_plan("auto", torch.device("cuda", index)).precision
        answer["measured"] = ("mlp", answer["name"]) in MEASURED
        ones = torch.ones(64, 64, device=f"cuda:{index}")
        answer["works"] = float((ones @ ones).sum()) == 64.0**3
        answer["free_bytes"], answer["total_bytes"] = torch.cuda.mem_get_info(index)
    except Exception as error:
        answer |= {"works": False, "error": str(error).strip().partition("\n")[0][:300]}
    return answer


if __name__ == "__main__":
    main()
