"""What each part of the recipe of own images buys: one changed at a time, on four sets."""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import replace
from functools import partial
from pathlib import Path
from typing import Any

from airscene.evaluation.figures.plots import new_axes, plotted
from airscene.evaluation.masked import evaluate_masked
from airscene.images.sets.counted import load_counted
from airscene.inference import PatchModel
from airscene.inference.patches.propose import run_together
from airscene.inference.patches.scan import Explained, scan
from airscene.model.patch.prepare import Prepared
from airscene.paper.own.own_images import SIZES, counted_row
from airscene.paper.result import Result, Row, Rows, Unit, described, numbers, of_run
from airscene.paper.trained import trained
from airscene.runs.preset import MaskedPreset, PatchPreset
from airscene.runs.presets.masked import MANY_DIGITS, on
from airscene.runs.presets.own import IMAGES
from airscene.schema import Together

# Two sets of photographs and micrographs, and two that are made.
SETS: Mapping[str, PatchPreset | MaskedPreset] = {
    "dice": IMAGES,
    "nuclei": IMAGES,
    "many-digits": MANY_DIGITS,
    # The number is that of these rows: on grey no fit of the ground has changed since.
    "multi-dsprites": replace(on("grey"), number=3),
}

# Updates of every training here, and held-out scenes of the made sets: fewer than in the recipes,
# as differences are looked for, not records.
STEPS, SCENES = 500, 100

# Bars are cut off at so many times the recipe's.
MOST_SHOWN = 4.0

# What is changed, and then trained anew. The recipe itself is `as it is`.
TRAINED: Mapping[str, Mapping[str, Any]] = {
    "as it is": {},
    "ground of one colour": {"background": "flat"},
    "ground of learnt forms": {"background": "learnt"},
    "objects add up": {"composition": "sum"},
    "sigma halved": {"object_worth": 4.0},
    "sigma doubled": {"object_worth": 0.25},
    "one price": {"training_price": 1.0},
    "no price on window size": {"scale_price": 0.0},
    "count by expectation": {"accept": "expectation"},
}

# What is changed in use alone, of the weights of the recipe.
USED: Mapping[str, Callable[[PatchModel], PatchModel]] = {
    "price halved": lambda model: _priced(model, 0.5),
    "price doubled": lambda model: _priced(model, 2.0),
    "no edge price": lambda model: model.with_prices(edge_price=0.0),
    "no inhibition": lambda model: _Impatient(model.air, model.name),
}


def own_ablations(quickly: bool = False) -> Result:
    """Counts with one part of the recipe changed at a time."""
    units = []
    for name, preset in SETS.items():
        usual = _preset(preset, name, "as it is", quickly)
        for change in TRAINED:
            changed = _preset(preset, name, change, quickly)
            if change != "as it is" and _same(changed, usual):
                continue
            make = partial(ablation_row, changed, name, "")
            said = Together(changed, {"set": name, "scenes": SCENES})
            units.append(Unit(changed.name, 1, said, make))
        c = usual.model
        for change in USED:
            if change == "no edge price" and c.edge_price <= c.object_price:
                # It never decides.
                continue
            make = partial(ablation_row, usual, name, change)
            said = Together(usual, {"set": name, "scenes": SCENES, "use": change})
            units.append(Unit(_run_name(name, change), 1, said, make))
    return described("own-ablations", units, _draw, steps=STEPS, scenes=SCENES)


def ablation_row(preset: PatchPreset | MaskedPreset, name: str, change: str, runs: Path) -> Row:
    """Return how a model counts that is trained by a preset, or that is used in another way."""
    held_out, images = None, None
    if isinstance(preset, PatchPreset):
        training, held_out = load_counted(name)
        images = [one.image for one in training]
    model: PatchModel = trained(preset, runs, images)
    if change:
        model = USED[change](model)
    if held_out is not None:
        return counted_row(model, held_out, SIZES[name])
    assert isinstance(preset, MaskedPreset)
    return evaluate_masked(model, preset.data.load("test"))


class _Impatient(PatchModel):
    """A model whose scan ends where a place is not worth an object."""

    def explain(self, prepared: Sequence[Prepared]) -> list[Explained]:
        """Explain images, see `PatchModel.explain`."""
        return list(run_together(self.air, (scan(self.air, x.less, False) for x in prepared)))


def _priced(model: PatchModel, times: float) -> PatchModel:
    c = model.air.config
    return model.with_prices(c.object_price * times, c.edge_price * times)


def _preset(preset: Any, name: str, change: str, quickly: bool) -> Any:
    """The preset of a set with one change, all of whose trainings are as long."""
    few: dict[str, Any] = {"steps": STEPS, "seed": 1}
    few |= {"n_test": SCENES} if isinstance(preset, MaskedPreset) else {"object_size": SIZES[name]}
    if quickly:
        few |= {"steps": 40, "evaluate_every": 20, "save_every": 20}
        few |= {"n_train": 200, "n_test": 8} if isinstance(preset, MaskedPreset) else {}
    changes = dict(TRAINED[change])
    if "object_worth" in changes:
        changes["object_worth"] *= preset.model.object_worth
    if "training_price" in changes:
        changes["training_price"] = preset.model.object_price
    return replace(preset, name=_run_name(name, change)).override(**few, **changes)


def _same(one: Any, other: Any) -> bool:
    """Whether two presets are the same but for their names."""
    return replace(one, name=other.name) == other


def _run_name(name: str, change: str) -> str:
    return f"ablation-{name}-{change.replace(' ', '-')}"


def _draw(rows: Rows, runs: Path, figures: Path) -> None:
    changes, shown = (*TRAINED, *USED), {}
    panels = new_axes(1, len(SETS), (11.0, 3.6))
    for axes, name in zip(panels, SETS, strict=True):
        values = {
            change: found[0]
            for change in changes
            if (found := numbers(of_run(rows, _run_name(name, change)), "count_mae"))
        }
        heights = [-changes.index(change) for change in values]
        usual = values.get("as it is")
        # What fails altogether would hide all other differences.
        most = MOST_SHOWN * (usual or max(values.values(), default=1.0))
        axes.barh(heights, [min(value, most) for value in values.values()], color="#2b6cb0")
        if usual is not None:
            axes.axvline(usual, color="#444444", linewidth=0.8, linestyle="--")
        for height, value in zip(heights, values.values(), strict=True):
            axes.annotate(f" {value:.2f}", (min(value, most), height), fontsize=7, va="center")
        axes.set(xlabel=f"{name}, count error", ylim=(0.7 - len(changes), 0.7))
        axes.margins(x=0.18)
        axes.set_yticks([-k for k in range(len(changes))])
        axes.set_yticklabels(changes if axes is panels[0] else [""] * len(changes), fontsize=8)
        shown[name] = values
    plotted(panels[0], "own_ablations", **shown).save(figures / "own-ablations.png")
