import pytest
import torch

from vae_tui.training.thread_choice import FIRST_PAUSE_SECONDS, REPEAT_SECONDS, ThreadChoice


class Machine:
    """Threads share a step of 10 ms; beside another program they take five times as long."""

    def __init__(self, threads: int = 2, *, is_exact: bool = True, is_fixed: bool = False) -> None:
        self.now = 0.0
        self.threads = threads
        self.is_busy = False
        self.is_exact = is_exact
        self.computed = 0
        self.choice = ThreadChoice(
            *(threads, self.compute, (256, 96), self.use, lambda: self.now), is_fixed=is_fixed
        )

    def use(self, threads: int) -> None:
        self.threads = threads

    def compute(self, batch_size: int) -> torch.Tensor:
        self.computed += 1
        slower = (1.2 if self.threads == 1 else 5) if self.is_busy else 1
        self.now += slower * 0.010 / self.threads
        # Sums of ragged batches alone depend on the number of threads.
        return torch.tensor([0.0 if self.is_exact or batch_size == 256 else float(self.threads)])

    def warnings_within(self, seconds: float) -> list[str]:
        end = self.now + seconds
        warnings = []
        while self.now < end:
            self.now += 0.05
            warnings.append(self.choice.update())
        return [warning for warning in warnings if warning]


@pytest.mark.parametrize("is_exact", [True, False])
def test_a_quiet_machines_threads_are_all_used_and_checks_cost_next_to_nothing(is_exact):
    machine = Machine(is_exact=is_exact)
    assert not machine.warnings_within(600)
    assert machine.computed * 0.010 < 0.005 * 600
    assert machine.threads == 2


def test_one_thread_computes_beside_another_program_and_all_when_it_has_ended():
    machine = Machine()
    machine.is_busy = True
    assert not machine.warnings_within(5)
    assert machine.threads == 1
    machine.warnings_within(100)
    assert machine.threads == 1
    machine.is_busy = False
    assert not machine.warnings_within(60)
    assert machine.threads == 2
    machine.is_busy = True
    assert not machine.warnings_within(60)
    assert machine.threads == 1


@pytest.mark.parametrize("why", [{"is_exact": False}, {"is_fixed": True}], ids=str)
def test_the_number_stays_where_sums_depend_on_it_and_that_is_said_once_with_what_helps(why):
    machine = Machine(**why)
    machine.is_busy = True
    (warning,) = machine.warnings_within(600)
    assert "2 threads take 25.0 ms a step, 1 thread would take 12.0" in warning
    assert "--threads 1" in warning
    assert machine.threads == 2


def test_all_threads_compute_what_was_not_compared():
    machine = Machine()
    machine.is_busy = True
    machine.warnings_within(5)
    with machine.choice.all_threads():
        assert machine.threads == 2
    assert machine.threads == 1


def test_a_brief_load_changes_nothing():
    machine = Machine()
    machine.is_busy = True
    machine.warnings_within(FIRST_PAUSE_SECONDS + REPEAT_SECONDS / 2)
    assert machine.computed
    machine.is_busy = False
    machine.warnings_within(2 * REPEAT_SECONDS)
    assert machine.threads == 2


def test_a_single_thread_is_never_compared_with_another():
    machine = Machine(threads=1)
    machine.is_busy = True
    assert not machine.warnings_within(600)
    assert not machine.computed
