"""`airscene sample`: scenes that a model imagines."""

from dataclasses import dataclass
from pathlib import Path
from typing import Annotated

import tyro
from rich.console import Console

from airscene.errors import InputError, check_option, check_seed


@dataclass(frozen=True)
class Sample:
    """Draw scenes from a model: from its prior, through its decoder or its renderer.

    MODEL is a run folder, a .safetensors file or the name of bundled weights.

    Example: airscene sample multi-mnist --n 25 --out samples.png

    Args:
        model: The model.
        n: Number of scenes.
        counts: Numbers of objects, equally likely; 0 to the model's largest if not given. (Its own
            prior, which makes it prove every object, would leave most scenes empty.)
        out: The picture to write, a .png file.
        seed: Decides the scenes.
    """

    model: Annotated[str, tyro.conf.Positional, tyro.conf.arg(metavar="MODEL")]
    n: int = 16
    counts: tuple[int, ...] = ()
    out: Annotated[Path, tyro.conf.arg(metavar="FILE")] = Path("samples.png")
    seed: int = 0

    def run(self, console: Console) -> None:
        """Draw, and write the picture.

        Raises:
            InputError: If the model or an option is wrong.
        """
        check_option("n", self.n, 1 <= self.n <= 10_000, "a whole number from 1 to 10000")
        check_seed(self.seed)
        if self.out.suffix != ".png":
            raise InputError(f"--out is {self.out}; it should be the name of a .png file")
        # Here, as JAX takes a second to import, which a wrong option need not wait for.
        from airscene.evaluation.figures.figures import sample_grid
        from airscene.inference import load

        model = load(self.model)
        counts = self.counts or tuple(range(model.largest_count + 1))
        sample_grid(model.sample(self.seed, self.n, counts)).save(self.out)
        console.print(f"{self.n} scenes that {self.model} imagines: {self.out}")
