"""How the downstream tasks are done: two questions about scenes of precisely two digits."""

from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Any, NamedTuple

import numpy as np
from jaxtyping import Int

from airscene.baselines.two_digits import Task
from airscene.images import Digits, LabelledScenes, load_digits, multi_mnist
from airscene.images.config import DataConfig
from airscene.runs.presets.baselines import DRAW_012, Choice, DRAWPreset
from airscene.schema import Together
from airscene.training.config import LoopConfig

# Of every twelve training digits one is in no pool: on scenes of these (seed 9002), which no row
# sees, the lists of choices and the numbers of updates below were found.
_HELD_BACK = 12


class Pools(NamedTuple):
    """Scenes to learn from, and to test on; no digit is in both."""

    training: LabelledScenes
    test: LabelledScenes


def two_digit_pools(digits: str, sizes: tuple[int, int]) -> Pools:
    """Make scenes of digits, as `load_digits` takes it; the same at every call."""
    training, test = load_digits("train", digits), load_digits("test", digits)
    end = len(training) - len(training) // _HELD_BACK
    first = Digits(training.images[:end], training.labels[:end], training.source)
    # Seeds that no other data set of the package has, so that no scene was seen before.
    scenes = zip((first, test), sizes, (9001, 9003), strict=True)
    return Pools(*(multi_mnist(part, n, seed=seed, counts=(2,)) for part, n, seed in scenes))


def digit_sum(scenes: LabelledScenes) -> Int[np.ndarray, " n"]:
    """The sum of the two digits, 0 to 18."""
    return scenes.labels.sum(axis=1)


def ascending(scenes: LabelledScenes) -> Int[np.ndarray, " n"]:
    """Whether the digits ascend from left to right: 1 if the right one is the greater, else 0.

    Left and right go by the centres of the ink boxes; of two with the same x, the upper one comes
    first. Equal digits do not ascend.
    """
    centres = scenes.boxes[..., :2] + scenes.boxes[..., 2:]
    (x0, y0), (x1, y1) = centres[:, 0].T, centres[:, 1].T
    in_order = (x0 < x1) | ((x0 == x1) & (y0 < y1))
    first, second = scenes.labels.T
    return (np.where(in_order, second - first, first - second) > 0).astype(first.dtype)


# The right answers of each task.
TASKS: dict[Task, Callable[[LabelledScenes], Int[np.ndarray, " n"]]] = {
    "sum": digit_sum,
    "order": ascending,
}


@dataclass(frozen=True)
class Protocol:
    """How the downstream tasks are done (paper, section 3.1 and appendix E).

    The paper gives the networks, not how they were trained, nor the number of scenes but for the
    axis of Fig. 5. Its network of embeddings has four layers of 512 and one softmax over the
    classes (`Choice()`, the defaults); those here are smaller and quicker, and every method has
    four choices. Of objects they are networks of one object (`ObjectsAnswer`); where there are
    none, half of the choices work the answer out of two digits too (`DigitsAnswer`), so that none
    lacks what the structure of the answer gives.

    Args:
        digits: Where MNIST comes from: "auto", "bundled" or a folder.
        pools: Number of scenes to learn from, and to test on.
        sizes: Numbers of labelled scenes, validation labels among them.
        seeds: Seeds of each point: which scenes have labels, and the initial weights.
        head_steps: Updates of a network of objects or embeddings, for each size.
        cnn_steps: Updates of the CNN, for each size.
        object_choices: Hyper-parameters tried for AIR and DAIR, from the least regularised.
        vector_choices: Those tried for DRAW and the CAE.
        cnn_choices: Those tried for the CNN.
        air: The model whose inferences are AIR's embedding.
        dair: The model whose inferences are DAIR's.
        draw: DRAW, and how it is trained.
        cae_data: The scenes that the autoencoder is trained on, those of AIR.
        cae_training: How the autoencoder is trained.
    """

    digits: str = "auto"
    pools: tuple[int, int] = (50_000, 10_000)
    sizes: tuple[int, ...] = (500, 1600, 5000, 16_000, 50_000)
    seeds: tuple[int, ...] = (1, 2, 3, 4, 5)
    head_steps: tuple[int, ...] = (1000, 2000, 2500, 3500, 5000)
    cnn_steps: tuple[int, ...] = (300, 400, 600, 1000, 1600)
    object_choices: tuple[Choice, ...] = tuple(
        Choice(noise=noise, batch_size=50, layers=2, width=256) for noise in (0.3, 0.6, 0.9, 1.2)
    )
    vector_choices: tuple[Choice, ...] = tuple(
        Choice(noise=noise, batch_size=50, digits=digits, layers=2, width=256)
        for digits in (False, True)
        for noise in (0.3, 0.9)
    )
    cnn_choices: tuple[Choice, ...] = tuple(
        Choice(learning_rate=1e-3, dropout=dropout, digits=digits, batch_size=50)
        for digits in (False, True)
        for dropout in (0.0, 0.5)
    )
    air: str = "multi-mnist"
    dair: str = "multi-mnist-dair"
    draw: DRAWPreset = DRAW_012
    cae_data: DataConfig = field(default_factory=DataConfig)
    cae_training: LoopConfig = LoopConfig(
        steps=2400, batch_size=32, learning_rate=1e-3, evaluate_every=100, save_every=200
    )

    def steps(self, method: str, size: int) -> int:
        """Return the number of updates of a method's classifier at a size."""
        steps = self.cnn_steps if method == "cnn" else self.head_steps
        return steps[self.sizes.index(size)]

    def choices(self, method: str) -> tuple[Choice, ...]:
        """Return the hyper-parameters that are tried for a method."""
        objects, vectors = self.object_choices, self.vector_choices
        choices = {"air": objects, "dair": objects, "draw": vectors, "cae": vectors}
        return choices.get(method, self.cnn_choices)

    def embedding_config(self, method: str) -> Together:
        """Return everything that decides a method's embeddings; of pixels, the scenes alone."""
        parts = {
            "air": {"model": self.air},
            "dair": {"model": self.dair},
            "draw": self.draw,
            "cae": {"data": self.cae_data, "training": self.cae_training},
            "cnn": {},
        }
        return Together({"digits": self.digits, "pools": self.pools}, parts[method])

    def config(self, method: str, task: Task, size: int) -> dict[str, Any]:
        """Return everything that decides a row."""
        return {
            "method": method,
            "task": task,
            "size": size,
            "seeds": self.seeds,
            "steps": self.steps(method, size),
            "choices": list(self.choices(method)),
            "embedding": self.embedding_config(method),
        }
