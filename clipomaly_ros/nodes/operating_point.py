"""What a bundle, or a fused score, recommends to call unknown, as settings of the segmenter."""

from __future__ import annotations

from typing import Any

from clipomaly_ros.model.manifest import Manifest, Threshold
from clipomaly_ros.vision.score_fusion import ScoreFusion


def reporting(manifest: Manifest) -> dict[str, Any]:
    """Return what a bundle recommends for regions of approved classes, as settings of the segmenter."""
    least = manifest.report_min_probability
    return {} if least is None else {"report_min_probability": least}


def operating_point(recommended: Threshold, fusion: ScoreFusion | None = None) -> dict[str, Any]:
    """Return the settings of a bundle's operating point, or of a fused score's own.

    A bundle's two thresholds hold for one score; a fused score has one threshold, and no hysteresis.
    """
    if fusion is not None:
        return {"threshold_mode": "fixed", "threshold": fusion.recipe.threshold, "threshold_low": 1.0}
    if recommended.mode == "fixed":
        value, low = recommended.value, recommended.low
        share = 1.0 if low is None or not value else low / value
        return {"threshold_mode": "fixed", "threshold": value, "threshold_low": share}
    # The absolute score of such a bundle means nothing, so it has no lower limit.
    return {
        "threshold_mode": recommended.mode,
        "quantile": recommended.value,
        "threshold": 0.0,
        "threshold_low": 1.0,
    }
