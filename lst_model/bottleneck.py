"""The bottleneck of LST-Net (Li et al., ECCV 2020): a convolutional block made of learnable sparse transforms.

A model only: nothing here can be generated as hardware, whose arrays have no channels. It shares the idea with
LST, transforms that start as a DCT and are then learned, and the name.

Definition as in the paper, its supplement and the authors' published implementation (lld533/LST-Net):

- ``T_c`` transforms the channels of each pixel, a 1x1 convolution;
- ``T_s`` transforms the ``kernel x kernel`` neighbourhood in each channel into ``a * a`` values, a depthwise
  convolution whose filters all channels share;
- ``T_r`` resizes the number of channels, a 1x1 convolution;
- variant I is ``T_c, ST, T_s, ReLU, T_r``, variant II is ``T_r, ReLU, T_c, ST, T_s``, each transform followed by
  batch normalisation, the sum with the shortcut by ST. ``ST(x) = sgn(x) * max(|x| - tau, 0)``; soft thresholds and
  ReLU in turn are what the paper calls ST-ReLU. ``tau`` is fixed at 1e-4;
- the shortcut is the identity, or, where the size changes, a 1x1 convolution that repeats and weighs each channel,
  and batch normalisation.

Assumed, as it is in neither: variant I ends with ST after the sum, like variant II, and random initialisation is
Kaiming's normal one.
"""

from __future__ import annotations

import torch
from torch import Tensor, nn
from torch.nn import functional

from .bases import dct_matrix
from .errors import InputError

VARIANTS = ("I", "II")
STARTS = ("dct", "random")


class LSTBottleneck(nn.Module):
    """One bottleneck, ``[n, inputs, rows, columns]`` to ``[n, outputs, rows / stride, columns / stride]``, rounded up.

    Parameters
    ----------
    inputs, outputs : int
        Channels. ``outputs`` must be a multiple of ``a * a`` in variant II, and of ``inputs`` where the shortcut
        is not the identity.
    variant : str
        ``I`` or ``II``.
    kernel : int
        Odd side of the neighbourhoods.
    a : int
        Frequencies per side that ``T_s`` starts from, 1 to ``kernel``.
    stride : int
    start : str
        ``dct``: ``T_c`` and ``T_s`` start as the lowest frequencies of a DCT; ``random``: all is random.
    tau : float
        Threshold, 0 or more.

    Raises
    ------
    InputError
        If a value is not as above.
    """

    def __init__(
        self,
        inputs: int,
        outputs: int,
        variant: str = "II",
        *,
        kernel: int = 3,
        a: int = 2,
        stride: int = 1,
        start: str = "dct",
        tau: float = 1e-4,
    ) -> None:
        super().__init__()
        _check(variant in VARIANTS, f"variant {variant!r}", f"one of {', '.join(VARIANTS)}")
        _check(start in STARTS, f"start {start!r}", f"one of {', '.join(STARTS)}")
        _check(kernel >= 1 and kernel % 2 == 1, f"kernel {kernel}", "an odd number")
        _check(1 <= a <= kernel, f"a = {a}", f"1 to the kernel's {kernel}")
        _check(stride >= 1, f"stride {stride}", "1 or more")
        _check(tau >= 0, f"tau {tau}", "0 or more")
        _check(min(inputs, outputs) >= 1, f"{inputs} to {outputs} channels", "1 or more")
        parts = 1 if variant == "I" else a * a
        _check(outputs % parts == 0, f"{outputs} output channels", f"a multiple of a * a = {parts}")
        plain = stride == 1 and inputs == outputs
        _check(plain or outputs % inputs == 0, f"{outputs} output channels", f"a multiple of the {inputs} inputs")
        self.variant = variant
        self.stride = stride
        self.tau = tau
        inner = outputs // parts
        # What T_c, T_s and T_r read and give.
        if variant == "I":
            self.channel = nn.Conv2d(inputs, outputs, 1, bias=False)
            self.resize = nn.Conv2d(outputs * a * a, outputs, 1, bias=False)
            normalised = (outputs, outputs * a * a, outputs)
        else:
            self.resize = nn.Conv2d(inputs, inner, 1, bias=False)
            self.channel = nn.Conv2d(inner, inner, 1, bias=False)
            normalised = (inner, inner, outputs)
        self.spatial = nn.Parameter(torch.empty(a * a, 1, kernel, kernel))
        self.norms = nn.ModuleList(nn.BatchNorm2d(channels) for channels in normalised)
        self.shortcut: nn.Module = nn.Identity()
        if not plain:
            repeat = nn.Conv2d(inputs, outputs, 1, stride=stride, groups=inputs, bias=False)
            self.shortcut = nn.Sequential(repeat, nn.BatchNorm2d(outputs))
        self._start(start)

    @torch.no_grad()
    def _start(self, start: str) -> None:
        nn.init.kaiming_normal_(self.resize.weight, nonlinearity="relu")
        if start == "random":
            nn.init.kaiming_normal_(self.channel.weight, nonlinearity="linear")
            nn.init.kaiming_normal_(self.spatial, nonlinearity="linear")
            return
        channels = self.channel.weight
        channels.copy_(_lowest(channels.shape[0], channels.shape[1])[:, :, None, None])
        side = _lowest(round(len(self.spatial) ** 0.5), self.spatial.shape[-1])
        self.spatial.copy_(torch.einsum("ir,jc->ijrc", side, side).reshape(self.spatial.shape))

    def forward(self, x: Tensor) -> Tensor:
        """Features ``[n, inputs, rows, columns]`` to ``[n, outputs, ...]``."""
        first, second, third = self.norms
        if self.variant == "I":
            y = functional.softshrink(first(self.channel(x)), self.tau)
            y = functional.relu(second(self._neighbourhoods(y)))
            y = third(self.resize(y))
        else:
            y = functional.relu(first(self.resize(x)))
            y = functional.softshrink(second(self.channel(y)), self.tau)
            y = third(self._neighbourhoods(y))
        return functional.softshrink(y + self.shortcut(x), self.tau)

    def _neighbourhoods(self, y: Tensor) -> Tensor:
        """``T_s``: channel ``c`` becomes channels ``c * a * a`` to ``(c + 1) * a * a - 1``."""
        channels, kernel = y.shape[1], self.spatial.shape[-1]
        filters = self.spatial.repeat(channels, 1, 1, 1)
        return functional.conv2d(y, filters, stride=self.stride, padding=kernel // 2, groups=channels)


def _lowest(outputs: int, inputs: int) -> Tensor:
    """The lowest frequencies ``[outputs, inputs]`` of a DCT, of its inverse where that has more outputs."""
    if outputs <= inputs:
        return torch.from_numpy(dct_matrix(inputs)[:outputs])
    return torch.from_numpy(dct_matrix(outputs)[:inputs].T.copy())


def _check(valid: bool, what: str, remedy: str) -> None:
    if not valid:
        raise InputError(f"LST bottleneck with {what}: choose {remedy}")
