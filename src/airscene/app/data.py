"""`airscene data`: the data sets, and scenes of them to try things on."""

import io
from dataclasses import dataclass
from pathlib import Path
from typing import Annotated, Literal

import numpy as np
import tyro
from rich.console import Console

from airscene.data import load_digits
from airscene.errors import InputError, check_option, check_seed
from airscene.experiments import PRESETS, DataConfig
from airscene.files import write_atomic


@dataclass(frozen=True)
class Data:
    """List the data sets and say where MNIST comes from; or write scenes of one of them.

    Example: airscene data multi-mnist --n 100 --out scenes.npz

    The file holds images, counts, labels and boxes, and `airscene infer MODEL scenes.npz` reads it.

    Args:
        name: The data set to write scenes of; leave it out for the list.
        n: Number of scenes.
        out: The .npz file to write.
        split: The digits to draw from.
        seed: Decides the scenes.
        digits: Where MNIST comes from: "auto", "bundled" or a folder.
    """

    name: Annotated[
        Literal["multi-mnist", "multi-mnist-shrunk"] | None,
        tyro.conf.Positional,
        tyro.conf.arg(metavar="NAME"),
    ] = None
    n: int = 100
    out: Annotated[Path | None, tyro.conf.arg(metavar="FILE")] = None
    split: Literal["train", "test"] = "test"
    seed: int = 0
    digits: str = "auto"

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
                if preset.name == preset.data.kind != "images":
                    print(f"  {preset.name:20} {preset.about}")
            print("Images of your own: airscene train images --images 'folder/*.png'")
            for split in ("train", "test"):
                print(f"Digits: {load_digits(split, self.digits).source}")
            return
        check_option("n", self.n, self.n >= 1, "a whole number of at least 1")
        check_seed(self.seed)
        if self.out is None or self.out.suffix != ".npz":
            raise InputError(f"--out is {self.out}; it should be the name of a .npz file")
        config = DataConfig(
            self.name, self.digits, n_train=self.n, n_test=self.n, data_seed=self.seed
        )
        truth = config.load(self.split)
        file = io.BytesIO()
        arrays = {"counts": truth.counts, "labels": truth.labels, "boxes": truth.boxes}
        np.savez_compressed(file, images=truth.images, **arrays)
        write_atomic(self.out, file.getvalue())
        console.print(f"{truth!r}: {self.out}")
