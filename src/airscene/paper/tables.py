"""The tables of results in documents and REPRODUCTION.md, written from the files in `results/`."""

import json
import re
from pathlib import Path
from typing import Any

from airscene.files import write_atomic
from airscene.paper.results import RESULTS
from airscene.paper.trained import draw_training

_INTRODUCTION = """# Reproduction

The results of Attend, Infer, Repeat (Eslami et al., NIPS 2016), in 2-D and in 3-D: what the paper
says, what this implementation reaches, and the command that makes it. This page is written by
`make tables` from the files in [`results/`](results), which hold every run, failed ones among them.
Where several runs stand behind a number, it is their median, with the least and the largest.

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

_MARK = "<!-- results: make tables -->"
_END = "<!-- end of results -->"


def results_table(results: Path) -> str:
    """A Markdown table of every result, one row a preset, all runs counted.

    Args:
        results: Folder of the result files.

    Returns:
        The table, and which file each row comes from.
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
            lines.append(_row(f"[{name}](results/{path.name})", group, file["command"]))
    return "\n".join(lines)


def speed_table(results: Path) -> str:
    """A Markdown table of the figures of `make bench`.

    Args:
        results: Folder of the result files.

    Returns:
        The table; nothing if there is no `bench.json`.
    """
    path = results / "bench.json"
    if not path.exists():
        return ""
    lines = ["| [speed](results/bench.json) | | floor | ratio |", "|---|---|---|---|"]
    for row in json.loads(path.read_text())["rows"]:
        floor = f"{row['floor']}: {row['floor_value']:g}" if "floor" in row else ""
        ratio = row.get("ratio", "")
        lines.append(f"| {row['what']} | {row['value']:,g} {row['unit']} | {floor} | {ratio} |")
    return "\n".join(lines)


def reproduction_page(results: Path, figures: Path) -> str:
    """REPRODUCTION.md: the paper's results beside these, every run counted.

    Args:
        results: Folder of the result files.
        figures: Folder of the figures, as a path from the page.

    Returns:
        The page, in Markdown.
    """
    table = ["| result | the paper | here | command | duration |", "|---|---|---|---|---|"]
    sections = []
    every = [p for kind in ("png", "gif") for p in sorted(figures.glob(f"*.{kind}"))]
    for name, protocol in RESULTS.items():
        path, result = results / f"{name}.json", protocol()
        command = f"`airscene reproduce {name}`"
        if not path.exists():
            table.append(f"| {name} | {result.paper} | not made yet | {command} | |")
            continue
        rows = json.loads(path.read_text())["runs"]
        # The training may have been in another result's duration, or another command's.
        minutes = sum(max(row.get("duration", 0), row.get("seconds", 0)) for row in rows) / 60.0
        made = f"{minutes:,.0f} min" if minutes >= 1 else "under a minute"
        if len(rows) < len(result.units):
            made += f" ({len(rows)} of {len(result.units)} rows made)"
        ours = result.ours(rows)
        table.append(
            f"| [{name}](results/{path.name}) | {result.paper} | {ours} | {command} | {made} |"
        )
        pictures = [p for p in every if figure_owner(p.stem) == name]
        shown = "\n\n".join(f"![{p.stem}]({p})" for p in pictures)
        sections.append(f"## {name}\n\n{result.about} To reach: {result.targets}.\n\n{shown}")
    return "\n\n".join([_INTRODUCTION, "\n".join(table), *sections]) + "\n"


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


def main() -> None:
    """Write the tables anew in the README, and REPRODUCTION.md."""
    page = reproduction_page(Path("results"), Path("docs/figures"))
    write_atomic("REPRODUCTION.md", page.encode())
    path, results = Path("README.md"), Path("results")
    table = f"{_MARK}\n\n{results_table(results)}\n\n{speed_table(results)}\n\n{_END}"
    pattern = f"{re.escape(_MARK)}.*?{re.escape(_END)}"
    new = re.sub(pattern, lambda _: table, path.read_text(), flags=re.DOTALL)
    write_atomic(path, new.encode())


if __name__ == "__main__":
    main()
