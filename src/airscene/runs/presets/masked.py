"""The presets of scenes whose masks are known; models of patches learn them without the masks."""

from dataclasses import replace
from typing import Any

from airscene.images.config import DataConfig
from airscene.model.patch.config import PatchConfig
from airscene.runs.preset import MaskedPreset
from airscene.training.config import PatchTrainConfig

# Scenes that are trained on, of which crops are cut, and that are held out.
FEW = {"n_train": 2000, "n_test": 320}

# Objects hide each other, and have hard edges.
LAYERED = PatchConfig(composition="either", sharpness=2.0)


def _masked(kind: str, name: str, about: str, model: PatchConfig, **data: Any) -> MaskedPreset:
    return MaskedPreset(
        name=name,
        about=about,
        example="--seed 2",
        data=DataConfig.usual(kind, **FEW, **data),
        model=model,
        training=PatchTrainConfig(steps=1500, n_crops=8000),
    )


TETROMINOES = _masked(
    "tetrominoes", "tetrominoes", "Three coloured pieces on black, with masks: 35x35.", LAYERED
)
DSPRITES = _masked(
    "multi-dsprites",
    "multi-dsprites",
    "Two to five coloured shapes that hide each other, with masks: 64x64.",
    LAYERED,
)
MANY_DIGITS = _masked(
    "many-digits", "many-digits", "Up to nine digits on 128x128, with masks.", LAYERED
)


def on(ground: str) -> MaskedPreset:
    """Return `multi-dsprites` on grey, coloured or textured grounds, named for them."""
    return replace(DSPRITES, name=f"multi-dsprites-{ground}").override(ground=ground)
