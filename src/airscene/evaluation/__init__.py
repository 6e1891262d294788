"""Metrics, figures and the report: arrays in, numbers and pictures out."""

from airscene.evaluation.figures.figures import (
    ImageRow,
    Stage,
    draw_windows,
    heatmaps,
    image_rows,
    overlay,
    reconstructions,
    sample_grid,
)
from airscene.evaluation.figures.film import Inference, inference_film, learning_film
from airscene.evaluation.figures.picture import Picture, side_by_side
from airscene.evaluation.figures.plots import (
    Curve,
    accuracy_curves,
    bars,
    calibration,
    confusion,
    learning_curve,
    named_curves,
    objective_curve,
)
from airscene.evaluation.figures.top_view import top_view
from airscene.evaluation.metrics.policy import foretell, pairs_taken
from airscene.evaluation.metrics.scenes import (
    MeanIoU,
    average_precision,
    count_accuracy,
    count_calibration,
    count_confusion,
    iou,
    mean_iou,
)
from airscene.evaluation.report import html_report

__all__ = [
    "Curve",
    "ImageRow",
    "Inference",
    "MeanIoU",
    "Picture",
    "Stage",
    "accuracy_curves",
    "average_precision",
    "bars",
    "calibration",
    "confusion",
    "count_accuracy",
    "count_calibration",
    "count_confusion",
    "draw_windows",
    "foretell",
    "heatmaps",
    "html_report",
    "image_rows",
    "inference_film",
    "iou",
    "learning_curve",
    "objective_curve",
    "learning_film",
    "mean_iou",
    "named_curves",
    "overlay",
    "pairs_taken",
    "reconstructions",
    "sample_grid",
    "side_by_side",
    "top_view",
]
