"""A run folder before its run: whether it may be used, and by its `config.json` for what."""

import json
from pathlib import Path
from typing import Any

from airscene.errors import InputError
from airscene.files import check_writable, is_temporary, write_atomic
from airscene.runs.identity import Identity, difference, identity_in
from airscene.schema import SCHEMA, whole


class InTheWay(InputError):
    """A folder that a run cannot use or go on in: nothing was trained, so no run has failed."""


def check_folder(folder: Path, resume: bool) -> None:
    """Refuse a folder that a run must not or cannot use, before any work is done.

    Args:
        folder: The run's folder.
        resume: Whether a run in it is to go on.

    Raises:
        InputError: If there is nothing to go on with, or nothing can be written.
        InTheWay: If there is something already.
    """
    check_writable(folder)
    if resume and not (folder / "config.json").is_file():
        raise InputError(f"there is no run in {folder} to resume; leave out --resume to start one")
    if not resume and folder.exists() and (not folder.is_dir() or _is_used(folder)):
        raise InTheWay(
            f"{folder} exists already: give another --out, or --resume to go on with the run in it"
        )


def _is_used(folder: Path) -> bool:
    """Whether something is there, beside what an end in the midst of writing a file leaves."""
    return any(not is_temporary(path) for path in folder.iterdir())


def write_json(path: Path, values: dict[str, Any]) -> None:
    """Write one of the JSON files of a run."""
    write_atomic(path, (json.dumps(values, indent=1) + "\n").encode())


def write_config(folder: Path, config: Any, identity: Identity) -> None:
    """Write `config.json`: the whole configuration for people, the identity for the program."""
    write_json(folder / "config.json", {**whole(config), "schema": SCHEMA, "identity": identity})


def check_config(folder: Path, config: Any, now: Identity) -> None:
    """Refuse to go on with a run of another configuration.

    Args:
        folder: The run's folder; without a `config.json` there is nothing to refuse.
        config: The configuration of the run that is to go on.
        now: Its identity.

    Raises:
        InTheWay: If the run in the folder is of another configuration, or does not say of which.
    """
    file = folder / "config.json"
    if not file.is_file():
        return
    try:
        said = json.loads(file.read_text())
        # Before there were identities, the images' digest stood beside the configuration.
        recipe, seed = now["recipe"], said.get("training", {}).get("seed", now["seed"])
        before = identity_in(said, config, recipe=recipe, seed=seed, whole=said)
        changed = difference(now, before)
    except (ValueError, AttributeError, KeyError, TypeError) as error:
        raise InTheWay(
            f"{file} does not say what run it is of ({type(error).__name__}: {error}); move the "
            "run away, or give another --out"
        ) from error
    if changed:
        name, value, other = changed
        raise InTheWay(
            f"the run in {folder} is of another configuration, as it has {name} {other}, not "
            f"{value}: give the options that it was started with or another --out, or move it away"
        )
