"""Computes with one thread while other programs make a run's threads slower than one.

Threads that wait for each other slow down more than one does when another program uses a core: ms
per step alone and beside one spinning program (Intel with AVX512-BF16, 2 cores, batch 256):
2 threads 6.1 and 23.7, 1 thread 9.6 and 11.2 in fp32; 9.6 and 33.7, 14.0 and 18.0 in bf16.

The number of threads is changed only if no sum depends on it, so that the same seed gives the same
run: gradients and losses of a full and of a ragged batch, computed with all threads and with one,
are equal bit for bit. With MKL's strict mode they are in fp32; in bf16 it depends on the processor
(not with AMX). Otherwise the number stays and one warning says so. Of convolutions it always stays:
one batch's gradient in bf16 can be equal where the next one's is not (seen on an AMD EPYC).

Tried and rejected: threads that sleep at once when they wait (``OMP_WAIT_POLICY=passive``: 9.8 and
19.8 in fp32); fixed shards of the batch, one a Python thread, summed in a fixed order (9.0 and
14.5 in fp32, 12.2 and 21.6 in bf16), though N processes would then compute what one does.
"""

import os
import time
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path

import torch
from torch import Tensor

FIRST_PAUSE_SECONDS, LONGEST_PAUSE_SECONDS = 2.0, 30.0
"""The pause between two checks doubles; a check takes the time of about ten steps."""
REPEAT_SECONDS = 1.0
"""Pause before a check is confirmed: the load may have been brief."""
COMPUTATIONS = 3
"""With each number of threads; the median counts."""
FASTER = 1.2
"""The ratio of times from which another number of threads is worth a change."""


def make_products_exact() -> None:
    """Make MKL's products independent of the number of threads; call before the first product.

    Otherwise, in fp32, one thread computes other bits of a ragged batch than two, with ``AUTO`` and
    ``AVX512`` too, and a run could not drop to one. The strict mode costs nothing measurable: a
    step with two threads takes 0.998 of the time without it, 0.989 of the CPU time (140 alternating
    chunks of 4 steps on an Intel Xeon with AVX512-BF16, medians); with ``COMPATIBLE`` it takes 3.4
    times as long. Beside a load of 8 a run trained 3,045 and 6,157 images/s, without the mode 2,182
    and 2,270 (24 s each). On other makers' processors the mode may choose slower kernels.
    """
    try:
        is_intel = "GenuineIntel" in Path("/proc/cpuinfo").read_text("ascii", errors="replace")
    except OSError:  # not Linux
        return
    if is_intel:
        os.environ.setdefault("MKL_CBWR", "AUTO,STRICT")


class ThreadChoice:
    """Compares all threads with a single one now and then.

    ``compute`` returns what a step computes on a batch of the given size, without training;
    ``batch_sizes`` are the sizes of batches, the full one first. Where ``is_fixed`` the number is
    never changed, and a warning says what another one would take.
    """

    def __init__(
        self,
        threads: int,
        compute: Callable[[int], Tensor],
        batch_sizes: Sequence[int],
        use_threads: Callable[[int], object] = torch.set_num_threads,
        timer: Callable[[], float] = time.perf_counter,
        *,
        is_fixed: bool = False,
    ) -> None:
        self._is_fixed = is_fixed
        self._threads = self._used = threads
        self._compute = compute
        self._batch_sizes = batch_sizes
        self._use_threads = use_threads
        self._timer = timer
        self._is_exact: bool | None = None
        """Whether one thread computes what all compute; None before it is needed."""
        self._is_confirming = False
        self._pause = FIRST_PAUSE_SECONDS
        self._next_check = timer() + self._pause

    def update(self) -> str:
        """Choose the number of threads if it is time; return a warning, once, if it must stay."""
        if self._threads == 1 or self._is_exact is False or self._timer() < self._next_check:
            return ""
        seconds = {count: self._seconds(count) for count in (self._threads, 1)}
        other = 1 if self._used == self._threads else self._threads
        is_worth_it = seconds[self._used] > FASTER * seconds[other]
        warning = ""
        if is_worth_it and self._is_confirming:
            if self._is_exact is None:
                self._is_exact = not self._is_fixed and self._compare()
            if self._is_exact:
                self._used = other
            else:
                warning = (
                    f"training is slowed by other programs: {self._threads} threads take "
                    f"{1_000 * seconds[self._threads]:.1f} ms a step, 1 thread would take "
                    f"{1_000 * seconds[1]:.1f}; a new run with --threads 1 is faster beside them"
                )
            self._pause = FIRST_PAUSE_SECONDS
        self._use_threads(self._used)
        self._is_confirming = is_worth_it and not self._is_confirming
        self._next_check = self._timer() + (REPEAT_SECONDS if self._is_confirming else self._pause)
        self._pause = min(2 * self._pause, LONGEST_PAUSE_SECONDS)
        return warning

    @contextmanager
    def all_threads(self) -> Iterator[None]:
        """Use all threads in the block, for computations that `_compare` does not cover."""
        self._use_threads(self._threads)
        yield
        self._use_threads(self._used)

    def _seconds(self, threads: int) -> float:
        self._use_threads(threads)
        times = []
        for _ in range(COMPUTATIONS):
            began = self._timer()
            self._compute(self._batch_sizes[0])
            times.append(self._timer() - began)
        return sorted(times)[COMPUTATIONS // 2]

    def _compare(self) -> bool:
        results = []
        for threads in (self._threads, 1):
            self._use_threads(threads)
            results.append([self._compute(size) for size in self._batch_sizes])
        return all(torch.equal(*pair) for pair in zip(*results, strict=True))
