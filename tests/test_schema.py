"""Old files stay valid: fields are added and renamed, recipes raised, and nothing else is lost."""

import dataclasses
import json
from dataclasses import dataclass, field, fields
from pathlib import Path

import pytest

from airscene import schema
from airscene.baselines.cae import CAEConfig
from airscene.baselines.draw_config import DRAWConfig
from airscene.graphics.world import World
from airscene.images.config import DataConfig
from airscene.inverse.config import InverseConfig, InverseTrainConfig, OptimiseConfig
from airscene.model.bundled import bundled_models
from airscene.model.config import AIRConfig
from airscene.paper.results import RESULTS
from airscene.runs.preset import Preset, ScenePreset
from airscene.runs.presets import images
from airscene.runs.presets.baselines import CAEPreset, Choice, DRAWPreset
from airscene.training.config import LoopConfig, TrainConfig

ROOT = Path(__file__).parents[1]
DEFAULTS = Path(__file__).with_name("defaults.json")
CLASSES = (
    AIRConfig,
    DataConfig,
    LoopConfig,
    TrainConfig,
    InverseConfig,
    InverseTrainConfig,
    OptimiseConfig,
    DRAWConfig,
    CAEConfig,
    World,
    Preset,
    ScenePreset,
    DRAWPreset,
    CAEPreset,
    Choice,
)


@dataclass(frozen=True)
class Small:
    a: int = 1
    b: tuple[float, ...] = (0.5,)


@dataclass(frozen=True)
class Large:
    name: str
    about: str = field(default="", metadata=schema.FOR_READERS)
    small: Small = field(default_factory=Small)
    other: Small | None = None


def test_what_a_configuration_says():
    large = Large("x", "told", Small(b=(1.0,)))
    assert schema.whole(large) == {"name": "x", "small": {"a": 1, "b": [1.0]}, "other": None}
    assert schema.changes(large) == {"name": "x", "small": {"b": [1.0]}}
    assert schema.changes(Large("x")) == {"name": "x"}
    both = schema.Together(large, {"n": 3, "many": [Small(), Small(a=2)]})
    assert schema.whole(both)["n"] == 3 and schema.whole(both)["name"] == "x"
    assert schema.changes(both) == {
        "name": "x", "small": {"b": [1.0]}, "n": 3, "many": [{}, {"a": 2}]
    }  # fmt: skip


@pytest.mark.parametrize("large", [Large("x"), Large("y", "", Small(2, (1.0, 3.0)), Small(a=5))])
def test_what_is_written_is_read_back(large):
    said = json.loads(json.dumps(schema.whole(large)))
    assert schema.read(Large, said) == large
    assert schema.reduced(large, said) == schema.changes(large)


def test_a_file_may_lack_what_has_a_default_and_have_nothing_unknown():
    assert schema.read(Large, {"name": "x"}) == Large("x")
    with pytest.raises(TypeError, match="unknown"):
        schema.read(Large, {"name": "x", "unknown": 1})
    with pytest.raises(TypeError, match="name"):
        schema.read(Large, {})
    # As a difference, what is unknown shows.
    assert schema.reduced(Large("x"), {"name": "x", "old": 1}) == {"name": "x", "old": 1}


def test_lists_are_configurations_by_position():
    """As schema 1 held looks and hyper-parameters."""
    assert schema.read(Small, [3, [2.0]]) == Small(3, (2.0,))
    assert schema.reduced(Small(), [1, [2.0]], 1) == {"b": [2.0]}


def test_renames(monkeypatch):
    monkeypatch.setitem(schema.RENAMES, 2, {"old": "a"})
    monkeypatch.setitem(schema.RENAMES, 3, {"small_one": "small"})
    said = {"name": "x", "small_one": {"old": 4}}
    assert schema.read(Large, said, 1) == Large("x", small=Small(4))
    assert schema.reduced(Large("x"), said, 1) == {"name": "x", "small": {"a": 4}}
    # What schema 2 called so is another thing.
    with pytest.raises(TypeError, match="old"):
        schema.read(Large, said, 2)


def test_no_name_is_used_again():
    old = {name for table in schema.RENAMES.values() for name in table}
    assert schema.SCHEMA == max(schema.RENAMES)
    for kind in CLASSES:
        # "experiment" was the preset's name in files, and no field of a class.
        assert not old & {f.name for f in fields(kind)}, kind


def defaults() -> dict[str, dict]:
    """The defaults of every configuration class, by the names of its fields."""
    found = {}
    for kind in CLASSES:
        of_kind = found[kind.__name__] = {}
        for f in fields(kind):
            default = f.default_factory() if callable(f.default_factory) else f.default
            if default is not dataclasses.MISSING and f.metadata.get("in_files", True):
                of_kind[f.name] = schema.whole(default)
    return found


def test_defaults_do_not_change():
    """A file that lacks a field means its default: another default would make it another run.

    A new field is added to the file by `python tests/test_schema.py`.
    """
    kept, now = json.loads(DEFAULTS.read_text()), defaults()
    for kind, values in kept.items():
        for name, value in values.items():
            assert now[kind][schema.present_name(name, schema.SCHEMA)] == value, (kind, name)
    assert kept == now


def add_a_field(patch: pytest.MonkeyPatch, kind: type) -> None:
    """Give a configuration class one more field with a default, as if it had been written so."""
    new = field(default=7.5, init=False)
    new.name, new.type, new._field_type = "brand_new", float, dataclasses._FIELD
    patch.setattr(kind, "brand_new", 7.5, raising=False)
    patch.setattr(kind, "__dataclass_fields__", {**kind.__dataclass_fields__, "brand_new": new})


def rows() -> list[tuple[str, dict]]:
    files = {name: ROOT / "results" / f"{name}.json" for name in RESULTS}
    return [
        (name, row)
        for name, file in files.items()
        if file.is_file()
        for row in json.loads(file.read_text())["runs"]
    ]


def unmatched(found: list[tuple[str, dict]]) -> list[tuple[str, str, int]]:
    """The rows that belong to no unit of their result."""
    units = {name: make().units for name, make in RESULTS.items()}
    return [
        (name, row["run"], row["seed"])
        for name, row in found
        if not any(unit.is_of(row) for unit in units[name])
    ]


def test_every_committed_row_is_valid():
    assert len(rows()) == 395
    assert unmatched(rows()) == []


# Results of which there were no rows before there were identities.
LATER = {
    "ablations",
    "downstream",
    "stress",
    "own-images",
    "known-masks",
    "scan-cost",
    "own-ablations",
    "exact-counts",
    "occam",
    "exchangeable",
}


def test_rows_of_before_there_were_identities_are_valid():
    """They held the whole configuration, by the names of the time."""
    names = {new: old for old, new in schema.RENAMES[2].items() if old != "experiment"}

    def back(said):
        if isinstance(said, dict):
            return {names.get(k, k): back(v) for k, v in said.items() if k != "number"}
        return [back(x) for x in said] if isinstance(said, list) else said

    old = []
    for name, row in rows():
        said = row.get("identity", {})
        numbers = said.get("number", 1), said.get("changes", {}).get("number", 1)
        if name in LATER or max(numbers) > 1:
            # These came after, and hold fields of names that others had before.
            continue
        row = {**row, "configuration": back(row["configuration"])}
        if "data" in row["configuration"] and "growth" not in row["configuration"]:
            row["configuration"]["experiment"] = row["configuration"].pop("name")
        old.append((name, {k: v for k, v in row.items() if k != "identity"}))
    assert unmatched(old) == []


def test_a_new_field_voids_nothing(monkeypatch):
    for kind in CLASSES:
        add_a_field(monkeypatch, kind)
    assert schema.whole(AIRConfig())["brand_new"] == 7.5
    assert unmatched(rows()) == []


def test_a_new_field_leaves_bundled_weights_valid(monkeypatch):
    from airscene.inference import load

    for kind in (AIRConfig, InverseConfig, World):
        add_a_field(monkeypatch, kind)
    for name in bundled_models():
        assert load(name).air.config.brand_new == 7.5


def test_a_recipe_that_is_raised_voids_its_rows_and_no_others(monkeypatch):
    raised = dataclasses.replace(images.FAST, number=images.FAST.number + 1)
    monkeypatch.setattr("airscene.paper.counting.multi_mnist.FAST", raised)
    lost = unmatched(rows())
    assert {(name, run) for name, run, _ in lost} == {("multi-mnist", "multi-mnist-fast")}
    assert len(lost) == 20


if __name__ == "__main__":
    DEFAULTS.write_text(json.dumps(defaults(), indent=1) + "\n")
