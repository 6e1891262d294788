"""What documents say of the results, written from the files in `results/`."""

import json
import statistics
import sys
from functools import cache
from pathlib import Path
from typing import Any

from airscene.errors import InputError
from airscene.files import write_atomic
from airscene.paper.gallery import gallery, rows_of
from airscene.paper.result import Result, Rows, numbers, of_run, written
from airscene.paper.results import RESULTS
from airscene.paper.trained import draw_training
from airscene.runs.preset import Preset
from airscene.schema import Together

_INTRODUCTION = """# Reproduction

The results of Attend, Infer, Repeat (Eslami et al., NIPS 2016), in 2-D and in 3-D: what the paper
says, what this implementation reaches, and the command that makes it. This page is written by
`make tables` from the files in [`results/`](results), which hold every run, failed ones among them.
Where several runs stand behind a number, it is their median, with the least and the largest.
An aim is met or missed by the median, or by the worst run where every run is to reach it.

Recipes of training were chosen by single runs, on scenes of the test split, so that what they reach
may be a little too good; only DAIR's present recipe was chosen on validation scenes, made of
training digits, and the heads of downstream by validation.

The duration is that of all rows of a result, on two cores without an accelerator, often with other
runs beside it. Results share the models that they train. A row that reports the seconds of its
training counts them, whichever result trained the model; one that reports none, as those of
generalisation, policies and films, counts what it took to make the row, which is no training where
the model was there already.

Free energy is the negative of the evidence lower bound (ELBO), in nats; the paper's data are not
published, so its bounds and these are of the same protocol but not of the same images.

`airscene reproduce --quick NAME` runs the same protocol scaled down to a minute or two."""

# Rows of `make bench` that the README has.
_SPEED = (
    "training step, multi-mnist-fast, batch 64",
    "inference, one image, warm",
    "inference, 1,000 images, to Scenes",
    "airscene infer multi-mnist one.png, cold shell",
    "3-D renders of three objects, 128x128, scored, 2 processes",
    "tabletop, an image, networks alone",
)


def trainings_table(results: Path) -> str:
    """A Markdown table of every training of AIR in a folder of results: a preset a row."""
    lines = [
        "| run | seeds | counts, median (worst) | ELBO | log p(x) | AP at IoU 0.5 | 98% after | "
        "training | chosen on | made by |",
        "|---|---|---|---|---|---|---|---|---|---|",
    ]
    for path in sorted(results.glob("*.json"), key=lambda path: path.stem):
        file = json.loads(path.read_text())
        groups = file.get("summary", {})
        # What is more than trainings of AIR is in REPRODUCTION.md only.
        others = any(group["finished"] and "log_px" not in group for group in groups.values())
        if others or not groups:
            continue
        presets = {unit.run: _preset(unit.configuration) for unit in RESULTS[path.stem]().units}
        for name, group in groups.items():
            if isinstance(preset := presets.get(name), Preset):
                lines.append(_training(name, group, preset.chosen_on, file["command"]))
    return "\n".join(lines)


def _preset(configuration: Any) -> Any:
    """What decides a row: the preset, if it is a training's, is first where there is more."""
    return configuration.parts[0] if isinstance(configuration, Together) else configuration


def bench_table(results: Path) -> str:
    """A Markdown table of the figures of `make bench` in a folder, beside their floors."""
    lines = ["| what | | floor | ratio |", "|---|---|---|---|"]
    for row in rows_of(results, "bench", "rows"):
        floor = f"{row['floor']}: {row['floor_value']:g}" if "floor" in row else ""
        ratio = row.get("ratio", "")
        lines.append(f"| {row['what']} | {row['value']:,g} {row['unit']} | {floor} | {ratio} |")
    return "\n".join(lines)


def speed_table(results: Path) -> str:
    """A Markdown table of the few figures of `make bench` in a folder that say most."""
    made = rows_of(results, "bench", "rows")
    rows = {row["what"]: f"{row['value']:,g} {row['unit']}" for row in made}
    lines = [f"| {what} | {rows.get(what, 'not measured')} |" for what in _SPEED]
    return "\n".join(["| what | |", "|---|---|", *lines])


def claims_table(results: Path) -> str:
    """A Markdown table of the claims that stand for all, with what a folder of results says."""
    lines = ["| result | the paper | here | verdict |", "|---|---|---|---|"]
    for name, make in RESULTS.items():
        rows = rows_of(results, name)
        lines += [
            f"| [{name}](REPRODUCTION.md#{name}): {c.what} | {c.paper} | {c.ours(rows)} | "
            f"{c.verdict(rows)} |"
            for c in make().claims
            if c.front
        ]
    return "\n".join(lines)


def reproduction_page(results: Path, figures: Path) -> str:
    """REPRODUCTION.md, from a folder of results and one of figures, as a path from the page."""
    table = ["| claim | the paper | here | verdict |", "|---|---|---|---|"]
    missed, sections = [], []
    every = [p for kind in ("png", "gif") for p in sorted(figures.glob(f"*.{kind}"))]
    for name, make in RESULTS.items():
        result, rows = make(), rows_of(results, name)
        for claim in result.claims:
            ours, verdict = claim.ours(rows), claim.verdict(rows)
            said = f"[{name}](#{name}): {claim.said}"
            table.append(f"| {said} | {claim.paper} | {ours} | {verdict} |")
            if verdict.startswith("missed"):
                missed.append(f"- {said}. Here: {ours}; {verdict}.")
        parts = [
            f"## {name}",
            result.about,
            f"`airscene reproduce {name}`, {_duration(result, rows)}.",
            *([f"[Every run](results/{name}.json); medians:", _section(result, rows)] * bool(rows)),
            *(f"![{p.stem}]({p})" for p in every if figure_owner(p.stem) == name),
        ]
        sections.append("\n\n".join(parts))
    missing = ["## Missed aims", "\n".join(missed) or "None."]
    return "\n\n".join([_INTRODUCTION, "\n".join(table), *missing, *sections]) + "\n"


def with_block(text: str, block: str, mark: str, path: Path) -> str:
    """Return a document, of a path, with what lies between two of its markers written anew.

    They are `<!-- MARK: make tables -->` and `<!-- end of MARK -->`.

    Raises:
        InputError: If a marker is not there.
    """
    begin, end = f"<!-- {mark}: make tables -->", f"<!-- end of {mark} -->"
    before, found, rest = text.partition(begin)
    _, closed, after = rest.partition(end)
    if not found or not closed:
        raise InputError(f"{path} lacks the marker {end if found else begin}")
    return f"{before}{begin}\n\n{block}\n\n{end}{after}"


def figure_owner(figure: str) -> str:
    """Return the name of the result that draws a figure; empty if none does.

    The figure's name begins with the result's, or with that of the preset whose training it shows.
    """
    owners = _owners()
    names = [n for n in owners if figure == n or figure.startswith(f"{n}-")]
    return owners[max(names, key=len)] if names else ""


@cache
def _owners() -> dict[str, str]:
    owners = {name: name for name in RESULTS}
    for name, make in RESULTS.items():
        result = make()
        if result.draw is draw_training:
            owners.update({unit.run: name for unit in result.units})
    return owners


def _duration(result: Result, rows: Rows) -> str:
    if not rows:
        return "not made yet"
    # The training may have been in another result's duration, or another command's.
    minutes = sum(max(row.get("duration", 0), row.get("seconds", 0)) for row in rows) / 60.0
    made = f"{minutes:,.0f} min" if minutes >= 1 else "under a minute"
    if len(rows) < len(result.units):
        made += f" ({len(rows)} of {len(result.units)} rows made)"
    return made


def _section(result: Result, rows: Rows) -> str:
    """A table of the rows of a result: the medians of the numbers that its claims are of."""
    styles: dict[str, str] = {}
    for claim in sorted(result.claims, key=lambda claim: claim.of is not None):
        if claim.key:
            styles.setdefault(claim.key, claim.style if claim.of is None else "{:.4g}")
    names = [key.replace("_", " ") for key in styles]
    lines = [f"| {' | '.join(['run', 'seeds', *names])} |", "|---" * (2 + len(names)) + "|"]
    for run in dict.fromkeys(row["run"] for row in rows):
        ours = of_run(rows, run)
        failed = sum(not row["finished"] for row in ours)
        cells = [run, f"{len(ours)} ({failed} failed)" if failed else f"{len(ours)}"]
        for key, style in styles.items():
            values = numbers(ours, key)
            cells.append(written(statistics.median(values), style) if values else "")
        lines.append(f"| {' | '.join(cells)} |")
    return "\n".join(lines)


def _training(name: str, group: dict[str, Any], chosen_on: str, command: str) -> str:
    if not group["finished"]:
        return f"| {name} | 0 of {group['runs']} finished | | | | | | | {chosen_on} | `{command}` |"
    counts, reached = group["count_accuracy"], group["median_seconds_to_98"]
    failed = group["runs"] - group["finished"]
    return (
        f"| {name} | {group['runs']}{f' ({failed} failed)' if failed else ''} "
        f"| {counts['median']:.2%} ({counts['min']:.2%}) "
        f"| {group['elbo']['median']:.1f} | {group['log_px']['median']:.1f} "
        f"| {group['average_precision']['median']:.3f} "
        f"| {f'{reached:.0f} s' if reached else 'not reached'} "
        f"| {group['seconds']['median']:.0f} s | {chosen_on} | `{command}` |"
    )


def main() -> None:
    """Write anew REPRODUCTION.md, and what other documents say of the results."""
    results = Path("results")
    blocks = {
        Path("README.md"): {"results": claims_table, "speed": speed_table},
        Path("docs/index.md"): {"gallery": gallery},
        Path("docs/results.md"): {"trainings": trainings_table, "bench": bench_table},
    }
    pages = {Path("REPRODUCTION.md"): reproduction_page(results, Path("docs/figures"))}
    try:
        for path, made in blocks.items():
            text = path.read_text()
            for mark, make in made.items():
                text = with_block(text, make(results), mark, path)
            pages[path] = text
    except InputError as error:
        print(f"airscene: {error}", file=sys.stderr)
        sys.exit(2)
    for path, text in pages.items():
        write_atomic(path, text.encode())


if __name__ == "__main__":
    main()
