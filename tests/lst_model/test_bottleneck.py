"""The bottleneck of LST-Net."""

from __future__ import annotations

import pytest
import torch
from scipy import fft
from torch import Tensor
from torch.nn import functional

from lst_model.bottleneck import STARTS, VARIANTS, LSTBottleneck
from lst_model.errors import InputError


def _features(channels: int = 8) -> Tensor:
    return torch.randn(2, channels, 9, 7, generator=torch.Generator().manual_seed(0))


def _weights(bottleneck: LSTBottleneck) -> int:
    """Trained numbers of T_r, T_c and T_s."""
    parameters = (bottleneck.resize.weight, bottleneck.channel.weight, bottleneck.spatial)
    return sum(parameter.numel() for parameter in parameters)


@pytest.mark.parametrize(("inputs", "outputs", "kernel", "a"), [(8, 16, 3, 2), (16, 16, 3, 2), (9, 18, 5, 3)])
def test_the_papers_counts_of_parameters(inputs: int, outputs: int, kernel: int, a: int) -> None:
    square = a * a
    shared = square * kernel * kernel
    first = LSTBottleneck(inputs, outputs, "I", kernel=kernel, a=a)
    assert _weights(first) == inputs * outputs + shared + square * outputs * outputs
    second = LSTBottleneck(inputs, outputs, "II", kernel=kernel, a=a)
    assert _weights(second) == inputs * outputs // square + (outputs // square) ** 2 + shared
    for bottleneck, normalised in ((first, outputs * (2 + square)), (second, outputs + 2 * outputs // square)):
        shortcut = 0 if inputs == outputs else outputs + 2 * outputs
        count = sum(parameter.numel() for parameter in bottleneck.parameters())
        assert count == _weights(bottleneck) + 2 * normalised + shortcut


@pytest.mark.parametrize("variant", VARIANTS)
@pytest.mark.parametrize("start", STARTS)
@pytest.mark.parametrize("stride", [1, 2])
def test_shapes_and_gradients(variant: str, start: str, stride: int) -> None:
    bottleneck = LSTBottleneck(8, 16, variant, stride=stride, start=start)
    result = bottleneck(_features())
    assert result.shape == (2, 16, *((9, 7) if stride == 1 else (5, 4)))
    result.square().sum().backward()
    assert all(parameter.grad.any() for parameter in bottleneck.parameters())


def test_the_spatial_transform_starts_as_the_lowest_frequencies_of_each_neighbourhood() -> None:
    bottleneck = LSTBottleneck(8, 8, "II", kernel=3, a=2)
    x = _features(2)
    got = bottleneck._neighbourhoods(x)
    for channel in range(2):
        expected = fft.dctn(x[:, channel, 3:6, 2:5].numpy(), axes=(1, 2), norm="ortho")[:, :2, :2].reshape(2, 4)
        torch.testing.assert_close(got[:, 4 * channel : 4 * channel + 4, 4, 3].detach(), torch.from_numpy(expected))


@pytest.mark.parametrize(("inputs", "outputs"), [(8, 8), (4, 8)])
def test_the_channel_transform_starts_orthonormal_and_smooth(inputs: int, outputs: int) -> None:
    weight = LSTBottleneck(inputs, outputs, "I").channel.weight.detach()[:, :, 0, 0]
    torch.testing.assert_close(weight.T @ weight, torch.eye(inputs))
    flat = weight[0] if inputs == outputs else weight[:, 0]
    torch.testing.assert_close(flat, torch.full_like(flat, len(flat) ** -0.5))


def test_variant_i_in_its_own_words() -> None:
    torch.manual_seed(0)
    bottleneck = LSTBottleneck(4, 4, "I", a=1, kernel=1, start="random", tau=0.3).eval()
    for norm in bottleneck.norms:
        norm.eps = 0.0
    x = _features(4)

    def soft(y: Tensor) -> Tensor:
        return y.sign() * (y.abs() - 0.3).clamp(min=0)

    channel, resize = (conv.weight[:, :, 0, 0] for conv in (bottleneck.channel, bottleneck.resize))
    y = soft(torch.einsum("oi,nirc->norc", channel, x))
    y = functional.relu(y * bottleneck.spatial[0, 0, 0, 0])
    torch.testing.assert_close(bottleneck(x), soft(torch.einsum("oi,nirc->norc", resize, y) + x))


def test_variant_ii_in_its_own_words() -> None:
    torch.manual_seed(0)
    bottleneck = LSTBottleneck(4, 4, "II", a=1, kernel=1, start="random", tau=0.3).eval()
    for norm in bottleneck.norms:
        norm.eps = 0.0
    x = _features(4)

    def soft(y: Tensor) -> Tensor:
        return y.sign() * (y.abs() - 0.3).clamp(min=0)

    channel, resize = (conv.weight[:, :, 0, 0] for conv in (bottleneck.channel, bottleneck.resize))
    y = functional.relu(torch.einsum("oi,nirc->norc", resize, x))
    y = soft(torch.einsum("oi,nirc->norc", channel, y)) * bottleneck.spatial[0, 0, 0, 0]
    torch.testing.assert_close(bottleneck(x), soft(y + x))


@pytest.mark.parametrize(
    ("options", "message"),
    [
        ({"variant": "III"}, "variant 'III': choose one of I, II"),
        ({"start": "zeros"}, "start 'zeros': choose one of dct, random"),
        ({"kernel": 4}, "kernel 4: choose an odd number"),
        ({"a": 4}, "a = 4: choose 1 to the kernel's 3"),
        ({"stride": 0}, "stride 0: choose 1 or more"),
        ({"tau": -0.1}, "tau -0.1: choose 0 or more"),
        ({"inputs": 0}, "0 to 16 channels: choose 1 or more"),
        ({"outputs": 18}, r"18 output channels: choose a multiple of a \* a = 4"),
        ({"outputs": 20}, "20 output channels: choose a multiple of the 8 inputs"),
    ],
)
def test_sizes_that_do_not_fit_are_named(options: dict[str, object], message: str) -> None:
    with pytest.raises(InputError, match=message):
        LSTBottleneck(**{"inputs": 8, "outputs": 16, **options})
