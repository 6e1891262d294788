"""Presets of what AIR is compared with: DRAW, a convolutional autoencoder, networks."""

from dataclasses import dataclass, field, replace

from airscene.baselines.draw_config import DRAWConfig
from airscene.images.config import DataConfig
from airscene.training.config import LoopConfig


@dataclass(frozen=True)
class DRAWPreset:
    """A data set, DRAW and a way to train it.

    Args:
        name: Its name, of the run folders.
        data: The images.
        model: The model.
        training: How it is trained.
        growth: From which update on, how many drawing steps; the first from 0 on. Training begins
            with few, as that takes a fraction of the time.
        number: The recipe's number, raised when its behaviour changes.
    """

    name: str
    data: DataConfig = field(default_factory=DataConfig)
    model: DRAWConfig = field(default_factory=DRAWConfig)
    training: LoopConfig = field(default_factory=LoopConfig)
    growth: tuple[tuple[int, int], ...] = ((0, 40),)
    number: int = 1


@dataclass(frozen=True)
class CAEPreset:
    """A data set, and how the autoencoder is trained on it.

    Args:
        data: The images.
        training: How it is trained.
        number: The recipe's number, raised when its behaviour changes.
    """

    data: DataConfig = field(default_factory=DataConfig)
    training: LoopConfig = field(default_factory=LoopConfig)
    number: int = 1

    @property
    def name(self) -> str:
        """Its name, of the run folders."""
        return "cae"


@dataclass(frozen=True)
class Choice:
    """Hyper-parameters of a classifier of scenes, that validation chooses among.

    Args:
        learning_rate: The highest learning rate, of Adam.
        dropout: Share of the hidden units that are left out.
        noise: Deviation of the noise that is added to standardised embeddings in training.
        batch_size: Scenes an update.
        digits: Whether the answer is worked out of a softmax for each of two digits; else it is one
            softmax over the classes, as the paper has it. Of objects it is always worked out.
        layers: Hidden layers of a network of objects or embeddings.
        width: Units of each.
    """

    learning_rate: float = 3e-3
    dropout: float = 0.0
    noise: float = 0.0
    batch_size: int = 100
    digits: bool = False
    layers: int = 4
    width: int = 512


DRAW_012 = DRAWPreset(
    name="draw-012",
    training=LoopConfig(
        steps=5000,
        batch_size=32,
        learning_rate=1.5e-3,
        warmup=200,
        evaluate_every=250,
        save_every=250,
    ),
    growth=((0, 10), (1000, 20), (2500, 40)),
)

DRAW_013 = replace(DRAW_012, name="draw-013", data=DataConfig(counts=(0, 1, 3)))

# The same in full: 10.7 epochs where the others have 2.7.
LONG_012 = replace(
    DRAW_012,
    name="draw-long-012",
    training=replace(DRAW_012.training, steps=20_000, evaluate_every=500, save_every=500),
    growth=((0, 10), (4000, 20), (10_000, 40)),
)

LONG_013 = replace(LONG_012, name="draw-long-013", data=DRAW_013.data)
