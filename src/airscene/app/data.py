"""`airscene data`: the data sets, and scenes of them to try things on."""

import io
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Annotated, Any, Literal

import numpy as np
import tyro
from rich.console import Console

from airscene.errors import InputError, check_option, check_seed
from airscene.files import write_atomic
from airscene.images import load_digits, load_omniglot
from airscene.images.config import DataConfig
from airscene.images.sets import DATA_SETS
from airscene.images.sets.data_set import DrawnSet
from airscene.images.sets.grounds import Ground
from airscene.images.sets.omniglot import Part, find_omniglot
from airscene.images.sets.sprites import Overlapping
from airscene.runs.preset import Preset, ScenePreset
from airscene.runs.presets import PRESETS

# The presets that are named for their data.
_SETS: dict[str, Preset | ScenePreset] = {
    name: preset
    for name, preset in PRESETS.items()
    if isinstance(preset, ScenePreset)
    or isinstance(preset, Preset)
    and name == preset.data.kind != "images"
}


@dataclass(frozen=True)
class Data:
    """List the data sets and say where they come from; or write scenes of one of them.

    Example: airscene data multi-mnist --n 100 --out scenes.npz

    The file holds images, counts, labels and boxes, and masks where they are known (0 the ground, k
    the visible pixels of object k), of Omniglot images, strokes, alphabet,
    character and drawer, of 3-D scenes images, counts, types, poses, camera and look as
    `airscene.graphics.SceneBatch` has them; `airscene infer MODEL scenes.npz` reads it.

    Args:
        name: The data set to write scenes of; leave it out for the list.
        n: Number of scenes; of drawings, all of a split at most.
        out: The .npz file to write.
        split: The digits or characters to draw from; of 3-D scenes, there are those held out.
        seed: Decides the scenes.
        digits: Where MNIST comes from: "auto", "bundled" or a folder.
        omniglot: Where Omniglot comes from: "auto" or a folder.
        omniglot_part: The "small" background sets of Omniglot, or the "whole" set.
        ground: What the shapes of multi-dsprites lie on.
        overlapping: How sprites overlap: they add up ("sum", half-white; "clip", to white at most),
            or the second covers the first ("over").
    """

    name: Annotated[str | None, tyro.conf.Positional, tyro.conf.arg(metavar="NAME")] = None
    n: int = 100
    out: Annotated[Path | None, tyro.conf.arg(metavar="FILE")] = None
    split: Literal["train", "test"] = "test"
    seed: int = 0
    digits: str = "auto"
    omniglot: str = "auto"
    omniglot_part: Part = "small"
    ground: Ground = "grey"
    overlapping: Overlapping = "sum"

    def run(self, console: Console) -> None:
        """Print the list, or write scenes.

        Raises:
            InputError: If an option is wrong, or there is no such data.
        """
        if self.name is None:
            print("Data sets, for train, evaluate and data:")
            for preset in _SETS.values():
                print(f"  {preset.name:20} {preset.about}")
            print("Data sets without a recipe to train on them, for data:")
            for name, about in _without_preset().items():
                print(f"  {name:20} {about}")
            print("Images of your own: airscene train images --images 'folder/*.png'")
            for split in ("train", "test"):
                print(f"Digits: {load_digits(split, self.digits).source}")
            print(f"Omniglot: {self._where_omniglot_is()}")
            return
        preset = _SETS.get(self.name)
        known = {*_SETS, *_without_preset()}
        if self.name not in known:
            raise InputError(
                f"there are no data {self.name!r}; there are: {', '.join(sorted(known))}"
            )
        check_option("n", self.n, self.n >= 1, "a whole number of at least 1")
        check_seed(self.seed)
        if self.out is None or self.out.suffix != ".npz":
            raise InputError(f"--out is {self.out}; it should be the name of a .npz file")
        if isinstance(preset, ScenePreset):
            arrays, said = self._rendered(preset)
        else:
            arrays, said = self._drawings() if self.name == "omniglot" else self._scenes(self.name)
        file = io.BytesIO()
        np.savez_compressed(file, **arrays)
        write_atomic(self.out, file.getvalue())
        console.print(f"{said}: {self.out}")

    def _scenes(self, kind: str) -> tuple[dict[str, Any], str]:
        config = DataConfig.usual(
            kind,
            digits=self.digits,
            omniglot=self.omniglot,
            omniglot_part=self.omniglot_part,
            ground=self.ground,
            overlapping=self.overlapping,
            data_seed=self.seed,
        )
        config = replace(config, n_train=self.n, n_test=self.n)
        truth = config.load(self.split)
        arrays = {name: getattr(truth, name) for name in ("images", "counts", "labels", "boxes")}
        if truth.masks is not None:
            arrays["masks"] = truth.masks
        return arrays, repr(truth)

    def _drawings(self) -> tuple[dict[str, Any], str]:
        # Refuses what is for other data.
        DataConfig(
            "omniglot",
            self.digits,
            self.omniglot,
            ground=self.ground,
            overlapping=self.overlapping,
        )
        drawn = load_omniglot(self.split, self.omniglot, part=self.omniglot_part)
        chosen = np.random.default_rng(self.seed).permutation(len(drawn))[: self.n]
        arrays = ("images", "strokes", "alphabet", "character", "drawer")
        said = f"{len(chosen)} drawings of {drawn!r}"
        return {name: getattr(drawn, name)[chosen] for name in arrays}, said

    def _rendered(self, preset: ScenePreset) -> tuple[dict[str, Any], str]:
        for name, value, usual in (
            ("digits", self.digits, "auto"),
            ("omniglot", self.omniglot, "auto"),
            ("omniglot-part", self.omniglot_part, "small"),
            ("ground", self.ground, "grey"),
            ("overlapping", self.overlapping, "sum"),
            ("split", self.split, "test"),
        ):
            if value != usual:
                raise InputError(f"--{name} is not for {self.name}")
        from airscene.runs.scene_source import TEST_SEED, draw_scenes, make_pool

        with make_pool(preset) as pool:
            truth = draw_scenes(preset, self.n, seed=(self.seed, *TEST_SEED[1:]))
            arrays = {"images": pool.render(truth), "counts": truth.present.sum(axis=1)}
        return {**arrays, **vars(truth)}, repr(truth)

    def _where_omniglot_is(self) -> str:
        try:
            found = find_omniglot(self.omniglot)
        except InputError as error:
            return str(error)
        return f"the small background sets from {'; '.join([found.where, *found.passed_over])}"


def _without_preset() -> dict[str, str]:
    """What the data sets are that no preset is named for, by name."""
    return {
        name: data_set.about
        for name, data_set in DATA_SETS.items()
        if isinstance(data_set, DrawnSet) and name not in _SETS
    }
