"""DRAW beside AIR: free energy on numbers of digits seen in training and not (paper, Table 1).

And AIR whose windows a small DRAW encodes and draws, which the paper suggests (appendix F).
"""

from collections.abc import Sequence
from dataclasses import replace
from functools import partial
from pathlib import Path

import jax
import numpy as np

from airscene.evaluation import ImageRow, image_rows
from airscene.images.config import DataConfig
from airscene.paper.result import Result, Row, Rows, Unit, described, of_run
from airscene.paper.trained import run_folder, scaled, trained, training_units
from airscene.runs.presets.baselines import DRAW_012, DRAW_013, LONG_012, LONG_013, DRAWPreset
from airscene.runs.presets.images import FAST, FULL
from airscene.runs.tasks.baselines import elbo
from airscene.training.record import read_metrics

# Drawing steps in the figure, and scenes of each kind.
_SHOWN_STEPS, _SHOWN_SCENES = (1, 5, 10, 20, 40), 4

# The fast preset, with windows drawn in steps: a step's LSTMs are half as wide as the layer of the
# MLP, as there are five of them.
APPEARANCE = replace(
    FAST, name="draw-appearance", model=replace(FAST.model, appearance="draw", n_layer=128)
)


def draw(quickly: bool = False) -> Result:
    """DRAW on 0 to 2 digits and on 3, and, trained on 0, 1 and 3, on 2; AIR; DRAW in AIR."""
    presets, seeds = scaled(quickly, (1, 2), LONG_012, LONG_013)
    seeded = [replace(p, training=replace(p.training, seed=s)) for p in presets for s in seeds]
    # The short trainings, of which downstream tasks take one, say what the long ones gain.
    seeded += [] if quickly else [DRAW_012, DRAW_013]
    units = [Unit(p.name, p.training.seed, p, partial(draw_row, p)) for p in seeded]
    units += training_units(*scaled(quickly, (1, 2), FULL))
    units += training_units(*scaled(quickly, (1,), APPEARANCE))
    return described("draw", units, partial(_draw, presets))


def _unseen(preset: DRAWPreset) -> DataConfig:
    """Scenes of the one number of digits up to 3 that the preset does not train on."""
    (count,) = {0, 1, 2, 3} - set(preset.data.counts)
    return replace(preset.data, counts=(count,))


def draw_row(preset: DRAWPreset, runs: Path) -> Row:
    """Return the bound of a preset's DRAW on held-out scenes, and on those of an unseen count.

    `elbo`, `unseen_elbo` and their standard errors, in nats, by one posterior sample an image; the
    free energy is the negative. `last_tenth_gain` says how far training has come: the nats that
    the last tenth of its updates gained, or what came after the last measurement before it, on
    scenes of training digits, with the same noise.
    """
    model = trained(preset, runs)
    unseen = _unseen(preset)
    rows = read_metrics(run_folder(preset, runs) / "metrics.jsonl")
    before = [row for row in rows if row["step"] <= 0.9 * preset.training.steps]
    return {
        **elbo(model, preset.data.load("test"), preset.data.n_test),
        "unseen_count": unseen.counts[0],
        **{f"unseen_{k}": v for k, v in elbo(model, unseen.load("test"), unseen.n_test).items()},
        "last_tenth_gain": rows[-1]["validation_elbo"] - before[-1]["validation_elbo"],
        "scenes": preset.data.n_test,
        "seconds": rows[-1]["seconds"],
        "steps": rows[-1]["step"],
    }


def _draw(presets: Sequence[DRAWPreset], rows: Rows, runs: Path, figures: Path) -> None:
    """Draw what each DRAW has on its canvas after some of its steps."""
    for preset in presets:
        if not (of_run(rows, preset.name) and run_folder(preset, runs).is_dir()):
            # The row may be of a run that was made elsewhere, whose folder is not here.
            continue
        model = trained(preset, runs)
        held_out, unseen = preset.data.load("test"), _unseen(preset).load("test")
        chosen = np.flatnonzero(held_out.counts > 0)[:_SHOWN_SCENES]
        images = np.concatenate([held_out.images[chosen], unseen.images[:_SHOWN_SCENES]]) / 255.0
        canvases = jax.vmap(model.reconstruct)(images[:, None].astype(np.float32))[:, :, 0]
        drawn = [
            ImageRow(f"step {step}", np.asarray(canvases[:, step - 1], float))
            for step in _SHOWN_STEPS
            if step <= canvases.shape[1]
        ]
        image_rows([ImageRow("data", images), *drawn]).save(figures / f"{preset.name}.png")
