"""The `config.json` of a run folder: whether the run in it is the one that is meant."""

import json
from pathlib import Path
from typing import Any

from airscene.errors import InputError


class InTheWay(InputError):
    """A folder that a run cannot use or go on in: nothing was trained, so no run has failed."""


def check_config(folder: Path, config: dict[str, Any]) -> None:
    """Refuse to go on with a run of another configuration.

    Args:
        folder: The run's folder; without a `config.json` there is nothing to refuse.
        config: All that decides the run's result, as JSON holds it.

    Raises:
        InTheWay: If the run in the folder is of another configuration, or does not say of which.
    """
    file = folder / "config.json"
    if not file.is_file():
        return
    try:
        before = _flat(json.loads(file.read_text()))
    except (ValueError, AttributeError) as error:
        raise InTheWay(
            f"{file} is not JSON ({error}); move the run away, or give another --out"
        ) from error
    now = _flat(config)
    # The images last: an option that chose others is the better answer.
    for name in sorted(now.keys() | before.keys(), key=lambda n: (n == "images_sha256", n)):
        if now.get(name) != before.get(name):
            raise InTheWay(
                f"the run in {folder} is of another configuration, as it has {name} "
                f"{before.get(name)}, not {now.get(name)}: give the options that it was started "
                "with or another --out, or move it away"
            )


def _flat(values: dict[str, Any], above: str = "") -> dict[str, Any]:
    flat = {}
    for name, value in values.items():
        inner = (
            _flat(value, f"{above}{name}.") if isinstance(value, dict) else {above + name: value}
        )
        flat.update(inner)
    return flat
