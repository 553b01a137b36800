"""Named configurations: what to build for which purpose."""

from __future__ import annotations

from dataclasses import dataclass, field

from lst_model.errors import InputError


@dataclass(frozen=True)
class Profile:
    """Defaults of the design options.

    Attributes
    ----------
    purpose : str
        What it is good for, in a few words.
    options : dict
        Keys and values as in a configuration file; what is missing keeps its own default. The format is for
        networks trained in floating point.
    """

    purpose: str
    options: dict[str, str | int] = field(default_factory=dict)

    @property
    def format(self) -> str | None:
        """The format of weights among the options."""
        found = self.options.get("format")
        return None if found is None else str(found)


PROFILES = {
    "dsp": Profile("one DSP block per PE"),
    "lut": Profile("no DSP block: PEs of LUTs", {"multiplier": "lut"}),
    "fast": Profile("four images at a time", {"format": "Q2.6", "lanes": 4, "stream-bits": 32}),
    "tiny": Profile("one PE, the smallest", {"pes": 1}),
}
"""Profiles by name; the first is the default."""


def profile(name: str) -> Profile:
    """The profile of a name.

    Raises
    ------
    InputError
        If there is none.
    """
    if name not in PROFILES:
        raise InputError(f"profile {name!r}: choose from {', '.join(PROFILES)}")
    return PROFILES[name]
