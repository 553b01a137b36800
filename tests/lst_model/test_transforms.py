"""Fixed 2-D transforms as modules."""

from __future__ import annotations

import numpy as np
import pytest
import torch
from scipy import fft, linalg
from torch import Tensor, nn
from torch.nn import functional

from lst_model.bases import dct_matrix
from lst_model.errors import InputError
from lst_model.module import LST
from lst_model.network import lst
from lst_model.transforms import Block2d, DCT2d, RealFFT2d, WalshHadamard2d, start_from_dct


def _grids(rows: int, columns: int) -> Tensor:
    return torch.randn(2, 3, rows, columns, generator=torch.Generator().manual_seed(0))


def _close(got: Tensor, expected: np.ndarray) -> None:
    np.testing.assert_allclose(got.numpy(), expected, atol=2e-5)


@pytest.mark.parametrize(("rows", "columns"), [(28, 28), (8, 5), (1, 3)])
def test_the_dct_is_scipys(rows: int, columns: int) -> None:
    x = _grids(rows, columns)
    _close(DCT2d(rows, columns)(x), fft.dctn(x.numpy(), axes=(-2, -1), norm="ortho"))


def test_only_the_lowest_frequencies_are_kept() -> None:
    x = _grids(28, 20)
    # Not to the last bit: a product of another size may sum in another order, as it does on AVX-512.
    torch.testing.assert_close(DCT2d(28, 20, keep=9)(x), DCT2d(28, 20)(x)[..., :9, :9])


@pytest.mark.parametrize(("rows", "columns"), [(8, 8), (4, 32)])
def test_the_natural_order_is_scipys(rows: int, columns: int) -> None:
    x = _grids(rows, columns)
    signs = linalg.hadamard(rows) @ x.numpy() @ linalg.hadamard(columns)
    _close(WalshHadamard2d(rows, columns, orthonormal=False)(x), signs)
    _close(WalshHadamard2d(rows, columns)(x), signs / (rows * columns) ** 0.5)


def test_sequency_order_has_the_same_values_smoothest_first() -> None:
    x = torch.ones(8, 8).cumsum(0)
    natural, sequency = (WalshHadamard2d(8, 8, order)(x) for order in ("natural", "sequency"))
    torch.testing.assert_close(natural.flatten().sort().values, sequency.flatten().sort().values)
    assert sequency[:2, 0].square().sum() > 0.9 * x.square().sum()
    assert natural[:2, 0].square().sum() < 0.9 * x.square().sum()


def test_other_sizes_are_padded_with_zeros_when_allowed() -> None:
    x = _grids(28, 5)
    padded = functional.pad(x, (0, 3, 0, 4))
    torch.testing.assert_close(WalshHadamard2d(28, 5, pad=True)(x), WalshHadamard2d(32, 8)(padded))


@pytest.mark.parametrize("columns", [7, 8])
def test_the_fft_is_scipys(columns: int) -> None:
    x = _grids(6, columns)
    spectrum = fft.rfft2(x.numpy(), norm="ortho")
    _close(RealFFT2d(6, columns)(x), abs(spectrum))
    pairs = RealFFT2d(6, columns, "pairs")(x)
    _close(pairs[..., 0::2], spectrum.real)
    _close(pairs[..., 1::2], spectrum.imag)


CHAINS = {
    "before": lambda: nn.Sequential(DCT2d(8, 8, 6), LST(lst(6, embeddings=(4,), classes=3))),
    "between": lambda: nn.Sequential(
        Block2d(8, 8, 6), WalshHadamard2d(6, 6, pad=True), LST(lst(8, embeddings=(4,), classes=3))
    ),
    "instead": lambda: nn.Sequential(RealFFT2d(8, 8, "pairs"), nn.Flatten(), nn.Linear(80, 3)),
}


@pytest.mark.parametrize("place", CHAINS)
def test_chains_with_learned_blocks_train(place: str) -> None:
    torch.manual_seed(0)
    model, images, labels = CHAINS[place](), torch.randn(30, 8, 8), torch.arange(30) % 3
    optimizer = torch.optim.Adam(model.parameters(), 0.02)
    losses = []
    for _ in range(30):
        loss = functional.cross_entropy(model(images), labels)
        optimizer.zero_grad()
        loss.backward()
        assert all(parameter.grad.abs().sum() > 0 for parameter in model.parameters())
        optimizer.step()
        losses.append(float(loss.detach()))
    assert losses[-1] < 0.7 * losses[0]


@pytest.mark.parametrize(
    "transform", [DCT2d(4, 3), WalshHadamard2d(4, 3, pad=True), RealFFT2d(4, 3), RealFFT2d(4, 3, "pairs")]
)
def test_gradients_pass_through_and_nothing_is_trained_or_stored(transform: nn.Module) -> None:
    x = _grids(4, 3).double()[0].requires_grad_()
    assert torch.autograd.gradcheck(transform.double(), (x,))
    assert not list(transform.parameters())
    assert not transform.state_dict()


@pytest.mark.parametrize(
    ("make", "message"),
    [
        (lambda: DCT2d(8, 0), "size 8x0: choose 1 or more"),
        (lambda: DCT2d(28, 8, keep=9), "cannot keep 9x9 frequencies of 28x8 values: choose 1 to 8"),
        (lambda: DCT2d(8, 8, keep=0), "cannot keep 0x0"),
        (lambda: WalshHadamard2d(8, 28), "28 values: choose a power of two, or allow padding"),
        (lambda: WalshHadamard2d(0, 8), "size 0x8"),
        (lambda: WalshHadamard2d(0, 8, pad=True), "size 0x8"),
        (lambda: WalshHadamard2d(8, 8, "random"), "'random'.*natural, sequency"),
        (lambda: RealFFT2d(-1, 8), "size -1x8"),
        (lambda: RealFFT2d(8, 8, "phase"), "'phase'.*magnitude, pairs"),
        (lambda: DCT2d(8, 8)(torch.zeros(2, 8, 7)), "DCT2d of 8x8 values cannot read 8x7"),
        (lambda: RealFFT2d(8, 8)(torch.zeros(8)), "RealFFT2d of 8x8 values cannot read 8 values"),
    ],
)
def test_sizes_that_do_not_fit_are_named(make: object, message: str) -> None:
    with pytest.raises(InputError, match=message):
        make()


def test_learned_blocks_can_start_from_the_dct() -> None:
    torch.manual_seed(0)
    model = LST(lst(8, embeddings=(5, 7), classes=3))
    before = {name: value.clone() for name, value in model.state_dict().items()}
    start_from_dct(model)
    after = model.state_dict()
    _close(after["block1.row.weight"], dct_matrix(8)[:5])
    _close(after["block2.column.weight"][:5], dct_matrix(5))
    assert torch.equal(after["block2.column.weight"][5:], before["block2.column.weight"][5:])
    assert torch.equal(after["output.weight"], before["output.weight"])
