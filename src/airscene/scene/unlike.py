"""Whether an image is unlike those that a model was trained on."""

from dataclasses import dataclass
from typing import ClassVar

from airscene.scene import json_fields as fields
from airscene.scene.json_fields import Kept


@dataclass(frozen=True)
class Unlike(Kept):
    """How unlike the images that the model was trained on an image is.

    Args:
        score: how unlike; the model says in what unit. It rises with unlikeness.
        flag: whether it is so unlike that what was found should not be trusted.
        reason: what is unlike, in a few words.
    """

    score: float
    flag: bool
    reason: str
    forms: ClassVar = {
        "score": fields.number(4),
        "flag": fields.YES_OR_NO,
        "reason": fields.TEXT,
    }
