import pytest
import torch
from support.devices import DEVICES

from vae_tui.model.adam import MOMENTS, Adam

SHAPES = [(7, 5), (3,), ()]


def gradients(step: int, device: torch.device) -> list[torch.Tensor]:
    generator = torch.Generator().manual_seed(step)
    return [torch.randn(shape, generator=generator).to(device) for shape in SHAPES]


@pytest.mark.parametrize("device", DEVICES)
def test_weights_and_moments_are_those_of_torchs_adam_bit_for_bit(device):
    own = [torch.ones(shape, device=device, requires_grad=True) for shape in SHAPES]
    theirs = [torch.ones(shape, device=device, requires_grad=True) for shape in SHAPES]
    adam, reference = Adam(own, 0.01), torch.optim.Adam(theirs, 0.01, fused=True)
    for step in range(6):
        if step == 3:
            adam.lr = reference.param_groups[0]["lr"] = 0.002
        for weights, gradient in zip(theirs, gradients(step, device), strict=True):
            weights.grad = gradient
        reference.step()
        adam.step(gradients(step, device))
    for index, weights in enumerate(theirs):
        assert torch.equal(own[index], weights)
        state = reference.state[weights]
        assert adam.steps[index] == state["step"] == 6
        for name in MOMENTS:
            assert torch.equal(adam.moments[name][index], state[name])


def test_its_options_are_those_of_torchs_adam():
    adam = Adam([torch.ones(2)], 0.01)
    (group,) = torch.optim.Adam([torch.ones(2)], 0.01).param_groups
    assert adam.options.items() <= group.items()


def test_a_learning_rate_for_captured_graphs_changes_where_it_is_stored():
    weights = torch.ones(2)
    adam = Adam([weights], 0.5, capturable=True)
    assert adam.lr == 0.5
    adam.lr = 0.25
    assert adam.lr == 0.25
