"""What the core reports to its control registers."""

from __future__ import annotations

from amaranth.lib import wiring
from amaranth.lib.wiring import Out


def events_signature() -> wiring.Signature:
    """Pulses of one cycle, from the core's side.

    Members
    -------
    first : Out(1)
        A frame's first pixel is being taken as an operand or for storage.
    accepted : Out(1)
        The last pixel of a well-formed frame was taken two cycles before; not before the previous frame's ``done``.
    short, long : Out(1)
        A malformed frame is being dropped.
    done : Out(1)
        A frame's result is complete, and in the result register in the next cycle.
    """
    return wiring.Signature({name: Out(1) for name in ("first", "accepted", "short", "long", "done")})
