"""The trainable model in the accelerator's arithmetic: equal to the integer model, and with useful gradients."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest
import torch
from drivers.networks import images, network
from hypothesis import given
from hypothesis import strategies as st

from lst_model.activations import ACTIVATIONS
from lst_model.fixed import Formats, QFormat
from lst_model.integer import IntegerLST
from lst_model.module import LST, normalise
from lst_model.network import Network, lst
from lst_model.qat import QuantizedLST
from lst_model.quantization import Quantization
from lst_model.quantize import quantize

SMALL = network(4, 5, (3, 4), (3, 4), skips=((1, 2),))


@st.composite
def formats(draw: st.DrawFn) -> Formats:
    def q(widest_fraction: int) -> QFormat:
        fraction = draw(st.integers(0, widest_fraction))
        return QFormat(draw(st.integers(max(1, 2 - fraction), 18 - fraction)), fraction)

    # The table unit takes at most 12 fractional bits, and a bias is no finer than a product.
    weight, activation, output = q(17), q(12), draw(st.one_of(st.none(), st.just(q(17))))
    finest = min(each.fraction_bits for each in (weight, output or weight)) + activation.fraction_bits
    return Formats(weight, q(min(17, finest)), activation, output)


@st.composite
def networks(draw: st.DrawFn) -> Network:
    size = st.integers(1, 6)
    blocks = draw(st.lists(st.tuples(size, size), min_size=1, max_size=3))
    if len(blocks) > 1 and draw(st.booleans()):
        blocks[-1] = blocks[0]
        return network(draw(size), draw(size), *blocks, skips=((1, len(blocks)),))
    return network(draw(size), draw(size), *blocks)


def model(described: Network, quantization: Quantization, seed: int = 0, spread: float = 1.0) -> QuantizedLST:
    """Random parameters, some of them exactly between two codes and some beyond the format."""
    made = QuantizedLST(described, quantization)
    generator = torch.Generator().manual_seed(seed)
    step = 0.5 / quantization.formats.weight.scale
    with torch.no_grad():
        for parameter in made.parameters():
            parameter.copy_(torch.randn(parameter.shape, generator=generator) * spread)
            tie = torch.rand(parameter.shape, generator=generator) < 0.2
            parameter.copy_(torch.where(tie, (parameter / step).round() * step, parameter))
    return made


def assert_equal_to_integer_model(made: QuantizedLST, pixels: torch.Tensor) -> None:
    quantization = made.quantization
    expected = IntegerLST(quantize(made.rounded(), quantization.formats, quantization.activation))(pixels)
    found = made.trace(normalise(pixels))
    assert set(found) == set(expected) - {"class"}
    for name, value in found.items():
        bits = quantization.formats.activation.fraction_bits
        if name == "logits":
            bits += quantization.formats.output_weight.fraction_bits
        assert torch.equal(value.double() * 2**bits, expected[name].double()), name


@given(networks(), formats(), st.sampled_from(sorted(ACTIVATIONS)), st.floats(0.1, 20), st.integers(0, 99))
def test_every_stage_is_the_integer_models_bit_for_bit(
    described: Network, chosen: Formats, activation: str, spread: float, seed: int
) -> None:
    made = model(described, Quantization(chosen, activation), seed, spread)
    assert_equal_to_integer_model(made, torch.from_numpy(images(described, 8, seed=seed)))


@pytest.mark.parametrize("activation", ACTIVATIONS)
@pytest.mark.parametrize("text", ["Q1.7", "Q5.7", "Q6.12"])
def test_a_network_of_real_size_is_exact_too(text: str, activation: str) -> None:
    # Wide formats need float64 sums, and all 256 pixel values occur.
    made = model(lst(), Quantization(Formats.parse(text), activation), spread=0.5)
    assert_equal_to_integer_model(made, torch.arange(2 * 784).reshape(2, 28, 28).remainder(256).to(torch.uint8))


@pytest.mark.parametrize("bits", [(2,), (3,), (2, 3, 4, 3, 2)])
def test_fewer_weight_bits_are_exact_and_within_their_range(bits: tuple[int, ...]) -> None:
    quantization = Quantization(Formats.parse("Q2.3", "Q3.6", "Q2.6"), weight_bits=bits)
    made = model(SMALL, quantization)
    assert_equal_to_integer_model(made, torch.from_numpy(images(SMALL, 8)))
    codes = quantize(made.rounded(), quantization.formats, allow_saturation=False).weights
    for width, layer in zip(bits * 5 if len(bits) == 1 else bits, codes, strict=True):
        assert np.abs(layer).max() == 2 ** (width - 1) - 1


def test_without_weight_bits_codes_are_those_of_ordinary_quantisation() -> None:
    made = model(SMALL, Quantization(Formats.parse("Q2.3")))
    plain = LST(SMALL)
    plain.load_state_dict(made.state_dict())
    chosen = made.quantization.formats
    for ours, theirs in zip(
        quantize(made.rounded(), chosen).weights + quantize(made.rounded(), chosen).biases,
        quantize(plain, chosen).weights + quantize(plain, chosen).biases,
        strict=True,
    ):
        assert np.array_equal(ours, theirs)


def test_parameters_and_their_names_are_those_of_the_float_model() -> None:
    made = QuantizedLST(SMALL, Quantization(Formats()))
    assert set(made.state_dict()) == set(LST(SMALL).state_dict())


def test_rounding_leaves_the_global_random_state_alone() -> None:
    made = model(SMALL, Quantization(Formats()))
    before = torch.get_rng_state()
    made.rounded()
    assert torch.equal(torch.get_rng_state(), before)


@pytest.mark.parametrize(
    ("activation", "slope"),
    [
        ("second-order", lambda x: (1 - x.abs() / 2).clamp(min=0)),
        ("table", lambda x: 1 - torch.tanh(x) ** 2),
        ("hard", lambda x: (x.abs() < 1).float()),
    ],
)
def test_gradient_passes_an_activation_with_its_slope(activation: str, slope: Any) -> None:
    made = QuantizedLST(lst(rows=1, embeddings=(1,), classes=2), Quantization(Formats.parse("Q3.7"), activation))
    stage = made.network.stages[0]
    made.linear(stage).weight.data.fill_(1)
    x = torch.linspace(-3.99, 3.99, 97)[:, None].requires_grad_()
    made._embed(stage, x).sum().backward()
    assert x.grad is not None
    inside = ((x.abs() - 1).abs() > 0.05).squeeze(1)
    assert torch.allclose(x.grad[inside], slope(x.detach())[inside], atol=0.03)


def test_starting_from_a_float_model_keeps_its_codes_and_clips_what_lies_outside() -> None:
    plain = model(SMALL, Quantization(Formats()), spread=2)
    made = QuantizedLST(SMALL, Quantization(Formats.parse("Q1.4", "Q2.4")))
    made.start_from(plain)
    ours, theirs = quantize(made.rounded(), made.quantization.formats), quantize(plain, made.quantization.formats)
    assert theirs.saturated
    assert all(map(np.array_equal, ours.weights + ours.biases, theirs.weights + theirs.biases))
    assert max(float(linear.weight.detach().max()) for linear in map(made.linear, SMALL.stages)) == 15 / 16


def test_gradient_reaches_every_parameter_also_a_clipped_one() -> None:
    made = model(SMALL, Quantization(Formats.parse("Q1.5"), weight_bits=(3,)), spread=0.3)
    made(normalise(torch.from_numpy(images(SMALL, 50))))[:, 0].sum().backward()
    for name, parameter in made.named_parameters():
        assert parameter.grad is not None, name
        if not name.startswith("output"):
            assert float((parameter.grad != 0).float().mean()) > 0.5, name


def test_a_gradient_step_lowers_the_loss() -> None:
    made = model(SMALL, Quantization(Formats.parse("Q2.5")), spread=0.4)
    pixels, labels = torch.from_numpy(images(SMALL, 60, seed=3)), torch.arange(60) % 3
    optimizer = torch.optim.Adam(made.parameters(), lr=0.02)
    losses = []
    for _ in range(60):
        loss = torch.nn.functional.cross_entropy(made(normalise(pixels)), labels)
        optimizer.zero_grad()
        loss.backward()  # type: ignore[no-untyped-call]
        optimizer.step()
        losses.append(loss.item())
    assert losses[-1] < 0.8 * losses[0]
