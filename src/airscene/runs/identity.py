"""What a run is: its recipe, its seed, its images, and what its configuration changes.

Two runs are the same if their identities are equal, even where one configuration has more fields.
So a new field with a default does not change old runs and rows; see `airscene.schema`.
"""

from collections.abc import Mapping
from typing import Any

from airscene.schema import SCHEMA, changes, reduced

Identity = dict[str, Any]


def identity(
    recipe: str, seed: int, config: Any, *, number: int = 1, images_sha256: str | None = None
) -> Identity:
    """Return the identity of a run, or of a row of a result.

    Args:
        recipe: Name of the preset, or of what the row measures.
        seed: The seed.
        config: Everything that decides the result, as `airscene.schema` takes it.
        number: The recipe's number: raised when the recipe's behaviour changes.
        images_sha256: SHA-256 of the training images, where they are the user's to change.
    """
    return _identity(recipe, seed, number, changes(config), images_sha256)


def identity_in(
    said: Mapping[str, Any], config: Any, *, recipe: str, seed: int, whole: Mapping[str, Any]
) -> Identity:
    """Return the identity of a run that a file describes, by the present names.

    Args:
        said: The file's JSON: a `config.json`, or a row. It holds an `identity`, unless it is of
            before there were any.
        config: A configuration of the same form as the run's, for the defaults.
        recipe: The recipe's name, if the file has no identity.
        seed: The seed, likewise.
        whole: The whole configuration that the file holds, likewise.
    """
    stored = said.get("identity")
    if stored is None:
        kept = {name: value for name, value in whole.items() if name != "images_sha256"}
        found = reduced(config, kept, 1)
        return _identity(recipe, seed, 1, found, said.get("images_sha256"))
    found = reduced(config, stored["changes"], stored["schema"])
    images = stored.get("images_sha256")
    return _identity(stored["recipe"], stored["seed"], stored["number"], found, images)


def _identity(
    recipe: str, seed: int, number: int, changed: Any, images_sha256: str | None
) -> Identity:
    said = {"schema": SCHEMA, "recipe": recipe, "number": number, "seed": seed, "changes": changed}
    return said if images_sha256 is None else {**said, "images_sha256": images_sha256}


def difference(now: Identity, before: Identity) -> tuple[str, Any, Any] | None:
    """Return the first difference of two identities: its name, then the values now and before.

    A value that only one of them states is "the default" in the other.
    """
    flat_now, flat_before = _flat(now), _flat(before)
    # Images last: the option that changed them explains more.
    for name in sorted(flat_now | flat_before, key=lambda n: (n == "images_sha256", n)):
        pair = (flat_now.get(name, "the default"), flat_before.get(name, "the default"))
        if pair[0] != pair[1]:
            return name.removeprefix("changes."), *pair
    return None


def _flat(values: Mapping[str, Any], above: str = "") -> dict[str, Any]:
    flat = {}
    for name, value in values.items():
        inner = isinstance(value, dict)
        flat.update(_flat(value, f"{above}{name}.") if inner else {above + name: value})
    return flat
