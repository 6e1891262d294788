"""Figures of Occam's razor: counts by the price of an object and by N; where objects are split."""

from collections.abc import Mapping
from dataclasses import replace
from math import log
from pathlib import Path

import numpy as np

from airscene.evaluation import ImageRow, image_rows
from airscene.evaluation.figures.plots import new_axes, plotted
from airscene.images import LabelledScenes
from airscene.inference import Model, load
from airscene.paper.counting.prices import priced, without_prior
from airscene.paper.result import Row, Rows, of_run
from airscene.paper.trained import folder_of
from airscene.runs.presets.images import DAIR, FULL

# Held-out scenes that those of the picture are looked for in, and how many there are at most of
# those that a model counts too many or too few objects of.
LOOKED_AT, MORE, FEWER = 1000, 4, 2

# What an object costs in the picture, and N there.
DEAR, FEW_STEPS = (100, 400), (1, 2, 12)

_NAMES = {FULL.name: ("AIR", "#2b6cb0"), DAIR.name: ("DAIR", "#c05621")}
_ERRORS = {"more": "^", "fewer": "v"}


def draw_occam(rhos: Mapping[float, str], rows: Rows, runs: Path, figures: Path) -> None:
    """Draw the result `occam`.

    Args:
        rhos: Name of the rows that were trained with each rho.
        rows: The finished rows.
        runs: Folder of all runs.
        figures: Folder of the figures.
    """
    of = {rho: of_run(rows, name)[0] for rho, name in rhos.items() if of_run(rows, name)}
    bundled = {name: of_run(rows, name)[0] for name in _NAMES if of_run(rows, name)}
    _curves(of, bundled, figures / "occam.png")
    folders = {rho: folder for rho, row in of.items() if (folder := folder_of(row, runs))}
    _pictures(folders, figures / "occam-scenes.png")


def _curves(of: Mapping[float, Row], bundled: Mapping[str, Row], path: Path) -> None:
    means, errors, steps = new_axes(1, 3, (14.0, 4.2))
    for name, row in bundled.items():
        label, colour = _NAMES[name]
        prices = np.array(row["prices"])
        for n, counts in enumerate(np.array(row["price_mean_count"]).T):
            said = f"{label}, bundled" if not n else None
            means.plot(prices, counts, color=colour, label=said)
        for key, line in zip(_ERRORS, ("-", "--"), strict=True):
            share = 100.0 * np.array(row[f"price_{key}"])
            errors.plot(prices, share, line, color=colour, label=f"{label}, bundled: {key}")
            tried = [n for n in range(1, 100) if f"n_{n}_{key}" in row]
            share = [100.0 * row[f"n_{n}_{key}"] for n in tried]
            steps.plot(tried, share, line, color=colour, marker=".", label=f"{label}: {key}")
    for i, (rho, row) in enumerate(of.items()):
        price = -log(rho)
        table = np.array(row["seen_count_confusion"])
        mean = table @ np.arange(table.shape[1]) / np.maximum(table.sum(axis=1), 1)
        style = {"color": "black", "linestyle": "none"}
        said = "trained so" if not i else None
        means.plot([price] * len(mean), mean, marker="o", markersize=4, label=said, **style)
        for key, marker in _ERRORS.items():
            said = f"trained so: {key}" if not i else None
            share = 100.0 * row[f"seen_{key}"]
            errors.plot([price], [share], marker=marker, markersize=5, label=said, **style)
    across = "what an object costs, -log rho, in nats"
    for axes in (means, errors):
        axes.set_xscale("symlog", linthresh=1.0, linscale=0.6)
        axes.set_xticks([-10, -1, 0, 1, 10, 100, 1000])
        axes.xaxis.set_major_formatter("{x:g}")
        axes.axvline(0.0, color="grey", linewidth=0.8)
    means.set(xlabel=across, ylabel="mean inferred count of 0, 1 and 2 digits")
    errors.set(xlabel=across, ylabel="scenes of 0 to 2 digits counted wrong, %")
    steps.set(xlabel="largest count, N", ylabel="scenes of 0 to 2 digits counted wrong, %")
    for axes in (errors, steps):
        # Few are wrong in the middle, and nearly all at the ends.
        axes.set_yscale("symlog", linthresh=0.1)
        axes.set_ylim(0.0, 110.0)
        axes.yaxis.set_major_formatter("{x:g}")
    for axes in (means, errors, steps):
        axes.grid(alpha=0.3)
        axes.legend(fontsize=7)
    kept = ("prices", "price_mean_count", "price_more", "price_fewer")
    shown = {
        "trained": {f"{rho:g}": row["seen_count_confusion"] for rho, row in of.items()},
        "bundled": {
            name: {k: v for k, v in row.items() if k in kept or k.startswith("n_")}
            for name, row in bundled.items()
        },
    }
    plotted(means, "occam", **shown).save(path)


def _pictures(folders: Mapping[float, Path], path: Path) -> None:
    """Draw a few held-out scenes, each as it is inferred at each rho, price and N."""
    air, dair = (load(name) for name in _NAMES)
    assert isinstance(air, Model) and isinstance(dair, Model)
    models: dict[str, Model] = {}
    for rho, folder in folders.items():
        models[f"AIR,\nrho = {rho:g}"] = _loaded(folder)
    stepped = {f"DAIR,\nN = {n}": dair.with_steps(n) for n in FEW_STEPS}
    scenes = replace(FULL.data, n_test=LOOKED_AT).load("test")
    last = list(stepped)[-1]
    shown = scenes.images[_telling({**models, last: stepped[last]}, scenes)]
    rows = [ImageRow("data", shown / 255.0)]
    rows += [_row(label, model, shown) for label, model in models.items()]
    rows += [_row(f"AIR, {price} nats\nan object", air, shown, price) for price in DEAR]
    rows += [_row(label, model, shown) for label, model in stepped.items()]
    image_rows(rows).save(path)


def _loaded(folder: Path) -> Model:
    model = load(folder)
    assert isinstance(model, Model)
    return model


def _row(label: str, model: Model, images: np.ndarray, price: float | None = None) -> ImageRow:
    """What is inferred; with a price, the count of highest bound where objects cost as much."""
    inferred = model.infer_arrays(model.prepare(images)[1])
    counts = inferred.log_q.argmax(axis=1)
    if price is not None:
        counts = priced(without_prior(model, images), price)
    windows = [w[:n].astype(float) for w, n in zip(inferred.windows, counts, strict=True)]
    return ImageRow(label, model.render_arrays(inferred.z_where, inferred.z_what, counts), windows)


def _telling(models: Mapping[str, Model], scenes: LabelledScenes) -> list[int]:
    """A lone 4, a lone 8, two digits; and the first that a model counts too many or too few of."""
    images = scenes.images
    counts = [m.infer_arrays(m.prepare(images)[1]).log_q.argmax(axis=1) for m in models.values()]
    lone = scenes.counts == 1
    plain = [lone & (scenes.labels[:, 0] == digit) for digit in (4, 8)] + [scenes.counts == 2]
    chosen = [int(np.argmax(one)) for one in plain]
    for wrong, most in (
        (np.max(counts, axis=0) > scenes.counts, MORE),
        (np.min(counts, axis=0) < scenes.counts, FEWER),
    ):
        chosen += [int(i) for i in np.flatnonzero(wrong) if i not in chosen][:most]
    return chosen
