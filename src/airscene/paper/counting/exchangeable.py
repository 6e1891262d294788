"""Whether inferred objects are exchangeable, as the model's are (paper, section 2)."""

from pathlib import Path

import equinox as eqx
import jax
import jax.numpy as jnp
import numpy as np
from jaxtyping import Float, Int

from airscene.evaluation import bars, count_accuracy
from airscene.evaluation.metrics.exchange import FOLDS, told_apart
from airscene.evaluation.metrics.policy import taken
from airscene.images import LabelledScenes
from airscene.inference import Model
from airscene.inference.infer import Inferred
from airscene.model.air import AIR
from airscene.paper.result import Result, Row, Rows, described, of_run
from airscene.paper.trained import scaled, trained, training_units
from airscene.runs.preset import Preset
from airscene.runs.presets.images import DAIR, FAST, FULL

# What may tell the first object of two from the second, and what the figure says of it.
GROUPS = {
    "place": "place",
    "size": "size of the window, given place",
    "class": "class of the digit, given place",
    "code": "code",
    "code_given": "code, given place and class",
}


def exchangeable(quickly: bool = False) -> Result:
    """Whether code, size or class of an object say which step found it."""
    presets, seeds = scaled(quickly, (1, 2, 3), FAST, FULL, DAIR)
    presets = presets[:1] if quickly else presets
    return described("exchangeable", training_units(presets, seeds, exchange_row), _draw)


def exchange_row(preset: Preset, runs: Path) -> Row:
    """Return how well each group of features tells the first of two objects from the second.

    The number of pairs, and of each group the accuracy, its mean by chance and the p-value of the
    permutation test; `moved`, in nats, by how much log p(x | z) changes at most where the two
    objects change places. Without all these if the model finds two objects too seldom.
    """
    model, held_out = trained(preset, runs), preset.data.load("test")
    return exchange_numbers(model, held_out)


def exchange_numbers(model: Model, scenes: LabelledScenes) -> Row:
    """Return the same numbers of a model on scenes."""
    prepared = model.prepare(scenes.images)[1]
    inferred = model.infer_arrays(prepared)
    counts = inferred.log_q.argmax(axis=1)
    pairs = np.flatnonzero((scenes.counts == 2) & (counts == 2))
    row = {
        "count_accuracy": count_accuracy(inferred.log_q, scenes.counts),
        "pairs": len(pairs),
    }
    if len(pairs) < FOLDS:
        return row
    some = Inferred(*(part[pairs] for part in inferred))
    row["moved"] = moved(model.air, prepared[pairs], some)
    order = taken(some.boxes[:, :2].astype(float), scenes.boxes[pairs, :2].astype(float))
    labels = scenes.labels[pairs[:, None], order]
    for group, features in described_pairs(some, labels).items():
        told = told_apart(*features)
        row[group], row[f"{group}_p"] = round(told.accuracy, 4), round(told.p, 4)
        row[f"{group}_chance"] = round(told.chance, 4)
    return row


def described_pairs(
    inferred: Inferred, labels: Int[np.ndarray, "pairs 2"]
) -> dict[str, tuple[Float[np.ndarray, "pairs 2 _"], Float[np.ndarray, "pairs 2 _"] | None]]:
    """Return the features of both objects of each pair, of each group, and what is given with them.

    A step finds its objects on one side first, and digits of some classes and codes fit into some
    places only. So size and class are given place, and the code place and class. Codes are there
    with their squares, so that another spread is found as another mean is.

    Args:
        inferred: What was inferred, two objects of each scene.
        labels: The true classes of the two.
    """
    where, code = (z[:, :2].astype(float) for z in (inferred.z_where, inferred.z_what))
    scale, x, y = np.moveaxis(where, -1, 0)
    place = np.stack([x, y, x**2, x * y, y**2], axis=-1)
    classes = 1.0 * (labels[..., None] == np.arange(labels.max() + 1))
    code = np.concatenate([code, code**2], axis=-1)
    return {
        "place": (place, None),
        "size": (np.stack([scale, scale**2], axis=-1), place),
        "class": (classes, place),
        "code": (code, None),
        "code_given": (code, np.concatenate([place, classes], axis=-1)),
    }


def moved(air: AIR, prepared: Float[np.ndarray, "n channel height width"], two: Inferred) -> float:
    """Return by how much log p(x | z_1, z_2) differs from log p(x | z_2, z_1), at most, in nats."""
    first, second = (
        np.asarray(_log_likelihoods(air, prepared, two.z_where[:, o], two.z_what[:, o]))
        for o in ([0, 1], [1, 0])
    )
    return float(np.abs(first - second).max())


@eqx.filter_jit
def _log_likelihoods(air, images, z_where, z_what):
    def one(image, z_where, z_what):
        there = jnp.ones(len(z_where), bool)
        canvas = air.compose(*jax.vmap(air.draw)(z_where, z_what), there)
        return air.log_likelihood(image, canvas)

    return jax.vmap(one)(images, z_where, z_what)


def _draw(rows: Rows, runs: Path, figures: Path) -> None:
    values = {
        run: {
            said: [row[group] for row in of_run(rows, run) if group in row]
            for group, said in GROUPS.items()
        }
        for run in dict.fromkeys(row["run"] for row in rows)
    }
    bars(values, "first of two objects told", shares=True).save(figures / "exchangeable.png")
