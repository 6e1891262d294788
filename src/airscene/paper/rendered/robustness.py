"""Looks never seen: a model trained with random colours and sizes, against one trained without."""

import statistics
from collections.abc import Sequence
from dataclasses import replace
from functools import partial
from pathlib import Path
from typing import Any

import numpy as np

from airscene.graphics.look import Look, LookSpread
from airscene.graphics.scenes import SceneBatch
from airscene.paper.quick import quick_scenes
from airscene.paper.rendered.scene_results import shown_models, shown_scenes
from airscene.paper.result import Claim, Result, Row, Unit, numbers, of_run
from airscene.paper.trained_scenes import trained_scenes
from airscene.runs.presets.rendered import LOOKS, REPEATS
from airscene.runs.scene_preset import ScenePreset
from airscene.runs.scene_source import TEST_SEED, draw_scenes, make_pool
from airscene.schema import Together

_NOMINAL = LookSpread(size=0.0, colour=0.0)

# What held-out scenes look like. Colours and sizes begin where those of training end, and go half
# as far again; lights and tables are nominal there.
TESTS = {
    "nominal": _NOMINAL,
    "colours": _NOMINAL._replace(colour=0.45),
    "sizes": _NOMINAL._replace(size=0.225),
    "lights": _NOMINAL._replace(light_turn=1.0, brightness=0.3),
    "tables": _NOMINAL._replace(tables=(1, 2, 3)),
    "all": LookSpread(0.225, 0.45, 1.0, 0.3, 0.3, (1, 2, 3)),
}


def _ahead(look: str, rows: Sequence[Row]) -> float | None:
    """How far counts are ahead of those of the model that was trained without random looks."""
    ours, theirs = (
        numbers(of_run(rows, p.name), f"{look}_count_accuracy") for p in (LOOKS, REPEATS)
    )
    return statistics.median(ours) - statistics.median(theirs) if ours and theirs else None


CLAIMS = (
    *(
        Claim(
            f"trained with random looks, counts on {said}, ahead of without",
            "a challenge",
            key=f"{look}_count_accuracy",
            aim=0.0,
            of=partial(_ahead, look),
        )
        for look, said in (("colours", "other colours"), ("sizes", "other sizes"))
    ),
    Claim("counts where all is other", "a challenge", LOOKS.name, "all_count_accuracy"),
    Claim("counts on nominal looks", "accurate", LOOKS.name, "nominal_count_accuracy"),
    Claim(
        "counts on nominal looks, trained without",
        "accurate",
        REPEATS.name,
        "nominal_count_accuracy",
    ),
)


def robustness(quickly: bool = False) -> Result:
    """What random colours and sizes in training buy on looks never seen (section 3.2)."""
    presets = [quick_scenes(p) if quickly else p for p in (REPEATS, LOOKS)]
    return Result(
        name="robustness",
        about=(
            "Counts and identities on the table-top where colours, sizes, lights and table are "
            "others than in training, of a model trained on crockery of random colours and sizes "
            "and of one trained without (section 3.2, Fig. 6g-h). The colour and the size of every "
            "object are beyond what the former saw. Neither is told of looks, and what they "
            "explain an image with has the nominal ones. By the difference network; the recurrent "
            "one does not learn the table-top."
        ),
        units=tuple(
            _unit(p.override(seed=seed)) for p in presets for seed in ((1,) if quickly else (1, 2))
        ),
        claims=CLAIMS,
        draw=partial(_draw, presets),
    )


def _unit(preset: ScenePreset) -> Unit:
    configuration = Together(preset, {"tests": TESTS})
    return Unit(preset.name, preset.training.seed, configuration, partial(looks_row, preset))


def unseen(scenes: SceneBatch, look: LookSpread) -> SceneBatch:
    """Return scenes with sizes and colours beyond those of training.

    Args:
        scenes: Scenes whose looks were drawn with `look`.
        look: How far. What goes no farther than in training stays.
    """
    seen, drawn = LookSpread(), Look.unpack(scenes.look)

    def beyond(x: np.ndarray, most: float, known: float) -> np.ndarray:
        return np.sign(x) * (known + np.abs(x) * (1.0 - known / most)) if most > known else x

    size = beyond(drawn.size, look.size, seen.size)
    colour = beyond(drawn.colour, look.colour, seen.colour)
    packed = drawn._replace(size=size, colour=colour).pack()
    return replace(scenes, look=packed)


def looks_row(preset: ScenePreset, runs: Path) -> dict[str, Any]:
    """Return how near what a run's model infers of scenes of each look is to the truth."""
    model = trained_scenes(preset, runs)
    # Here, as they import more than the command line's help should wait for.
    from airscene.evaluation.metrics.poses import scene_metrics
    from airscene.inverse.unroll import infer

    row: dict[str, Any] = {"scenes": preset.n_test}
    with make_pool(preset) as pool:
        for name, look in TESTS.items():
            drawn = draw_scenes(replace(preset, look=look), preset.n_test, seed=TEST_SEED)
            truth = unseen(drawn, look)
            inferred = infer(model, pool.render(truth), pool.render)
            measured = scene_metrics(truth, inferred, preset.scenes)
            row |= {f"{name}_{key}": value for key, value in measured.items()}
    return row


def _draw(presets: Sequence[ScenePreset], rows: Sequence[Row], runs: Path, figures: Path) -> None:
    # Here, as they import more than the command line's help should wait for.
    from airscene.evaluation import ImageRow, bars, image_rows
    from airscene.inverse.unroll import infer

    names = dict(zip(("trained without", "trained with random looks"), presets, strict=True))
    shares = {
        test: {
            name: numbers(of_run(rows, p.name), f"{test}_count_accuracy")
            for name, p in names.items()
        }
        for test in TESTS
    }
    bars(shares, "count accuracy, held-out scenes", shares=True).save(figures / "robustness.png")
    if (models := shown_models(names, rows, runs)) is None:
        return
    with make_pool(presets[0]) as pool:
        strange = replace(presets[0], look=TESTS["all"])
        images = pool.render(unseen(shown_scenes(strange), TESTS["all"]))
        drawn = [ImageRow("data", images / 255.0)]
        for name, model in models.items():
            inferred = pool.render(infer(model, images, pool.render))
            drawn.append(ImageRow(name.replace(" ", "\n", 2), inferred / 255.0))
    image_rows(drawn).save(figures / "robustness-scenes.png")
