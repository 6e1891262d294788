"""How a model is trained. Free of JAX, so that the command line can read it at once."""

import math
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Literal

from airscene.errors import InputError, check_one_of, check_option, check_seed, check_whole

Schedule = Literal["cosine", "constant"]
Accept = Literal["gain", "expectation"]
Estimator = Literal["enumerated", "importance", "score", "score-baseline"]

# Options that do nothing with other estimators than these.
ESTIMATORS_OF: Mapping[str, tuple[Estimator, ...]] = {
    "whole_signal": ("score", "score-baseline"),
    "sampled_kl": ("enumerated", "score", "score-baseline"),
    "purely_neural": ("score-baseline",),
}


@dataclass(frozen=True)
class LoopConfig:
    """How any model is trained.

    Args:
        steps: Number of updates.
        batch_size: Images an update.
        learning_rate: The highest learning rate.
        schedule: How the learning rate goes on once it has risen: it falls to zero along a
            "cosine", or stays "constant".
        warmup: Steps over which the learning rate rises.
        clip_norm: Largest norm of the gradient of the mean objective of a batch; 0 for any.
        seed: Decides the initial weights, the batches and the noise.
        evaluate_every: Steps between evaluations, and the number of steps a dispatch.
        save_every: Steps between checkpoints, a multiple of `evaluate_every`.
    """

    steps: int = 1500
    batch_size: int = 64
    learning_rate: float = 4e-3
    schedule: Schedule = "cosine"
    warmup: int = 100
    clip_norm: float = 50.0
    seed: int = 1
    evaluate_every: int = 100
    save_every: int = 500

    def __post_init__(self) -> None:
        """Refuse values out of range: raise `InputError`."""
        for name in ("steps", "batch_size", "evaluate_every", "save_every"):
            check_whole(name, getattr(self, name), 1)
        check_whole("warmup", self.warmup, 0)
        check_seed(self.seed)
        check_one_of("schedule", self.schedule, Schedule)
        rate, norm = self.learning_rate, self.clip_norm
        check_option("learning_rate", rate, 0 < rate < math.inf, "a number above 0")
        check_option("clip_norm", norm, 0 <= norm < math.inf, "a number of at least 0")
        multiple = self.save_every % self.evaluate_every == 0
        wanted = f"a multiple of --evaluate-every, which is {self.evaluate_every}"
        check_option("save_every", self.save_every, multiple, wanted)


@dataclass(frozen=True)
class TrainConfig(LoopConfig):
    """How AIR is trained: any model's options, and how its objective is annealed.

    Args:
        count_penalty: What each object costs at first beyond the prior, as a fraction of the mean
            energy of an image, sum x^2 / (2 sigma^2), over images that are not empty.
        count_penalty_release: Fractions of the run at which the penalty starts to fall and is 0.
        prefix: Weight at first of the mean over n >= 1 of how well the first n objects explain an
            image.
        prefix_release: Fractions of the run at which that weight starts to fall and is zero.
        estimator: How the bound and its gradient are estimated: "enumerated", exact in the counts;
            "importance", the importance-weighted bound; "score", the paper's score function, or
            "score-baseline", the same with neural baselines.
        whole_signal: Let each step of the score function learn from the whole bound at the sample,
            as in the paper, and not from the terms that its presence decides.
        sampled_kl: Sample the KL of where and what, as in the paper, and not take it analytically.
        purely_neural: Give the baselines no analytic term, as in the paper.
        samples: Samples an image of the importance-weighted bound; 0 for the other estimators.
        augment: Share of the images of a batch that are changed at random, each time anew: a ground
            of up to 0.3 of white, noise, less contrast, another size.
    """

    count_penalty: float = 0.0125
    count_penalty_release: tuple[float, float] = (0.5, 0.9)
    prefix: float = 0.5
    prefix_release: tuple[float, float] = (0.3, 0.5)
    estimator: Estimator = "enumerated"
    whole_signal: bool = False
    sampled_kl: bool = False
    purely_neural: bool = False
    samples: int = 0
    augment: float = 0.0

    def __post_init__(self) -> None:
        """Refuse values out of range: raise `InputError`."""
        super().__post_init__()
        check_one_of("estimator", self.estimator, Estimator)
        right = self.samples >= 1 if self.estimator == "importance" else self.samples == 0
        wanted = "at least 1 with --estimator importance, and 0 without"
        check_option("samples", self.samples, right, wanted)
        for name, estimators in ESTIMATORS_OF.items():
            if getattr(self, name) and self.estimator not in estimators:
                option = name.replace("_", "-")
                raise InputError(
                    f"--{option} does nothing with the estimator {self.estimator}; "
                    f"give --no-{option}"
                )
        check_option("augment", self.augment, 0 <= self.augment <= 1, "from 0 to 1")
        right = 0 <= self.count_penalty < math.inf
        check_option("count_penalty", self.count_penalty, right, "a number of at least 0")
        check_option("prefix", self.prefix, 0 <= self.prefix <= 1, "from 0 to 1")
        wanted = "two numbers above 0 and at most 1, the second above the first"
        for name in ("count_penalty_release", "prefix_release"):
            start, end = getattr(self, name)
            check_option(name, (start, end), 0 < start < end <= 1, wanted)


@dataclass(frozen=True)
class PatchTrainConfig(LoopConfig):
    """How a model of patches is trained: any model's options, and what its objective anneals.

    Args:
        from_run: Start from the weights of another run of images of one's own: its folder or file.
        n_crops: Number of crops that are cut from the images.
        turn: Turn and mirror crops at random.
        training_price: What an object costs in training, as a share of a typical object's worth.
            It is more than in use: what a window has missed of an object is then not worth a
            second one.
        scale_price: What a window's standardised scale costs beyond its prior, as a share of a
            typical object's worth: or one window grows over two objects.
        force: The least share by which a candidate learns that is not accepted, at first.
        force_release: Fractions of the run at which that share starts to fall and is zero.
        accept: How a proposed object is accepted: where its "gain" exceeds its price, or all are,
            and the bound is the "expectation" over their number, as AIR's; `force` does nothing
            then.
    """

    steps: int = 500
    batch_size: int = 32
    learning_rate: float = 3e-3
    warmup: int = 60
    clip_norm: float = 30.0
    evaluate_every: int = 50
    save_every: int = 100
    from_run: str = ""
    n_crops: int = 4000
    turn: bool = True
    training_price: float = 0.12
    scale_price: float = 0.04
    force: float = 0.5
    force_release: tuple[float, float] = (0.3, 0.5)
    accept: Accept = "gain"

    def __post_init__(self) -> None:
        """Refuse values out of range: raise `InputError`."""
        super().__post_init__()
        check_whole("n_crops", self.n_crops, 1)
        for name in ("training_price", "scale_price", "force"):
            value = getattr(self, name)
            check_option(name, value, 0 <= value < math.inf, "a number of at least 0")
        check_one_of("accept", self.accept, Accept)
        start, end = self.force_release
        wanted = "two numbers above 0 and at most 1, the second above the first"
        check_option("force_release", (start, end), 0 < start < end <= 1, wanted)
