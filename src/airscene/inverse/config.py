"""What an inverse-graphics model is made of, how it is trained, how scenes are searched for.

Free of JAX.
"""

import math
from dataclasses import dataclass, field
from typing import Any, Literal

from airscene.errors import check_one_of, check_option, check_whole
from airscene.graphics.blur import Likelihood
from airscene.graphics.world import World
from airscene.schema import NO_OPTION
from airscene.training.config import LoopConfig

Network = Literal["recurrent", "difference"]
Estimator = Literal["enumerated", "score", "score-baseline"]
Optimiser = Literal["adam", "momentum"]

# Which object is the label of the first step, which of the second, and so on:
# "sampled": the order that scenes come in, which an image does not show: the arbitrary order that
#     the paper says the supervised network struggles with.
# "type": by type, and as sampled where a type repeats: it can be told from the image only where
#     none does, the paper's easier case.
# "left": from the least x to the greatest: it can always be told (not in the paper).
Order = Literal["sampled", "type", "left"]

# Standard deviation of a uniform variable on [-1, 1].
UNIFORM = 1.0 / math.sqrt(3.0)


@dataclass(frozen=True)
class InverseConfig:
    """What an inverse-graphics model is made of (paper, appendix I.3 and I.4).

    The spreads scale standardised latents: a pose is its spread times z_where ~ N(0, I). What
    follows from the world is no option of the command line.

    Args:
        n_types: Number of object types, each as likely (the paper's beta).
        n_slots: The most objects a scene may have, N: the number of steps.
        n_cameras: Numbers that say where the camera is; 0 if it is fixed.
        image_shape: Channels, height and width of what the network sees, in pixels.
        presence: Prior probability of an object in each slot (the paper's alpha).
        position_spread: Prior standard deviation of x and y, in half-widths of the table.
        rotation_spread: Prior standard deviation of the rotation, in radians.
        camera_spread: Prior standard deviation of the camera's numbers, in radians.
        network: The inference network: "recurrent" (the paper's) or "difference".
        n_hidden: Units of each hidden layer.
    """

    n_types: int = field(default=3, metadata=NO_OPTION)
    n_slots: int = field(default=3, metadata=NO_OPTION)
    n_cameras: int = field(default=0, metadata=NO_OPTION)
    image_shape: tuple[int, int, int] = field(default=(3, 32, 32), metadata=NO_OPTION)
    presence: float = 0.5
    position_spread: float = field(default=UNIFORM, metadata=NO_OPTION)
    rotation_spread: float = field(default=math.pi * UNIFORM, metadata=NO_OPTION)
    camera_spread: float = field(default=0.4, metadata=NO_OPTION)
    network: Network = "difference"
    n_hidden: int = 128

    def __post_init__(self) -> None:
        """Refuse values out of range: raise `InputError`."""
        for name in ("n_types", "n_slots", "n_hidden"):
            check_whole(name, getattr(self, name), 1)
        check_whole("n_cameras", self.n_cameras, 0)
        shape = self.image_shape
        right = len(shape) == 3 and shape[0] == 3 and min(shape[1:]) >= 8
        check_option("image_shape", shape, right, "3 channels, then height and width from 8 on")
        check_option("presence", self.presence, 0 < self.presence < 1, "between 0 and 1")
        for name in ("position_spread", "rotation_spread", "camera_spread"):
            value = getattr(self, name)
            check_option(name, value, 0 < value < math.inf, "a number above 0")
        check_one_of("network", self.network, Network)

    @classmethod
    def of(cls, world: World, shrink: int = 4, **changes: Any) -> "InverseConfig":
        """The configuration for the scenes of a world, and changes of fields that are not its own.

        Of a render, `shrink` pixels lie along a side of a pixel that the network sees.

        Raises:
            InputError: If a value is out of range, or images of the world do not shrink.
        """
        check_whole("shrink", shrink, 1)
        height, width = world.image_size
        right = not (height % shrink or width % shrink) and min(height, width) >= 8 * shrink
        needed = f"two multiples of {shrink} from {8 * shrink} on"
        check_option("image_size", world.image_size, right, needed)
        fields = {
            "n_types": len(world.types),
            "n_slots": world.n_slots,
            "image_shape": (3, height // shrink, width // shrink),
        }
        if world.orbit:
            fields |= {"n_cameras": 1, "camera_spread": world.orbit * UNIFORM}
        return cls(**{**fields, **changes})


@dataclass(frozen=True)
class InverseTrainConfig(LoopConfig):
    """How an inverse-graphics model is trained: any model's options, and the annealing.

    Args:
        estimator: How the gradient in the discrete latents is estimated: "enumerated", by the
            alternatives of each step; "score", the paper's score function, or "score-baseline",
            the same with neural baselines.
        blur: Standard deviation of the likelihood's blur at first and in the end, in pixels.
        sigma: Standard deviation of the blurred images' noise at first and in the end, in units of
            white.
        anneal: Fraction of the run over which both go from the first to the last, evenly in their
            logarithms.
        prefix: Fraction of the run in which step i is scored with the later steps absent; after
            that the enumerated estimator is of the bound itself.
        floor: Least weight of a step's pose terms at first, in place of its probability of
            presence.
        cross_entropy: Weight of the cross-entropy from each step's posterior to the one that its
            alternatives have, which the enumerated estimator raises at first, in place of the
            bound.
        release: Fraction of the run over which `floor` falls to 0, and up to which
            `cross_entropy` holds.
    """

    steps: int = 3000
    batch_size: int = 32
    learning_rate: float = 1e-3
    estimator: Estimator = "enumerated"
    blur: tuple[float, float] = (14.0, 2.0)
    sigma: tuple[float, float] = (1.0, 0.2)
    anneal: float = 0.4
    prefix: float = 0.8
    floor: float = 0.5
    cross_entropy: float = 1.0
    release: float = 0.8

    @property
    def likelihood(self) -> Likelihood:
        """What a run ends on."""
        return Likelihood(self.blur[1], self.sigma[1])

    def __post_init__(self) -> None:
        """Refuse values out of range: raise `InputError`."""
        super().__post_init__()
        check_one_of("estimator", self.estimator, Estimator)
        _check_annealing(self)
        right = 0 < self.release <= 1
        check_option("release", self.release, right, "above 0 and at most 1")
        for name in ("prefix", "floor"):
            value = getattr(self, name)
            check_option(name, value, 0 <= value <= 1, "from 0 to 1")
        right = 0 <= self.cross_entropy < math.inf
        check_option("cross_entropy", self.cross_entropy, right, "a number of at least 0")


@dataclass(frozen=True)
class OptimiseConfig:
    """How the scene of an image is searched for.

    Args:
        optimiser: "adam", or "momentum": gradient ascent with Nesterov's momentum, of 0.9.
        iterations: Its steps.
        restarts: Starts of each type, at poses drawn from the prior.
        learning_rate: The first; it falls to 0 by a half cosine. In standardised poses for Adam;
            momentum multiplies a gradient in nats by it.
        blur: Standard deviation of the likelihood's blur at first and in the end, in pixels.
        sigma: Standard deviation of the blurred images' noise at first and in the end, in units of
            white.
        anneal: Fraction of the iterations over which both go from the first to the last.
        seed: Decides the starts.
    """

    optimiser: Optimiser = "adam"
    iterations: int = 100
    restarts: int = 4
    learning_rate: float = 0.1
    blur: tuple[float, float] = (14.0, 2.0)
    sigma: tuple[float, float] = (1.0, 0.2)
    anneal: float = 0.8
    seed: int = 0

    def __post_init__(self) -> None:
        """Refuse values out of range: raise `InputError`."""
        check_one_of("optimiser", self.optimiser, Optimiser)
        for name in ("iterations", "restarts"):
            check_whole(name, getattr(self, name), 1)
        rate = self.learning_rate
        check_option("learning_rate", rate, 0 < rate < math.inf, "a number above 0")
        _check_annealing(self)
        check_whole("seed", self.seed, 0)


def _check_annealing(config: InverseTrainConfig | OptimiseConfig) -> None:
    for name in ("blur", "sigma"):
        value = getattr(config, name)
        right = len(value) == 2 and all(0 < x < math.inf for x in value)
        check_option(name, value, right, "two numbers above 0")
    check_option("anneal", config.anneal, 0 < config.anneal <= 1, "above 0 and at most 1")
