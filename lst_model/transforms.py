"""Fixed 2-D transforms as modules, to stand before, between or instead of learned blocks.

Each maps ``[..., rows, columns]`` to a grid again, so that they chain with each other, with a learned
:class:`Block2d` and with an :class:`~lst_model.module.LST` in ``nn.Sequential``. The fixed ones have no parameters,
pass gradients through, and keep nothing in the state dict.
"""

from __future__ import annotations

import torch
from torch import Tensor, nn

from .bases import Matrix, dct_matrix, hadamard_matrix, next_power_of_two, walsh_matrix
from .errors import InputError
from .layers import Output
from .module import LST

WALSH_ORDERS = {"natural": hadamard_matrix, "sequency": walsh_matrix}
"""Orders of the Walsh functions: Sylvester's, or by the number of sign changes."""

FFT_OUTPUTS = ("magnitude", "pairs")


class _Transform2d(nn.Module):
    """A transform of ``rows x columns`` grids; anything else is refused."""

    def __init__(self, rows: int, columns: int) -> None:
        super().__init__()
        self.rows = rows
        self.columns = columns

    def _checked(self, x: Tensor) -> Tensor:
        if x.dim() < 2 or tuple(x.shape[-2:]) != (self.rows, self.columns):
            got = "x".join(map(str, x.shape[-2:]))
            raise InputError(f"{type(self).__name__} of {self.rows}x{self.columns} values cannot read {got} values")
        return x


class _Separable2d(_Transform2d):
    """``left @ x @ right.T`` with fixed matrices ``[m, rows]`` and ``[k, columns]``."""

    left: Tensor
    right: Tensor

    def __init__(self, left: Matrix, right: Matrix) -> None:
        super().__init__(left.shape[1], right.shape[1])
        self.register_buffer("left", torch.tensor(left, dtype=torch.float32), persistent=False)
        self.register_buffer("right", torch.tensor(right, dtype=torch.float32), persistent=False)

    def forward(self, x: Tensor) -> Tensor:
        """``[..., rows, columns]`` to ``[..., m, k]``."""
        return self.left @ self._checked(x) @ self.right.T


class DCT2d(_Separable2d):
    """Orthonormal 2-D DCT-II, lowest frequency first.

    Parameters
    ----------
    rows, columns : int
        Size of the grids it reads.
    keep : int, optional
        Give only the ``keep x keep`` lowest frequencies; all ``rows x columns`` by default.

    Raises
    ------
    InputError
        If a size is below 1, or ``keep`` is not from 1 to the smaller size.
    """

    def __init__(self, rows: int, columns: int, keep: int | None = None) -> None:
        _check_sizes(rows, columns)
        if keep is not None and not 1 <= keep <= min(rows, columns):
            raise InputError(
                f"cannot keep {keep}x{keep} frequencies of {rows}x{columns} values: choose 1 to {min(rows, columns)}"
            )
        super().__init__(dct_matrix(rows)[:keep], dct_matrix(columns)[:keep])


class WalshHadamard2d(_Separable2d):
    """2-D Walsh-Hadamard transform.

    Parameters
    ----------
    rows, columns : int
        Size of the grids it reads.
    order : str
        ``natural`` (Sylvester) or ``sequency``, see :data:`WALSH_ORDERS`.
    pad : bool
        Allow sizes that are no powers of two: zeros are appended up to the next one, ``m`` or ``k``. The result
        is then ``m x k``, larger than what is read.
    orthonormal : bool
        Scale by ``1 / sqrt(m * k)``, so that energy is kept; otherwise the factors are plain signs.

    Raises
    ------
    InputError
        If a size is no power of two and ``pad`` is off, or the order is unknown.
    """

    def __init__(
        self, rows: int, columns: int, order: str = "natural", *, pad: bool = False, orthonormal: bool = True
    ) -> None:
        if order not in WALSH_ORDERS:
            raise InputError(f"unknown order {order!r} of Walsh functions: choose one of {', '.join(WALSH_ORDERS)}")
        _check_sizes(rows, columns)
        matrices = []
        for size in (rows, columns):
            padded = next_power_of_two(size)
            if padded != size and not pad:
                raise InputError(f"Walsh-Hadamard transform of {size} values: choose a power of two, or allow padding")
            matrix = WALSH_ORDERS[order](padded)[:, :size]
            matrices.append(matrix / padded**0.5 if orthonormal else matrix)
        super().__init__(*matrices)


class RealFFT2d(_Transform2d):
    """Orthonormal 2-D Fourier transform of real values, without the redundant half of the columns.

    Parameters
    ----------
    rows, columns : int
        Size of the grids it reads.
    output : str
        ``magnitude`` gives ``[..., rows, columns // 2 + 1]``; ``pairs`` gives real and imaginary parts side by side,
        ``[..., rows, 2 * (columns // 2 + 1)]``.

    Raises
    ------
    InputError
        If a size is below 1 or the output is unknown.
    """

    def __init__(self, rows: int, columns: int, output: str = "magnitude") -> None:
        _check_sizes(rows, columns)
        super().__init__(rows, columns)
        if output not in FFT_OUTPUTS:
            raise InputError(f"unknown output {output!r} of the FFT: choose one of {', '.join(FFT_OUTPUTS)}")
        self.output = output

    def forward(self, x: Tensor) -> Tensor:
        """See ``output``."""
        spectrum = torch.fft.rfft2(self._checked(x), norm="ortho")
        return spectrum.abs() if self.output == "magnitude" else torch.view_as_real(spectrum).flatten(-2)


class Block2d(_Transform2d):
    """One learned block on its own: ``tanh(W2 @ tanh(x @ W1.T + b1) + b2)``, ``b2`` along the rows.

    Parameters
    ----------
    rows, columns : int
        Size of the grids it reads.
    outputs : int
        It gives ``[..., outputs, outputs]``.

    Raises
    ------
    InputError
        If a size is below 1.

    A chain of these and of fixed transforms is what a :class:`~lst_model.network.Network` describes as a list of
    layers; only the latter can be generated as hardware.
    """

    def __init__(self, rows: int, columns: int, outputs: int) -> None:
        _check_sizes(rows, columns, outputs)
        super().__init__(rows, columns)
        self.row = nn.Linear(columns, outputs)
        self.column = nn.Linear(rows, outputs)
        for linear in (self.row, self.column):
            nn.init.xavier_uniform_(linear.weight)
            nn.init.zeros_(linear.bias)

    def forward(self, x: Tensor) -> Tensor:
        """``[..., rows, columns]`` to ``[..., outputs, outputs]``."""
        h = torch.tanh(self.row(self._checked(x)))
        return torch.tanh(self.column(h.transpose(-1, -2))).transpose(-1, -2)


@torch.no_grad()
def start_from_dct(model: LST) -> None:
    """Give learned row and column transforms the lowest DCT vectors to start from, after LST-Net (ECCV 2020).

    A layer with more outputs than inputs keeps its random weights in the rest. Biases and output layer stay as they
    are.
    """
    for stage in model.network.stages:
        weight = model.linear(stage).weight
        if not isinstance(stage.layer, Output) and isinstance(weight, nn.Parameter):
            vectors = dct_matrix(stage.inputs)[: stage.outputs]
            weight[: len(vectors)] = torch.tensor(vectors, dtype=weight.dtype)


def _check_sizes(*sizes: int) -> None:
    if min(sizes) < 1:
        raise InputError(f"transform of size {'x'.join(map(str, sizes))}: choose 1 or more")
