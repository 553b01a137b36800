"""What the report says, section by section; the HTML page and the Markdown both lay this out."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass

from sim.compare import Divergence

from .facts import ReportData, Speed, spoken
from .parts import Resources

LISTED_MISTAKES = 24
"""Most mistakes in the table."""


@dataclass(frozen=True)
class Share:
    """A table cell that is part of a whole; ``value`` is 0 to 1 when it fits."""

    value: float
    whole: str = ""

    def __str__(self) -> str:
        return f"{self.value:.1%}" + (f" of {self.whole}" if self.whole else "")


Cell = str | Share


@dataclass(frozen=True)
class Table:
    """Rows of cells below a header; the first ``texts`` columns are text, the others numbers."""

    caption: str
    header: tuple[str, ...]
    rows: tuple[tuple[Cell, ...], ...]
    texts: int = 1


@dataclass(frozen=True)
class Picture:
    """A picture by name, and what it shows: ``alt`` for those who cannot see it."""

    name: str
    caption: str
    alt: str


@dataclass(frozen=True)
class Section:
    """A part of the report: paragraphs, pictures, tables, in this order."""

    key: str
    title: str
    paragraphs: tuple[str, ...] = ()
    tables: tuple[Table, ...] = ()
    pictures: tuple[Picture, ...] = ()


@dataclass(frozen=True)
class Figure:
    """A headline number."""

    value: str
    label: str
    good: bool | None = None


def headline(data: ReportData) -> tuple[Figure, ...]:
    """The numbers to read first."""
    found, speed = data.verification, data.speeds[0]
    figures = [
        Figure(f"{found['accuracy_rtl']:.2%}", f"accuracy in RTL, {found['images']:,} images"),
        Figure(f"{found['mismatches']:,}", "values that differ from the model", good=found["mismatches"] == 0),
        Figure(f"{data.manifest['cycles_per_frame']:,}", "cycles per image"),
        Figure(f"{speed.images_per_second:,.0f}", f"images per second at {_clock(speed)}, {_origin_of(speed)}"),
    ]
    if data.area is not None:
        figures += [
            Figure(f"{data.area.lut:,}", "LUT"),
            Figure(f"{data.area.ff:,}", "FF"),
            Figure(f"{data.area.ramb18:,}", "RAMB18"),
            Figure(f"{data.area.dsp:,}", "DSP48"),
        ]
    return tuple(figures)


def sections(data: ReportData) -> tuple[Section, ...]:
    """All sections; those without content are left out."""
    return tuple(
        section
        for make in (
            _accuracy,
            _time,
            _area,
            _configuration,
            _widths,
            _formats,
            _embeddings,
            _mistakes,
            _training,
            _origin,
        )
        for section in make(data)
    )


def _accuracy(data: ReportData) -> Iterator[Section]:
    found = data.verification
    errors = found["float_error"]
    verdict = "Every value of every image equals the integer model's, bit for bit."
    if found["first_divergence"]:
        first = Divergence(**found["first_divergence"])
        verdict = f"{found['mismatches']:,} values differ from the integer model's. First: {first}."
    yield Section(
        "accuracy",
        "Accuracy",
        (f"{found['images']:,} images ({data.source}) ran through the RTL on the {found['engine']} engine. {verdict}",),
        (
            Table(
                "Images classified right",
                ("arithmetic", "share"),
                tuple(
                    (name, f"{found[key]:.2%}")
                    for name, key in (
                        ("float, PyTorch", "accuracy_float"),
                        ("integer model", "accuracy_integer"),
                        ("RTL", "accuracy_rtl"),
                    )
                ),
            ),
            Table(
                "Values compared, stage by stage",
                ("stage", "RTL differs", "largest distance to float"),
                tuple(
                    (spoken(stage), f"{count:,}", f"{errors[stage]:.4f}" if stage in errors else "")
                    for stage, count in found["stages"].items()
                ),
            ),
        ),
    )


def _time(data: ReportData) -> Iterator[Section]:
    period, latency = data.manifest["cycles_per_frame"], data.manifest["latency"]
    busy = "; ".join(f"{phase.name} {phase.cycles:,} cycles, then {phase.gap:,} idle" for phase in data.phases)
    yield Section(
        "time",
        "Time",
        (
            f"Images follow each other every {period:,} cycles; a result is valid {latency:,} cycles after its image's "
            "first pixel. Both are exact as long as neither stream stalls, and every simulation checks them.",
        ),
        (
            Table(
                "Phases of one image",
                ("phase", "made of", "from cycle", "cycles", "then idle", "share of all"),
                tuple(
                    (
                        phase.name,
                        phase.shape,
                        f"{phase.start:,}",
                        f"{phase.cycles:,}",
                        f"{phase.gap:,}",
                        Share((phase.cycles + phase.gap) / period),
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
                        f"{_clock(speed)}, {_origin_of(speed)}",
                        f"{speed.images_per_second:,.0f}",
                        f"{speed.latency_us:.1f} µs",
                    )
                    for speed in data.speeds
                ),
            ),
        ),
        (
            Picture(
                "timeline", "The array's work on one image, cycle by cycle; idle cycles in orange", f"Timeline: {busy}."
            ),
        ),
    )


def _clock(speed: Speed) -> str:
    return f"{speed.clock_mhz:.1f} MHz" if speed.clock_mhz % 1 else f"{speed.clock_mhz:.0f} MHz"


def _origin_of(speed: Speed) -> str:
    return "post-route on an ECP5" if speed.measured else "assumed"


def _area(data: ReportData) -> Iterator[Section]:
    if data.area is None:
        return
    area = data.area
    kinds = (("LUT", "lut"), ("flip-flops", "ff"), ("RAMB18", "ramb18"), ("DSP48", "dsp"))

    def row(title: str, key: str) -> tuple[Cell, ...]:
        own: int = getattr(area, key)
        limits: list[int] = [getattr(part, key) for part in data.parts]
        shares = [Share(own / limit, f"{limit:,}") for limit in limits]
        return (title, f"{own:,}", f"{getattr(data.published, key):,}", *shares)

    header = ("resource", "this design", data.published.name, *(part.name for part in data.parts))
    yield Section(
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


def _configuration(data: ReportData) -> Iterator[Section]:
    manifest = data.manifest
    facts = (
        ("network", data.title),
        ("image", f"{manifest['network']['rows']} x {manifest['network']['columns']} pixels"),
        ("parameters", f"{manifest['parameters']:,}"),
        ("checkpoint", manifest["checkpoint"]["name"]),
    )
    yield Section(
        "configuration",
        "Configuration",
        (),
        (
            Table("Network", ("property", "value"), facts, texts=2),
            Table(
                "Design options",
                ("option", "value"),
                tuple((f"--{name}", str(value)) for name, value in data.configuration.items()),
                texts=2,
            ),
        ),
    )


def _widths(data: ReportData) -> Iterator[Section]:
    formats = data.manifest["formats"]
    stored = data.manifest["widths"]
    yield Section(
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


def _formats(data: ReportData) -> Iterator[Section]:
    saturating = [spoken(tensor.name) for tensor in data.tensors if tensor.saturating > 0]
    verdict = f"Values saturate in {', '.join(saturating)}." if saturating else "No value saturates."
    yield Section(
        "formats",
        "Values against their formats",
        (
            f"Parameters, and the values that {data.profiled:,} images give in the float model. {verdict} "
            "A format could do without its spare bits: integer bits that no value needs.",
        ),
        (
            Table(
                "Ranges, saturation and error of each tensor",
                ("tensor", "format", "from", "to", "saturating", "spare bits", "rms error"),
                tuple(
                    (
                        spoken(tensor.name),
                        tensor.format,
                        f"{tensor.lowest:.4f}",
                        f"{tensor.highest:.4f}",
                        f"{tensor.saturating:.3%}",
                        "" if tensor.format == "exact" else str(max(0, tensor.msb - 1 - max(tensor.octaves))),
                        f"{tensor.error:.5f}",
                    )
                    for tensor in data.tensors
                ),
                texts=2,
            ),
        ),
        (
            Picture(
                "magnitudes",
                "Magnitudes against the band that the format can tell apart; what vanishes or saturates in orange",
                "Histograms of magnitudes: "
                + "; ".join(
                    f"{t.name} up to 2^{max(t.octaves) + 1}, format {t.format} holds 2^{t.lsb} to 2^{t.msb}"
                    for t in data.tensors
                )
                + ".",
            ),
        ),
    )


def _embeddings(data: ReportData) -> Iterator[Section]:
    stages = [spoken(stage) for stage in data.verification["stages"] if stage not in ("logits", "class")]
    yield Section(
        "embeddings",
        "What the network sees",
        (
            "One image of each class, after every layer, as the frame memory holds it: the row transform mixes the "
            "columns, the column transform the rows, and each result overwrites what it came from.",
        ),
        (),
        (
            Picture(
                "embeddings",
                "Black is -1 or less, white 1 or more",
                f"Grey-scale pictures of sample digits: {', '.join(stages)}.",
            ),
        ),
    )


def _mistakes(data: ReportData) -> Iterator[Section]:
    wrong = len(data.mistakes)
    total = data.verification["images"]
    missing = f" {data.unanswered:,} images got no result." if data.unanswered else ""
    pictures = [
        Picture(
            "confusion",
            "Images by label and class",
            f"Confusion matrix of {total:,} images. {_common(data)}".strip(),
        )
    ]
    tables = [
        Table(
            "Labels",
            ("label", "images", "right", "most often taken for"),
            tuple(_label_row(label, row) for label, row in enumerate(data.confusion)),
        )
    ]
    if wrong:
        shown = data.mistakes[:LISTED_MISTAKES]
        pictures.append(
            Picture(
                "mistakes",
                f"{_these(len(shown), wrong)}: label, then class",
                "Misclassified images, listed in the table below.",
            )
        )
        tables.append(
            Table(
                _these(len(shown), wrong),
                ("image", "label", "class", "winning logit above the right one"),
                tuple((f"{m.image:,}", str(m.label), str(m.winner), f"{m.margin:.3f}") for m in shown),
            )
        )
    yield Section(
        "mistakes",
        "Mistakes",
        (f"{wrong:,} of {total:,} images are in the wrong class.{missing} {_common(data)}".strip(),),
        tuple(tables),
        tuple(pictures),
    )


def _common(data: ReportData) -> str:
    pairs = sorted(
        (
            (count, label, winner)
            for label, row in enumerate(data.confusion)
            for winner, count in enumerate(row)
            if label != winner and count
        ),
        key=lambda pair: (-pair[0], pair[1:]),
    )
    if not pairs:
        return ""
    count, label, winner = pairs[0]
    return f"The most frequent one, {_times(count)}: label {label} taken for class {winner}."


def _these(shown: int, wrong: int) -> str:
    if shown < wrong:
        return f"The {shown} most confident mistakes"
    return f"All {wrong} mistakes, the most confident first" if wrong > 1 else "The only mistake"


def _times(count: int) -> str:
    return "once" if count == 1 else f"{count:,} times"


def _label_row(label: int, row: Sequence[int]) -> tuple[str, ...]:
    total = sum(row)
    others = [(count, -winner) for winner, count in enumerate(row) if winner != label and count]
    worst = max(others, default=None)
    confused = f"{-worst[1]}, {_times(worst[0])}" if worst else ""
    return (str(label), f"{total:,}", f"{row[label] / total:.2%}" if total else "", confused)


def _training(data: ReportData) -> Iterator[Section]:
    if data.training is None:
        return
    best = min(data.training, key=lambda epoch: epoch["validation_loss"])
    summary = (
        f"{len(data.training):,} epochs; the lowest validation loss, {best['validation_loss']:.4f}, came in epoch "
        f"{best['epoch']:.0f}, with {best['validation_accuracy']:.2%} of the held-out images right."
    )
    yield Section(
        "training",
        "Training",
        (summary,),
        (),
        (Picture("training", "Loss and error over the epochs", f"Training curves. {summary}"),),
    )


def _origin(data: ReportData) -> Iterator[Section]:
    manifest = data.manifest
    yield Section(
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
