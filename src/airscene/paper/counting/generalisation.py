"""Strong generalisation: numbers of digits never seen in training (paper, Fig. 4 and Table 1)."""

from collections.abc import Sequence
from dataclasses import replace
from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np

from airscene.paper.quick import quick
from airscene.paper.result import Claim, Result, Row, Unit, of_run
from airscene.paper.trained import trained
from airscene.runs.preset import Preset
from airscene.runs.presets.digits import AIR_013, DAIR, DAIR_013, FULL

if TYPE_CHECKING:
    from airscene.evaluation import Picture
    from airscene.images import LabelledScenes
    from airscene.inference.model import Model

# Scenes in the figure of reconstructions.
SHOWN = 8


def unseen(preset: Preset) -> int:
    """Return the number of digits that a preset's data leave out: 3, or 2 between 1 and 3."""
    return 2 if max(preset.data.counts) == 3 else 3


def generalisation_row(preset: Preset, runs: Path) -> dict[str, Any]:
    """Return how a trained model counts and bounds numbers of digits it has never seen.

    The scenes of the count left out are measured with as many steps as they need, and with one
    to spare.
    """
    model, count = trained(preset, runs), unseen(preset)
    scenes = replace(preset.data, counts=(count,)).load("test")
    return {
        **measure(model, preset.data.load("test"), "seen"),
        **measure(model.with_steps(count), scenes, "needed"),
        **measure(model.with_steps(count + 1), scenes, "spare"),
    }


def measure(model: "Model", scenes: "LabelledScenes", name: str) -> dict[str, Any]:
    """Return the counts and the bound of a model on scenes, as numbers named `name_..`."""
    # Here, as it imports JAX, which takes a second.
    from airscene.evaluation import count_accuracy, count_confusion
    from airscene.evaluation.evaluate import bound_terms

    _, prepared = model.prepare(scenes.images)
    probs = np.exp(model.infer_arrays(prepared).log_q.astype(float))
    elbo = bound_terms(model, prepared)["elbo"]
    measured = {
        "steps": model.air.config.n_steps,
        "scenes": len(scenes),
        "count_accuracy": count_accuracy(probs, scenes.counts),
        "count_confusion": count_confusion(probs, scenes.counts).tolist(),
        "elbo": float(elbo.mean()),
        "elbo_standard_error": float(elbo.std() / np.sqrt(len(elbo))),
    }
    return {f"{name}_{key}": value for key, value in measured.items()}


CLAIMS = (
    Claim(
        "DAIR, trained on 0 to 2 digits, counts of 3, a step to spare",
        "near 100%, a plot",
        DAIR.name,
        "spare_count_accuracy",
        aim=0.97,
        front=True,
    ),
    Claim("DAIR, bound on 3", "424 nats", DAIR.name, "needed_elbo", "{:.1f} nats", aim=424.0),
    Claim("AIR, counts of 3", "cannot, a plot", FULL.name, "needed_count_accuracy"),
    Claim(
        "AIR, bound on 3 digits",
        "316 nats",
        FULL.name,
        "needed_elbo",
        "{:.1f} nats",
        aim=316.0,
        front=True,
    ),
    Claim(
        "DAIR, trained on 0, 1 and 3, counts of 2, a step to spare",
        "a plot",
        DAIR_013.name,
        "spare_count_accuracy",
        aim=0.97,
    ),
)


def generalisation(quickly: bool = False) -> Result:
    """Extrapolation and interpolation, for AIR and DAIR; those of DRAW are in the result `draw`."""
    presets, seeds = [FULL, DAIR, AIR_013, DAIR_013], (1, 2, 3)
    if quickly:
        presets, seeds = [quick(preset) for preset in presets], (1,)
    units = []
    for preset in (preset.override(seed=seed) for seed in seeds for preset in presets):
        make = partial(generalisation_row, preset)
        units.append(Unit(preset.name, preset.training.seed, preset, make))
    return Result(
        name="generalisation",
        about=(
            "Numbers of digits never seen: trained on 0, 1 or 2 digits and tested on 3, trained on "
            "0, 1 or 3 and tested on 2, with as many steps allowed as needed, and with one more."
        ),
        units=tuple(units),
        claims=CLAIMS,
        draw=_draw,
    )


def _draw(rows: Sequence[Row], runs: Path, figures: Path) -> None:
    # Here, as it imports matplotlib, which takes a second.
    from airscene.evaluation import bars

    values: dict[str, dict[str, list[float]]] = {}
    for preset in (FULL, DAIR, AIR_013, DAIR_013):
        name = "DAIR" if preset.model.where_proposal == "difference" else "AIR"
        count = unseen(preset)
        group = f"{'interpolation' if count == 2 else 'extrapolation'}\nto {count} digits"
        for key, said in (("needed", ""), ("spare", ", a spare step")):
            values.setdefault(group, {})[f"{name}{said}"] = [
                row[f"{key}_count_accuracy"] for row in of_run(rows, preset.name)
            ]
    bars(values, "count accuracy", shares=True).save(figures / "generalisation.png")

    for name, presets in (("extrapolation", (FULL, DAIR)), ("interpolation", (AIR_013, DAIR_013))):
        picture = _reconstructions(presets, rows, runs)
        if picture is not None:
            picture.save(figures / f"generalisation-{name}.png")


def _reconstructions(
    presets: tuple[Preset, Preset], rows: Sequence[Row], runs: Path
) -> "Picture | None":
    """Draw unseen scenes as AIR and DAIR make them, where their runs are here."""
    # Here, as they import JAX, which takes a second.
    from airscene.evaluation import ImageRow, image_rows
    from airscene.inference import load

    count = unseen(presets[0])
    scenes = replace(presets[0].data, counts=(count,), n_test=SHOWN).load("test")
    shown = [ImageRow("data", scenes.images / 255.0)]
    for label, preset in zip(("AIR", "DAIR"), presets, strict=True):
        folders = [runs / f"{row['run']}-{row['seed']}" for row in of_run(rows, preset.name)]
        for folder in [folder for folder in folders if folder.is_dir()][:1]:
            model = load(folder).with_steps(count + 1)
            found = model.infer(scenes.images)
            windows = [np.array([o.window for o in s.objects]).reshape(-1, 4) for s in found]
            shown.append(ImageRow(label, model.render(found), windows))
    return image_rows(shown) if len(shown) > 1 else None
