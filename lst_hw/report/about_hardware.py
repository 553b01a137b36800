"""Sections on the hardware: time, area, configuration, widths, origin."""

from __future__ import annotations

from typing import Any

from lst_model.network import Network

from .content import Cell, Picture, Section, Share, Table
from .facts import ReportData, Speed, spoken
from .parts import Resources


def time(data: ReportData) -> Section:
    """Cycles, phases, and speed at each clock."""
    timing = data.timing
    follow = (
        f"Images follow each other every {timing.cycles:,} cycles"
        if timing.images == 1
        else f"{timing.images} images at a time follow each other every {timing.cycles:,} cycles, "
        f"{timing.cycles_per_image:,.1f} per image"
    )
    busy = "; ".join(f"{phase.name} {phase.cycles:,} cycles, then {phase.gap:,} idle" for phase in data.phases)
    return Section(
        "time",
        "Time",
        (
            f"{follow}; the result of one that comes alone is valid {timing.latency:,} cycles after its first pixel. "
            "Both are exact as long as neither stream stalls, and every simulation checks them. "
            + (
                "The clock is nextpnr's after routing for an ECP5 (LFE5U-45F, speed grade 6); a Zynq's will differ."
                if data.speeds[0].measured
                else f"No clock was measured; times are stated at {clock(data.speeds[0])}."
            ),
        ),
        (
            Table(
                "Phases",
                ("phase", "made of", "from cycle", "cycles", "then idle", "share of all"),
                tuple(
                    (
                        phase.name,
                        phase.shape,
                        f"{phase.start:,}",
                        f"{phase.cycles:,}",
                        f"{phase.gap:,}",
                        Share((phase.cycles + phase.gap) / timing.cycles),
                    )
                    for phase in data.phases
                ),
                texts=2,
            ),
            Table(
                "Speed",
                ("clock", "images per second", "latency"),
                tuple(
                    (
                        f"{clock(speed)}, {clock_origin(speed)}",
                        f"{speed.images_per_second:,.0f}",
                        f"{speed.latency_us:.1f} µs",
                    )
                    for speed in data.speeds
                ),
            ),
        ),
        (Picture("timeline", "The array's work, cycle by cycle; idle cycles in orange", f"Timeline: {busy}."),),
    )


def clock(speed: Speed) -> str:
    """A clock for people."""
    return f"{speed.clock_mhz:.1f} MHz" if speed.clock_mhz % 1 else f"{speed.clock_mhz:.0f} MHz"


def clock_origin(speed: Speed) -> str:
    """Where a clock comes from."""
    return "post-route on an ECP5" if speed.measured else "assumed"


def area(data: ReportData) -> Section | None:
    """Cells against the parts' limits and the published accelerator; None where they were not counted."""
    if data.area is None:
        return None
    area = data.area
    kinds = (("LUT", "lut"), ("flip-flops", "ff"), ("RAMB18", "ramb18"), ("DSP48", "dsp"))

    def row(title: str, key: str) -> tuple[Cell, ...]:
        own: int = getattr(area, key)
        limits: list[int] = [getattr(part, key) for part in data.parts]
        shares = [Share(own / limit, f"{limit:,}") for limit in limits]
        return (title, f"{own:,}", f"{getattr(data.published, key):,}", *shares)

    header = ("resource", "this design", data.published.name, *(part.name for part in data.parts))
    return Section(
        "area",
        "Area",
        (
            f"Yosys {area.yosys}, synth_xilinx -family xc7: an estimate before placement. The published accelerator "
            f"was counted by Vivado 2023.2 on an XC7Z010. {_fits(data, area)}",
        ),
        (Table("Cells against the parts' limits", header, tuple(row(*kind) for kind in kinds)),),
    )


def _fits(data: ReportData, area: object) -> str:
    fields = ("lut", "ff", "ramb18", "dsp")

    def fits(part: Resources) -> bool:
        return all(getattr(area, field) <= getattr(part, field) for field in fields)

    verdicts = [f"{part.name} is {'large enough' if fits(part) else 'too small'}" for part in data.parts]
    return "; ".join(verdicts) + "."


def configuration(data: ReportData) -> Section:
    """Network and design options."""
    manifest = data.manifest
    facts = (
        ("network", data.title),
        ("image", f"{manifest['network']['rows']} x {manifest['network']['columns']} pixels"),
        ("parameters", f"{manifest['parameters']:,}"),
        ("processing elements", _elements(manifest)),
        ("checkpoint", manifest["checkpoint"]["name"]),
    )
    return Section(
        "configuration",
        "Configuration",
        (),
        (
            Table("Network", ("property", "value"), facts, texts=2),
            Table(
                "Layers", ("layer", "weights", "function", "sums per line", "parameters"), _layers(manifest), texts=3
            ),
            Table(
                "Design options",
                ("option", "value"),
                tuple((f"--{name}", str(value)) for name, value in data.configuration.items()),
                texts=2,
            ),
        ),
    )


def _elements(manifest: dict[str, Any]) -> str:
    """How many there are, and how many of them have no multiplier."""
    adding = manifest["pes"] - manifest["multiplying_pes"]
    return f"{manifest['pes']}" + (f", {adding} of which only add and subtract" if adding else "")


def _layers(manifest: dict[str, Any]) -> tuple[tuple[Cell, ...], ...]:
    """What each layer is made of."""
    return tuple(
        (
            spoken(stage.name),
            stage.layer.weights,
            str(stage.function) if stage.name != "logits" else "",
            f"{stage.outputs:,}",
            f"{stage.parameters:,}",
        )
        for stage in Network.from_dict(manifest["network"]).stages
    )


def widths(data: ReportData) -> Section:
    """Formats, and the widths that follow from them."""
    formats = data.manifest["formats"]
    stored = data.manifest["widths"]
    return Section(
        "widths",
        "Word lengths",
        (
            "Formats are chosen (Qm.n: m + n bits, n of them fractional); widths follow from the weights, so that no "
            "sum can overflow. The hardware stores the widest of each column.",
        ),
        (
            Table(
                "Formats", ("value", "format"), tuple((spoken(name), str(q)) for name, q in formats.items()), texts=2
            ),
            Table(
                "Bits in each layer",
                ("layer", "lines", "sums", "terms", "operand", "accumulator", "with bias", "result"),
                (
                    *(
                        (
                            each.stage,
                            *(f"{count:,}" for count in (each.lines, each.outputs, each.terms)),
                            *map(str, (each.operand, each.accumulator, each.biased, each.result)),
                        )
                        for each in data.widths
                    ),
                    (
                        f"stored (weights: {stored['weight']})",
                        *("", "", ""),
                        *map(str, (stored["operand"], stored["accumulator"], stored["biased"], stored["logit"])),
                    ),
                ),
            ),
        ),
    )


def origin(data: ReportData) -> Section:
    """How to make the report again, and with what."""
    manifest = data.manifest
    return Section(
        "origin",
        "How this was made",
        (),
        (
            Table("Run", ("property", "value"), (("date", data.created), ("command", data.command)), texts=2),
            Table("Versions", ("tool", "version"), tuple(data.tools.items()), texts=2),
            Table(
                "Files",
                ("file", "SHA-256"),
                (
                    (manifest["checkpoint"]["name"], manifest["checkpoint"]["sha256"]),
                    (manifest["verilog"]["file"], manifest["verilog"]["sha256"]),
                ),
                texts=2,
            ),
        ),
    )
