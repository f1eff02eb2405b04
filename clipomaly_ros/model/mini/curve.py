"""A picture of a training: losses and logit scale over the steps."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path

from matplotlib.figure import Figure

_WINDOW = 15  # rows of the running mean


def draw_curve(rows: Sequence[dict[str, float]], path: Path) -> None:
    """Draw the curve of a TrainingRecord as PNG; losses faint as reported, strong as running means."""
    figure = Figure(figsize=(7.0, 3.6), layout="constrained")
    axes = figure.subplots()
    steps = [row["step"] for row in rows]
    for name, label, colour in (
        ("known", "known classes, each cell", "tab:blue"),
        ("boxes", "boxed objects and captions", "tab:red"),
        ("mass", "strange or not", "tab:green"),
    ):
        values = [row[name] for row in rows]
        means = [
            sum(values[max(0, k - _WINDOW) : k + 1]) / (k + 1 - max(0, k - _WINDOW))
            for k in range(len(values))
        ]
        axes.plot(steps, values, color=colour, alpha=0.25, linewidth=0.8)
        axes.plot(steps, means, color=colour, label=label)
    axes.set(xlabel="step", ylabel="cross-entropy", yscale="log")
    scale = axes.twinx()
    scale.plot(steps, [row["logit_scale"] for row in rows], color="grey", linestyle=":", label="logit scale")
    scale.set_ylabel("logit scale")
    handles = [*axes.get_legend_handles_labels()[0], *scale.get_legend_handles_labels()[0]]
    figure.legend(
        handles,
        [handle.get_label() for handle in handles],
        loc="outside upper center",
        ncols=2,
        frameon=False,
    )
    figure.savefig(path, dpi=110)
