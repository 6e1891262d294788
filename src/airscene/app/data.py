"""`airscene data`: the data sets, and scenes of them to try things on."""

import io
from dataclasses import dataclass
from pathlib import Path
from typing import Annotated, Literal

import numpy as np
import tyro
from rich.console import Console

from airscene.errors import InputError, check_option, check_seed
from airscene.files import write_atomic
from airscene.images import load_digits, load_omniglot
from airscene.images.config import DataConfig
from airscene.images.sets.omniglot import find_omniglot
from airscene.runs.presets import PRESETS
from airscene.runs.scene_preset import ScenePreset


@dataclass(frozen=True)
class Data:
    """List the data sets and say where they come from; or write scenes of one of them.

    Example: airscene data multi-mnist --n 100 --out scenes.npz

    The file holds images, counts, labels and boxes, of Omniglot images, strokes, alphabet,
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
    """

    name: Annotated[
        Literal[
            "multi-mnist",
            "multi-mnist-shrunk",
            "sprites",
            "omniglot",
            "single-object",
            "tabletop",
            "tabletop-looks",
            "tabletop-distinct",
            "tabletop-camera",
        ]
        | None,
        tyro.conf.Positional,
        tyro.conf.arg(metavar="NAME"),
    ] = None
    n: int = 100
    out: Annotated[Path | None, tyro.conf.arg(metavar="FILE")] = None
    split: Literal["train", "test"] = "test"
    seed: int = 0
    digits: str = "auto"
    omniglot: str = "auto"

    def run(self, console: Console) -> None:
        """Print the list, or write scenes.

        Args:
            console: Where it is said what was written.

        Raises:
            InputError: If an option is wrong, or there is no such data.
        """
        if self.name is None:
            print("Data sets, for train, evaluate and data:")
            for preset in PRESETS.values():
                in_3d = isinstance(preset, ScenePreset)
                if in_3d or preset.name == preset.data.kind != "images":
                    print(f"  {preset.name:20} {preset.about}")
            print("Images of your own: airscene train images --images 'folder/*.png'")
            for split in ("train", "test"):
                print(f"Digits: {load_digits(split, self.digits).source}")
            print(f"Omniglot: {self._where_omniglot_is()}")
            return
        check_option("n", self.n, self.n >= 1, "a whole number of at least 1")
        check_seed(self.seed)
        if self.out is None or self.out.suffix != ".npz":
            raise InputError(f"--out is {self.out}; it should be the name of a .npz file")
        if isinstance(PRESETS[self.name], ScenePreset):
            arrays, said = self._rendered()
        else:
            arrays, said = self._drawings() if self.name == "omniglot" else self._scenes()
        file = io.BytesIO()
        np.savez_compressed(file, **arrays)
        write_atomic(self.out, file.getvalue())
        console.print(f"{said}: {self.out}")

    def _scenes(self) -> tuple[dict[str, np.ndarray], str]:
        config = DataConfig(
            self.name,
            self.digits,
            self.omniglot,
            n_train=self.n,
            n_test=self.n,
            data_seed=self.seed,
        )
        truth = config.load(self.split)
        arrays = ("images", "counts", "labels", "boxes")
        return {name: getattr(truth, name) for name in arrays}, repr(truth)

    def _drawings(self) -> tuple[dict[str, np.ndarray], str]:
        DataConfig("omniglot", self.digits, self.omniglot)  # Refuses --digits.
        drawn = load_omniglot(self.split, self.omniglot)
        chosen = np.random.default_rng(self.seed).permutation(len(drawn))[: self.n]
        arrays = ("images", "strokes", "alphabet", "character", "drawer")
        said = f"{len(chosen)} drawings of {drawn!r}"
        return {name: getattr(drawn, name)[chosen] for name in arrays}, said

    def _rendered(self) -> tuple[dict[str, np.ndarray], str]:
        for name, value, usual in (
            ("digits", self.digits, "auto"),
            ("omniglot", self.omniglot, "auto"),
            ("split", self.split, "test"),
        ):
            if value != usual:
                raise InputError(f"--{name} is not for {self.name}")
        from airscene.runs.scene_source import TEST_SEED, draw_scenes, make_pool

        preset = PRESETS[self.name]
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
