"""Images that could not be read."""

from dataclasses import dataclass
from typing import Any, ClassVar

from airscene.scene import json_fields as fields
from airscene.scene.json_fields import Kept


@dataclass(frozen=True)
class Damaged(Kept):
    """An image that could not be read.

    Args:
        source: where it came from, as `Scene.source` says it.
        error: why it could not be read, in one line.
    """

    source: str
    error: str
    forms: ClassVar = {"source": fields.TEXT, "error": fields.TEXT}


def is_damaged(data: Any) -> bool:
    """Whether JSON of an image is of one that could not be read."""
    return isinstance(data, dict) and "error" in data and "objects" not in data
