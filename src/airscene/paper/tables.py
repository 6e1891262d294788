"""The tables in the documents, and REPRODUCTION.md, written from the files in `results/`."""

import json
import re
import statistics
from collections.abc import Mapping
from pathlib import Path
from typing import Any

from airscene.files import write_atomic
from airscene.paper.claims import CLAIMS, rows_of
from airscene.paper.gallery import gallery
from airscene.paper.result import numbers, of_run
from airscene.paper.results import RESULTS
from airscene.paper.trained import draw_training

_INTRODUCTION = """# Reproduction

The results of Attend, Infer, Repeat (Eslami et al., NIPS 2016), in 2-D and in 3-D: what the paper
says, what this implementation reaches, and the command that makes it. This page is written by
`make tables` from the files in [`results/`](results), which hold every run, failed ones among them.
Where several runs stand behind a number, it is their median, with the least and the largest.

A claim that the paper puts in numbers is met or missed; one that it puts in words agrees with what
is measured here, or is missed by so much of the aim. An aim is what we hold such a claim to; it is
no result. What the paper does not claim is an aim of this implementation.

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

# The rows of `make bench` that the README shows.
_ON_FRONT = (
    "training step, multi-mnist-fast, batch 64",
    "inference, one image, warm",
    "inference, 1,000 images, to Scenes",
    "airscene infer multi-mnist one.png, cold shell",
    "3-D renders of three objects, 128x128, scored, 2 processes",
    "tabletop, an image, with renders (the paper: 8 ms)",
)


def front_table(results: Path) -> str:
    """A Markdown table of the main claims, a row each: the paper, here, the verdict.

    Args:
        results: Folder of the result files.
    """
    lines = ["| result | paper | here | verdict |", "|---|---|---|---|"]
    for claim in CLAIMS:
        if claim.on_front:
            rows = rows_of(results, claim.result)
            values = numbers(of_run(rows, claim.run), claim.key)
            here = claim.style.format(statistics.median(values)) if values else "not made yet"
            lines.append(f"| {claim.text} | {claim.paper} | {here} | {claim.verdict(rows)} |")
    return "\n".join(lines)


def front_speed_table(results: Path) -> str:
    """A Markdown table of six figures of `make bench`.

    Args:
        results: Folder of the result files.
    """
    found = {row["what"]: row for row in reversed(_bench(results))}
    lines = ["| what | |", "|---|---|"]
    for what in _ON_FRONT:
        if row := found.get(what):
            lines.append(f"| {what} | {row['value']:,g} {row['unit']} |")
    return "\n".join(lines)


def claims_table(results: Path) -> str:
    """A Markdown table of every claim: the paper's figure, ours with its range, the verdict.

    Args:
        results: Folder of the result files.
    """
    lines = ["| claim | paper | here | aim | verdict |", "|---|---|---|---|---|"]
    for claim in CLAIMS:
        rows = rows_of(results, claim.result)
        cells = (claim.text, claim.paper, claim.ours(rows), claim.aim_text(rows))
        linked = f"[{cells[0]}](#{claim.result})"
        lines.append(f"| {' | '.join((linked, *cells[1:], claim.verdict(rows)))} |")
    return "\n".join(lines)


def results_table(results: Path) -> str:
    """A Markdown table of every result, one row a preset, all runs counted.

    Args:
        results: Folder of the result files.

    Returns:
        The table.
    """
    lines = [
        "| run | seeds | counts, median (worst) | ELBO | log p(x) | AP at IoU 0.5 | 98% after | "
        "training | made by |",
        "|---|---|---|---|---|---|---|---|---|",
    ]
    for path in sorted(results.glob("*.json"), key=lambda path: path.stem):
        file = json.loads(path.read_text())
        groups = file.get("summary", {})
        # What is more than trainings of AIR has a line in REPRODUCTION.md only.
        if any(group["finished"] and "log_px" not in group for group in groups.values()):
            continue
        for name, group in groups.items():
            lines.append(_row(name, group, file["command"]))
    return "\n".join(lines)


def speed_table(results: Path) -> str:
    """A Markdown table of the figures of `make bench`.

    Args:
        results: Folder of the result files.

    Returns:
        The table; nothing if there is no `bench.json`.
    """
    lines = ["| what | | floor | ratio |", "|---|---|---|---|"]
    for row in _bench(results):
        floor = f"{row['floor']}: {row['floor_value']:g}" if "floor" in row else ""
        ratio = row.get("ratio", "")
        lines.append(f"| {row['what']} | {row['value']:,g} {row['unit']} | {floor} | {ratio} |")
    return "\n".join(lines)


def _bench(results: Path) -> list[dict[str, Any]]:
    path = results / "bench.json"
    return json.loads(path.read_text())["rows"] if path.exists() else []


def reproduction_page(results: Path, figures: Path) -> str:
    """REPRODUCTION.md: the paper's results beside these, every run counted.

    Args:
        results: Folder of the result files.
        figures: Folder of the figures, as a path from the page.

    Returns:
        The page, in Markdown.
    """
    sections = []
    every = [p for kind in ("png", "gif") for p in sorted(figures.glob(f"*.{kind}"))]
    owners = {p: figure_owner(p.stem) for p in every}
    for name, protocol in RESULTS.items():
        result, rows = protocol(), rows_of(results, name)
        # The training may have been in another result's duration, or another command's.
        minutes = sum(max(row.get("duration", 0), row.get("seconds", 0)) for row in rows) / 60.0
        made = f"{minutes:,.0f} minutes" if minutes >= 1 else "under a minute"
        if len(rows) < len(result.units):
            made += f", {len(rows)} of {len(result.units)} rows made"
        about = [
            f"- The paper: {result.paper}.",
            f"- The aim: {result.targets}.",
            f"- Made by `airscene reproduce {name}` in {made}; the rows: "
            f"[results/{name}.json](results/{name}.json).",
        ]
        said = [f"- {part}" for part in result.ours(rows).split("; ")] if rows else []
        pictures = [f"![{p.stem}]({p})" for p, owner in owners.items() if owner == name]
        parts = [f"## {name}", result.about, "\n".join(about)]
        if said:
            parts += ["What the rows say:", "\n".join(said)]
        sections += [*parts, *pictures]
    return "\n\n".join([_INTRODUCTION, claims_table(results), *sections]) + "\n"


def figure_owner(figure: str) -> str:
    """Return the result that draws a figure.

    Args:
        figure: The figure's name, which begins with that of its result, or with that of the preset
            whose training it shows.

    Returns:
        Name of the result; empty if no result draws it.
    """
    owners = {name: name for name in RESULTS}
    for name, protocol in RESULTS.items():
        result = protocol()
        if result.draw is draw_training:
            owners.update({unit.run: name for unit in result.units})
    names = [n for n in owners if figure == n or figure.startswith(f"{n}-")]
    return owners[max(names, key=len)] if names else ""


def _row(name: str, group: dict[str, Any], command: str) -> str:
    if not group["finished"]:
        return f"| {name} | 0 of {group['runs']} finished | | | | | | | `{command}` |"
    counts, reached = group["count_accuracy"], group["median_seconds_to_98"]
    seeds = f"{group['runs']}"
    if group["finished"] < group["runs"]:
        seeds += f" ({group['runs'] - group['finished']} failed)"
    return (
        f"| {name} | {seeds} | {counts['median']:.2%} ({counts['min']:.2%}) "
        f"| {group['elbo']['median']:.1f} | {group['log_px']['median']:.1f} "
        f"| {group['average_precision']['median']:.3f} "
        f"| {f'{reached:.0f} s' if reached else 'not reached'} "
        f"| {group['seconds']['median']:.0f} s | `{command}` |"
    )


def blocks(results: Path) -> dict[str, dict[str, str]]:
    """Return what stands between `<!-- NAME: make tables -->` and `<!-- end of NAME -->`.

    Args:
        results: Folder of the result files.

    Returns:
        For each document the blocks by their names.
    """
    return {
        "README.md": {"results": front_table(results), "speed": front_speed_table(results)},
        "docs/index.md": {"gallery": gallery(results)},
        "docs/results.md": {"trainings": results_table(results), "bench": speed_table(results)},
    }


def filled(document: str, named: Mapping[str, str]) -> str:
    """Return a document with its blocks written anew.

    Args:
        document: Its text.
        named: Its blocks, by name.

    Raises:
        ValueError: If it has not exactly one place for a block.
    """
    for name, text in named.items():
        start, end = f"<!-- {name}: make tables -->", f"<!-- end of {name} -->"
        pattern = f"{re.escape(start)}.*?{re.escape(end)}"
        new = f"{start}\n\n{text}\n\n{end}"
        document, n = re.subn(pattern, lambda _, new=new: new, document, flags=re.DOTALL)
        if n != 1:
            raise ValueError(f"{n} places for the block {name}")
    return document


def main() -> None:
    """Write the tables of the documents anew, and REPRODUCTION.md."""
    results = Path("results")
    page = reproduction_page(results, Path("docs/figures"))
    write_atomic("REPRODUCTION.md", page.encode())
    for name, named in blocks(results).items():
        write_atomic(name, filled(Path(name).read_text(), named).encode())


if __name__ == "__main__":
    main()
