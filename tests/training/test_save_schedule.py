import itertools

import pytest
from hypothesis import given
from hypothesis import strategies as st
from support.clocks import Clock

from vae_tui.training.save_schedule import KEPT_STEPS, TimeBudget, is_kept, next_kept, steps_to_thin

STEPS_PER_EPOCH = st.integers(1, 5_000)


def test_early_steps_are_kept_log_spaced_and_then_every_epoch():
    kept = [step for step in range(1_000) if is_kept(step, 235)]
    assert kept == [0, 1, 2, 5, 10, 20, 50, 100, 200, 235, 470, 705, 940]


@pytest.mark.parametrize("steps_per_epoch", [1, 2, 7, 18, 235, 938])
def test_the_next_kept_step_is_the_first_that_is_kept(steps_per_epoch):
    for step in range(3 * steps_per_epoch):
        later = range(step + 1, step + steps_per_epoch + 1)
        assert next_kept(step, steps_per_epoch) == next(
            candidate for candidate in later if is_kept(candidate, steps_per_epoch)
        )


@given(st.integers(0, 10**9), STEPS_PER_EPOCH)
def test_a_chunk_never_runs_past_a_kept_step(step, steps_per_epoch):
    following = next_kept(step, steps_per_epoch)
    assert step < following <= step + steps_per_epoch
    assert is_kept(following, steps_per_epoch)


@given(st.sets(st.integers(0, 10**6)), st.integers(2, 64))
def test_thinning_leaves_the_limit_with_the_first_and_the_newest(steps, limit):
    dropped = steps_to_thin(sorted(steps), limit)
    left = steps.difference(dropped)
    assert len(set(dropped)) == len(dropped)
    assert len(left) == min(limit, len(steps))
    if steps:
        assert {min(steps), max(steps)} <= left


def test_a_long_run_keeps_its_early_steps_close_together_and_the_late_ones_spread():
    kept: list[int] = []
    for step in range(18 * 2_000 + 1):
        if is_kept(step, 18):
            kept.append(step)
            kept = [step for step in kept if step not in steps_to_thin(kept)]
    assert len(kept) == KEPT_STEPS
    assert kept[:4] == [0, 1, 2, 5]
    assert kept[-1] == 36_000
    ratios = [(after + 1) / (before + 1) for before, after in itertools.pairwise(kept)]
    assert max(ratios[4:]) < 2.1  # no hole: at any time something near is kept


def test_work_is_due_once_an_interval():
    clock = Clock()
    budget = TimeBudget(1.0, 0.0, lambda elapsed: 2.0, clock)
    due = []
    for _ in range(56):
        clock.now += 0.125
        if budget.is_due():
            due.append(round(clock.now - 100, 1))
            with budget.working():
                pass
    assert due == [2.0, 4.0, 6.0]


def test_work_is_due_after_the_longest_wait_whatever_it_takes():
    clock = Clock()
    budget = TimeBudget(0.01, 0.0, lambda elapsed: 2.0, clock, longest=30.0)
    waits, last = [], clock.now
    while len(waits) < 4:
        clock.now += 0.5
        if budget.is_due():
            waits.append(clock.now - last)
            with budget.working():
                clock.now += 5.0
            last = clock.now
    assert waits == [2.0, 30.0, 30.0, 30.0]


def test_work_takes_no_more_than_its_share_however_long_it_takes():
    for cost in (0.001, 0.1, 3.0):
        clock = Clock()
        budget = TimeBudget(0.02, 0.1, lambda elapsed: 0.25, clock)
        while clock.now < 1_100:
            clock.now += 0.05
            if budget.is_due():
                with budget.working():
                    clock.now += cost
        assert budget.spent <= 0.02 * (clock.now - 100) + 0.1 + cost
        assert budget.spent > 0.0
