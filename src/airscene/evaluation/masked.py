"""A model of patches held against scenes whose masks are known: every number of an evaluation."""

from collections.abc import Iterator
from dataclasses import replace
from typing import Any

import numpy as np

from airscene.evaluation.metrics.segmentation import (
    depth_order_accuracy,
    mask_average_precision,
    mean_adjusted_rand_index,
    mean_best_overlap,
)
from airscene.images.truth import LabelledScenes
from airscene.inference import PatchModel
from airscene.scene import Scene, label_image

# Scenes that are inferred at once, which bounds the working memory.
AT_ONCE = 64


def evaluate_masked(model: PatchModel, truth: LabelledScenes) -> dict[str, Any]:
    """Counts and masks of a model on scenes whose masks are known.

    Args:
        model: The model.
        truth: The scenes, with masks.

    Returns:
        Numbers, ready for JSON: shares of counts that are right, the mean absolute error of counts
        and its bias, ARI and FG-ARI (of the pixels of true objects alone), mBO, the average
        precision of masks, and the share of touching pairs whose order of depth is right. None
        where a number has no meaning.
    """
    assert truth.masks is not None
    true = truth.masks.astype(int)
    found = list(_inferred(model, truth.images))
    labels = np.stack([_labels(scene, true.shape[1:]) for scene in found])
    # Of those that are not hidden.
    presence = [
        np.array([_masked(scene).objects[k - 1].presence for k in np.unique(label) if k > 0])
        for scene, label in zip(found, labels, strict=True)
    ]
    off = np.array([scene.count for scene in found]) - truth.counts
    return {
        "data": truth.source,
        "scenes": len(truth),
        "count_accuracy": float((off == 0).mean()),
        "count_mae": float(np.abs(off).mean()),
        "count_bias": float(off.mean()),
        "ari": mean_adjusted_rand_index(true, labels),
        "fg_ari": mean_adjusted_rand_index(true, labels, foreground=True),
        "mbo": mean_best_overlap(true, labels),
        "average_precision": mask_average_precision(true, labels, presence),
        "depth_order": depth_order_accuracy(true, labels),
    }


def _inferred(model: PatchModel, images: np.ndarray) -> Iterator[Scene]:
    for start in range(0, len(images), AT_ONCE):
        yield from model.infer(
            [np.float32(image / 255.0) for image in images[start : start + AT_ONCE]]
        )


def _masked(scene: Scene) -> Scene:
    """The scene with those objects that can be seen."""
    return replace(scene, objects=tuple(o for o in scene.objects if o.mask is not None))


def _labels(scene: Scene, size: tuple[int, int]) -> np.ndarray:
    return label_image(_masked(scene), size).astype(int)
