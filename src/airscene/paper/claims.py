"""What the paper says, claim by claim, held against the rows of `results/`."""

import json
import statistics
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

from airscene.paper.result import Row, numbers, of_run, spread


@dataclass(frozen=True)
class Claim:
    """A claim of the paper, or an aim of this implementation beside it, and the number that tells.

    Args:
        result: Name of the result whose rows tell.
        text: What is claimed.
        paper: The paper's figure, and where it stands; "not in the paper" for an aim of ours.
        run: The rows that tell.
        key: Their number.
        style: How the number is written.
        aim: What its median should reach.
        beats: The rows whose median it should pass, where there is no `aim`.
        at_most: Whether the aim is the most that it should be, not the least.
        in_words: Whether the paper says it in words only: a number then agrees, and is not met.
        on_front: Whether it is in the README.
    """

    result: str
    text: str
    paper: str
    run: str
    key: str
    style: str = "{:.2%}"
    aim: float | None = None
    beats: str = ""
    at_most: bool = False
    in_words: bool = False
    on_front: bool = False

    def ours(self, rows: Sequence[Row]) -> str:
        """Return the median, the range and the number of runs."""
        return spread(of_run(rows, self.run), self.key, self.style)

    def wanted(self, rows: Sequence[Row]) -> float | None:
        """Return what the median should reach; none if the rows to beat are not there."""
        if self.aim is not None:
            return self.aim
        others = numbers(of_run(rows, self.beats), self.key)
        return statistics.median(others) if others else None

    def aim_text(self, rows: Sequence[Row]) -> str:
        """Return what is aimed at."""
        if self.aim is not None:
            return f"at {'most' if self.at_most else 'least'} {self.style.format(self.aim)}"
        wanted = self.wanted(rows)
        side = "below" if self.at_most else "above"
        return f"{side} {self.beats}" + (f": {self.style.format(wanted)}" if wanted else "")

    def verdict(self, rows: Sequence[Row]) -> str:
        """Return `met`, `agrees`, or by how much the aim is missed."""
        found, wanted = numbers(of_run(rows, self.run), self.key), self.wanted(rows)
        if not found or wanted is None:
            return "not made yet"
        short = (statistics.median(found) - wanted) * (1.0 if self.at_most else -1.0)
        if short > 0.0:
            return f"missed by {self.style.format(short)}"
        return "agrees" if self.in_words else "met"


NOT_THERE = "not in the paper"

CLAIMS = (
    Claim("multi-mnist", "AIR counts 0 to 2 digits", "near 100% (Fig. 3)", "multi-mnist",
          "count_accuracy", aim=0.99, in_words=True, on_front=True),
    Claim("multi-mnist", "bound of AIR on 0 to 2 digits, in nats", "620 (Table 1)", "multi-mnist",
          "elbo", "{:.1f}", aim=620.0, on_front=True),
    Claim("multi-mnist", "the fast preset counts 98% after so many seconds", NOT_THERE,
          "multi-mnist-fast", "seconds_to_98", "{:.0f} s", aim=35.0, at_most=True),
    Claim("multi-mnist-shrunk", "AIR counts shrunk digits", NOT_THERE, "multi-mnist-shrunk",
          "count_accuracy", aim=0.988),
    Claim("sizes", "the fast preset counts small digits (9 pixels)", NOT_THERE, "digits-9-in-50",
          "count_accuracy", aim=0.97),
    Claim("dair", "bound of DAIR on 0 to 2 digits, in nats", "611 (Table 1)", "multi-mnist-dair",
          "elbo", "{:.1f}", aim=611.0, on_front=True),
    Claim("estimators", "baselines make the score function train: counts", "in words (2.2)",
          "multi-mnist-fast-score-baseline", "count_accuracy", beats="multi-mnist-fast-score",
          in_words=True),
    Claim("generalisation", "AIR cannot count 3 digits after 0 to 2", "in words (Fig. 4)",
          "multi-mnist", "needed_count_accuracy", aim=0.5, at_most=True, in_words=True,
          on_front=True),
    Claim("generalisation", "DAIR counts 3 digits after 0 to 2", "in words (Fig. 4)",
          "multi-mnist-dair", "needed_count_accuracy", aim=0.97, in_words=True, on_front=True),
    Claim("generalisation", "bound of DAIR on 3 digits, in nats", "424 (Table 1)",
          "multi-mnist-dair", "needed_elbo", "{:.0f}", aim=424.0),
    Claim("generalisation", "bound of AIR on 3 digits, in nats", "316 (Table 1)", "multi-mnist",
          "needed_elbo", "{:.0f}", aim=316.0),
    Claim("generalisation", "DAIR counts 2 digits after 0, 1 and 3", "in words (Fig. 4)",
          "multi-mnist-dair-013", "needed_count_accuracy", beats="multi-mnist-013", in_words=True),
    Claim("draw", "bound of DRAW on 0 to 2 digits, in nats", "637 (Table 1)", "draw-012", "elbo",
          "{:.0f}", aim=637.0),
    Claim("draw", "bound of DRAW on 3 digits, in nats", "406 (Table 1)", "draw-012", "unseen_elbo",
          "{:.0f}", aim=406.0),
    Claim("downstream", "AIR's codes give the sum of two digits from 500 labels", "a plot (Fig. 5)",
          "air-sum-500", "accuracy", "{:.1%}", beats="draw-sum-500", in_words=True, on_front=True),
    Claim("downstream", "AIR's codes give the order of two digits from 500 labels",
          "a plot (Fig. 5)", "air-order-500", "accuracy", "{:.1%}", beats="cnn-order-500",
          in_words=True),
    Claim("sprites", "AIR counts sprites", "near 100% (Fig. 11)", "sprites", "count_accuracy",
          aim=0.99, in_words=True, on_front=True),
    Claim("sprites", "AIR counts sprites of one kind that overlap by half", "in words (Fig. 11)",
          "sprites", "overlapping_count_accuracy", aim=0.99, in_words=True),
    Claim("omniglot", "complex characters have more pieces: rank correlation with strokes",
          "in words (Fig. 9)", "omniglot", "rank_correlation", "{:.2f}", aim=0.0, in_words=True),
    Claim("policies", "the order of inference is spatial: pairs that position tells",
          "in words (Fig. 3)", "multi-mnist", "position", "{:.1%}", aim=0.9, in_words=True),
    Claim("films", "scenes of the film counted right, of 8", "films in its supplement",
          "multi-mnist", "counts_right", "{:.0f}", aim=8.0, in_words=True),
    Claim("inference-speed", "a step of inference", "5.6 ms (appendix J)", "multi-mnist", "step",
          "{:.3f} ms", aim=5.6, at_most=True),
    Claim("finite-differences", "direction of the gradient of positions, forward: cosine",
          "in words (I.1)", "forward", "position_used", "{:.2f}", aim=0.9, in_words=True),
    Claim("finite-differences", "direction of the gradient of rotations, forward: cosine",
          "in words (I.1)", "forward", "rotation_used", "{:.2f}", aim=0.9, in_words=True),
    Claim("finite-differences", "direction of the gradient of the camera, forward: cosine",
          "in words (I.1)", "forward", "camera_used", "{:.2f}", aim=0.9, in_words=True),
    Claim("single-object", "AIR finds the type of a single object", "in words (Fig. 6)",
          "single-object", "identity_accuracy", aim=0.99, in_words=True),
    Claim("single-object", "places are off by, of the table's width", "in words (Fig. 6)",
          "single-object", "position_error", aim=0.02, at_most=True, in_words=True, on_front=True),
    Claim("single-object", "the cube is turned wrongly by", "in words (Fig. 6)", "single-object",
          "rotation_error_cube", "{:.1f} degrees", aim=5.0, at_most=True, in_words=True),
    Claim("single-object", "supervised inference is worse on the cube's rotation",
          "in words (Fig. 6)", "single-object", "rotation_error_cube", "{:.1f} degrees",
          beats="single-object-supervised", at_most=True, in_words=True),
    Claim("tabletop", "AIR counts crockery on a table", "in words (Fig. 7)", "tabletop",
          "count_accuracy", aim=0.97, in_words=True, on_front=True),
    Claim("tabletop", "AIR counts better than a supervised network", "in words (Fig. 7)",
          "tabletop", "count_accuracy", beats="tabletop-supervised-type", in_words=True),
    Claim("tabletop-camera", "AIR finds the camera's angle, off by", "in words (Fig. 15)",
          "tabletop-camera", "camera_error", "{:.2f} degrees", aim=3.0, at_most=True,
          in_words=True, on_front=True),
    Claim("refinement", "cups are turned wrongly by, refined by rendering", NOT_THERE, "tabletop",
          "refined_rotation_error_cup", "{:.1f} degrees", aim=5.0, at_most=True),
    Claim("robustness", "random looks in training help on unseen looks: counts", "in words (4.3)",
          "tabletop-looks", "all_count_accuracy", "{:.1%}", beats="tabletop", in_words=True),
    Claim("scene-inference-speed", "an image of three objects, everything included",
          "8 ms (appendix J)", "tabletop", "image", "{:.2f} ms", aim=8.0, at_most=True),
)  # fmt: skip


def rows_of(results: Path, name: str) -> list[Row]:
    """Return the rows of a result file; none if there is no such file."""
    path = results / f"{name}.json"
    return json.loads(path.read_text())["runs"] if path.exists() else []
