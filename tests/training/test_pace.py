from support.clocks import Clock

from vae_tui.training.save_schedule import TimeBudget


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
