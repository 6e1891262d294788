"""What one run needs to know of what it trains."""

from abc import ABC, abstractmethod
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any, Generic, TypeVar

from rich.console import Console

from airscene.evaluation import Picture
from airscene.model.stored import StoredModule
from airscene.runs.identity import Identity, identity
from airscene.runs.stages import Stage, Stages
from airscene.training.config import LoopConfig
from airscene.training.loop import Evaluate

Network = TypeVar("Network", bound=StoredModule)

Metrics = dict[str, Any]

# File name -> (caption, picture).
Pictures = dict[str, tuple[str, Picture]]


class Task(ABC, Generic[Network]):
    """What is trained in a run: its data, its model, its objective, its evaluation, its pictures.

    `airscene.runs.run.run` makes the run: folder, identity, resuming, report and weights, the same
    for every task. A task is a context: what it needs while it trains, such as processes that draw,
    is started on entry and ended on exit.

    Args:
        preset: Everything that decides the result, as `airscene.schema` takes it.
    """

    # Whether a stage is kept before the first update.
    stage_at_start = False

    def __init__(self, preset: Any):
        self._preset = preset
        self.name: str = preset.name
        self.training: LoopConfig = preset.training

    @property
    def preset(self) -> Any:
        """The preset, with what follows from the data."""
        return self._preset

    @property
    def images_sha256(self) -> str | None:
        """SHA-256 of the training images; None where the preset decides them."""
        return None

    @property
    def identity(self) -> Identity:
        """The identity of the run."""
        seed, number = self.training.seed, self._preset.number
        return identity(
            self.name, seed, self.preset, number=number, images_sha256=self.images_sha256
        )

    def __enter__(self) -> "Task":
        """Start what training needs."""
        return self

    def __exit__(self, *error: Any) -> None:
        """End it."""

    @property
    @abstractmethod
    def source(self) -> str:
        """Where the training data come from, in a line."""

    def prepare(self) -> None:
        """Make the held-out data; before files are written, as it may fail."""

    @abstractmethod
    def initial_model(self) -> Network:
        """Make the model before training; its weights follow from the seed."""

    @abstractmethod
    def train(
        self,
        model: Network,
        *,
        evaluate: Evaluate,
        folder: Path,
        resume: bool,
        tensorboard: bool,
        console: Console,
    ) -> Network:
        """Train the model, by `airscene.training.loop`."""

    @abstractmethod
    def load(self, weights: Path) -> Network:
        """Read the model that a complete run left."""

    def watch(self, model: Network, step: int) -> tuple[Metrics, Stage]:
        """Measure the model on held-out data while it trains.

        Args:
            model: The model as it is.
            step: Updates made so far.

        Returns:
            What is recorded, and what is kept for the pictures; nothing is kept if it is empty.
        """
        return {}, {}

    def evaluate(self, model: Network) -> Metrics:
        """Measure the trained model; nothing where the truth is not known."""
        return {}

    def scenes(self, model: Network, name: str) -> Any | None:
        """Return what the model infers of a few held-out scenes, with a `save`; None if nothing."""
        return None

    def files(self, scenes: Any) -> dict[str, bytes]:
        """Return other files of the run's folder, by name.

        Args:
            scenes: What `scenes` returned.
        """
        return {}

    def pictures(
        self, model: Network, stages: Stages, rows: Sequence[Mapping[str, Any]]
    ) -> Pictures:
        """Draw the pictures of the run, in the order of the report.

        Args:
            model: The trained model.
            stages: What was kept while it trained.
            rows: The rows of `metrics.jsonl`.
        """
        return {}

    def metadata(self) -> dict[str, str]:
        """Return what the weights say beside their configuration."""
        return {}

    def calibrate(self, model: Network) -> dict[str, str]:
        """Return what the weights say that is measured of the trained model; nothing if nothing is.

        Args:
            model: The trained model.
        """
        return {}

    def inferrer(self, model: Network, name: str) -> Any:
        """Return the trained model as its users see it.

        Args:
            model: The trained model.
            name: What it is called.
        """
        return model
