"""Sections on what the network computes: accuracy, formats, embeddings, mistakes, training."""

from __future__ import annotations

from collections.abc import Sequence

from sim.compare import Divergence

from .content import Picture, Section, Table
from .facts import ReportData, spoken
from .gather import SHOWN_MISTAKES


def accuracy(data: ReportData) -> Section:
    """What the verification found."""
    found = data.verification
    errors = found["float_error"]
    verdict = "Every value of every image equals the integer model's, bit for bit."
    if found["first_divergence"]:
        first = Divergence(**found["first_divergence"])
        verdict = f"{found['mismatches']:,} values differ from the integer model's. First: {first}."
    return Section(
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


def formats(data: ReportData) -> Section:
    """Every tensor against its format."""
    saturating = [spoken(tensor.name) for tensor in data.tensors if tensor.saturating > 0]
    verdict = f"Values saturate in {', '.join(saturating)}." if saturating else "No value saturates."
    return Section(
        "formats",
        "Values against their formats",
        (
            f"Parameters, and the values that {data.profiled:,} images give in the float model. {verdict} "
            "A format could do without its spare bits: integer bits that no value needs.",
        ),
        (
            Table(
                "Tensor by tensor",
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


def embeddings(data: ReportData) -> Section:
    """Sample digits after every layer."""
    stages = [spoken(stage) for stage in data.verification["stages"] if stage not in ("logits", "class")]
    return Section(
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


def mistakes(data: ReportData) -> Section:
    """Confusion matrix and misclassified images."""
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
        shown = data.mistakes[:SHOWN_MISTAKES]
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
    return Section(
        "mistakes",
        "Mistakes",
        (f"{wrong:,} of {total:,} images are in the wrong class.{missing} {_common(data)}".strip(),),
        tuple(tables),
        tuple(pictures),
    )


def _common(data: ReportData) -> str:
    """The label and class confused most often; empty when none is so twice."""
    pairs = sorted(
        (
            (count, label, winner)
            for label, row in enumerate(data.confusion)
            for winner, count in enumerate(row)
            if label != winner and count
        ),
        key=lambda pair: (-pair[0], pair[1:]),
    )
    if not pairs or pairs[0][0] == 1:
        return ""
    count, label, winner = pairs[0]
    return f"The most frequent confusion, {_times(count)}: label {label} taken for class {winner}."


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
    confused = f"{-worst[1]} ({_times(worst[0])})" if worst else ""
    return (str(label), f"{total:,}", f"{row[label] / total:.2%}" if total else "", confused)


def training(data: ReportData) -> Section | None:
    """Training curves; None where there is no log."""
    if data.training is None:
        return None
    best = min(data.training, key=lambda epoch: epoch["validation_loss"])
    summary = (
        f"{len(data.training):,} epochs; the lowest validation loss, {best['validation_loss']:.4f}, came in epoch "
        f"{best['epoch']:.0f}, with {best['validation_accuracy']:.2%} of the held-out images right."
    )
    return Section(
        "training",
        "Training",
        (summary,),
        (),
        (Picture("training", "Loss and error over the epochs", f"Training curves. {summary}"),),
    )
