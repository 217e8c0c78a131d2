import random

import torch
from support.tiny_runs import random_images

from vae_tui.model.mlp import Mlp
from vae_tui.training.ranks import Ranks
from vae_tui.training.stepper import Stepper
from vae_tui.training.thread_tuner import LONGEST_SECONDS, Threads


class Machine:
    """Steps whose time depends on the threads and on what else runs."""

    def __init__(self, most: int) -> None:
        self.now, self.count, self.busy = 0.0, most, False
        self.share_met = 0.0
        """Of the chunks, that meet something short."""
        self._chance = random.Random(1)
        self.used = dict.fromkeys(range(most + 1), 0.0)
        self.threads = Threads(most, self.use, lambda: self.now)

    def use(self, count: int) -> None:
        self.count = count

    def step_seconds(self) -> float:
        crawl = 20 if self.busy and self.count > 1 else 1
        return 0.002 * crawl * (1 + 1 / self.count)

    def run(self, seconds: float) -> None:
        end = self.now + seconds
        while self.now < end:
            steps = self.threads.most_steps or max(1, round(0.05 / self.step_seconds()))
            is_met = self._chance.random() < self.share_met
            a_step = self.step_seconds() * (2.5 if is_met else 1)
            self.used[self.count] += steps * a_step
            self.now += steps * a_step
            self.threads.took(a_step)


def test_an_idle_machines_threads_are_all_used_and_tries_cost_next_to_nothing():
    machine = Machine(2)
    machine.run(120)
    assert machine.count == 2
    assert machine.used[1] < 0.01 * machine.used[2]


def test_where_threads_crawl_one_is_left_soon_and_the_others_come_back_when_it_is_quiet():
    machine = Machine(2)
    machine.run(60)
    machine.busy = True
    machine.run(3)
    assert machine.count == 1
    machine.used = dict.fromkeys(machine.used, 0.0)
    machine.run(120)
    assert machine.used[2] < 0.05 * machine.used[1]
    machine.busy = False
    machine.run(2 * LONGEST_SECONDS)
    assert machine.count == 2


def test_a_screen_that_draws_now_and_then_is_no_reason_for_fewer_threads():
    machine = Machine(2)
    machine.share_met = 0.1
    machine.run(300)
    assert machine.used[1] < 0.02 * machine.used[2]


def test_many_threads_are_halved_step_by_step_until_it_is_no_better():
    machine = Machine(16)
    machine.busy = True
    machine.run(60)
    assert machine.count == 1


def test_a_single_thread_stays_one():
    machine = Machine(1)
    machine.run(60)
    assert machine.threads.most_steps is None


def test_weights_and_losses_do_not_depend_on_the_number_of_threads():
    before = torch.get_num_threads()
    found = []
    try:
        for counts in ((1,), (2,), (1, 2)):
            torch.manual_seed(1)
            stepper = Stepper(
                Mlp(20, 400),
                random_images().train,
                batch_size=256,
                lr=1e-3,
                precision="fp32",
                reconstruction="bce",
                noise=torch.Generator().manual_seed(1),
                ranks=Ranks(),
                capture=None,
            )
            for step in range(6):
                torch.set_num_threads(counts[step % len(counts)])
                stepper.take(torch.arange(256) + step, 1.0)
            found.append((stepper._gradient.weights.detach().clone(), stepper.sums))
    finally:
        torch.set_num_threads(before)
    for weights, sums in found[1:]:
        assert torch.equal(weights, found[0][0])
        assert torch.equal(sums, found[0][1])
