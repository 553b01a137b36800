"""An AXI4-Lite master for Amaranth's simulator."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

PATIENCE = 100
"""An access that takes more cycles is stuck."""


class FlatBus:
    """The ports ``s_axi_*`` of a top module, without the prefix."""

    def __init__(self, top: Any) -> None:
        self._top = top

    def __getattr__(self, name: str) -> Any:
        return getattr(self._top, f"s_axi_{name}")


@dataclass
class Master:
    """One access at a time.

    Attributes
    ----------
    bus : object
        Has the signals of :func:`~lst_hw.axi_lite.axi_lite_signature` as attributes.
    """

    bus: Any

    async def read(self, ctx: Any, address: int) -> int:
        """Data of a word."""
        bus = self.bus
        ctx.set(bus.araddr, address)
        ctx.set(bus.arvalid, 1)
        await _until(ctx, bus.arready)
        ctx.set(bus.arvalid, 0)
        ctx.set(bus.rready, 1)
        (data,) = await _until(ctx, bus.rvalid, bus.rdata)
        ctx.set(bus.rready, 0)
        return int(data)

    async def write(
        self, ctx: Any, address: int, data: int, strobe: int = 0xF, *, address_delay: int = 0, data_delay: int = 0
    ) -> int:
        """Response to a write whose address and data come so many cycles later."""
        bus = self.bus
        ctx.set(bus.awaddr, address)
        ctx.set(bus.wdata, data)
        ctx.set(bus.wstrb, strobe)
        due = {"aw": address_delay, "w": data_delay}
        for cycle in range(PATIENCE):
            for channel, delay in due.items():
                ctx.set(getattr(bus, f"{channel}valid"), delay <= cycle)
            _, _, *ready = await ctx.tick().sample(bus.awready, bus.wready)
            for channel, accepted in zip(("aw", "w"), ready, strict=True):
                if accepted and channel in due and due[channel] <= cycle:
                    del due[channel]
                    ctx.set(getattr(bus, f"{channel}valid"), 0)
            if not due:
                break
        assert not due, f"write to {address:#x} is not accepted"
        ctx.set(bus.bready, 1)
        (response,) = await _until(ctx, bus.bvalid, bus.bresp)
        ctx.set(bus.bready, 0)
        return int(response)


async def _until(ctx: Any, condition: Any, *values: Any) -> list[Any]:
    """Values in the first cycle in which the condition holds."""
    for _ in range(PATIENCE):
        _, _, holds, *sampled = await ctx.tick().sample(condition, *values)
        if holds:
            return sampled
    raise AssertionError(f"{condition!r} stays low")
