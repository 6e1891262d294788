"""A result: which runs it takes, and what they should reach."""

from dataclasses import dataclass

from airscene.experiments.preset import Preset


@dataclass(frozen=True)
class Result:
    """A result of the paper, or of this implementation beside it.

    Args:
        name: Its name, of the command and of the file.
        about: What it shows, in a line.
        runs: Preset and seed of every run.
        targets: What the runs should reach, in words.
    """

    name: str
    about: str
    runs: tuple[tuple[Preset, int], ...]
    targets: str


def seeds(preset: Preset, n: int) -> tuple[tuple[Preset, int], ...]:
    """Runs of a preset with the seeds 1..n."""
    return tuple((preset, seed) for seed in range(1, n + 1))
