"""Scenes: what a model found in images, in pixels of the images given, and its JSON.

Pixel coordinates: x to the right, y down, pixel k covers [k, k + 1).
"""

import json
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any, overload

import numpy as np
from jaxtyping import Float, Int

from airscene.errors import InputError
from airscene.files import write_atomic

Box = tuple[float, float, float, float]

_PIXEL_DECIMALS, _DECIMALS = 2, 4


@dataclass(frozen=True, eq=False, repr=False)
class SceneObject:
    """One object of a scene.

    Args:
        presence: posterior probability in [0, 1] that this object is there.
        window: the attention window (x0, y0, x1, y1), in pixels.
        box: the tight box (x0, y0, x1, y1) of what the object draws, in pixels.
        what: the appearance code z_what.
    """

    presence: float
    window: Box
    box: Box
    what: Float[np.ndarray, "what"]

    def __repr__(self) -> str:
        """One line, rounded, with the length of `what` in place of its values."""
        window, box = (tuple(round(v, 1) for v in b) for b in (self.window, self.box))
        return (
            f"SceneObject(presence {self.presence:.3f}, window {window}, box {box}, "
            f"what[{len(self.what)}])"
        )


@dataclass(frozen=True, eq=False, repr=False)
class Scene:
    """What was found in one image.

    Args:
        source: where the image came from, for instance `x.npz[3]`.
        count_probs: the posterior q(n|x) for n = 0..N.
        objects: the objects found, in the order of inference.
        sample: which draw from the posterior this is; None for the posterior means.
        image_size: (height, width) of the image given, in pixels, where it was resized to the
            model's size; None where it is that of `Scenes`.
    """

    source: str
    count_probs: Float[np.ndarray, "counts"]
    objects: tuple[SceneObject, ...]
    sample: int | None = None
    image_size: tuple[int, int] | None = None

    @property
    def count(self) -> int:
        """The number of objects."""
        return len(self.objects)

    def __repr__(self) -> str:
        """One line: the source, the count and its probabilities."""
        draw = "" if self.sample is None else f", sample {self.sample}"
        probs = " ".join(f"{p:.3f}" for p in self.count_probs)
        return f"Scene({self.source!r}{draw}, count {self.count}, count_probs {probs})"


@dataclass(frozen=True, eq=False, repr=False)
class Scenes(Sequence[Scene]):
    """What a model found in several images; a sequence of `Scene`.

    Args:
        model: the name of the model.
        image_size: (height, width) of the images that the model takes, in pixels.
        images: one scene for each image (for each draw, where several were asked for).
    """

    model: str
    image_size: tuple[int, int]
    images: tuple[Scene, ...]

    @property
    def counts(self) -> Int[np.ndarray, "images"]:
        """The number of objects in each image."""
        return np.array([scene.count for scene in self.images], dtype=int)

    def __len__(self) -> int:
        """The number of scenes."""
        return len(self.images)

    @overload
    def __getitem__(self, index: int) -> Scene: ...
    @overload
    def __getitem__(self, index: slice) -> "Scenes": ...
    def __getitem__(self, index: int | slice) -> "Scene | Scenes":
        """A scene or, for a slice, `Scenes`."""
        if isinstance(index, slice):
            return type(self)(self.model, self.image_size, self.images[index])
        return self.images[index]

    def __repr__(self) -> str:
        """One line: how many images, of what size, with what counts."""
        height, width = self.image_size
        shown = " ".join(str(count) for count in self.counts[:10])
        more = " ..." if len(self) > 10 else ""
        plural = "" if len(self) == 1 else "s"
        return f"Scenes({len(self)} image{plural} of {width}x{height}, counts {shown}{more})"

    def to_json(self) -> str:
        """The scenes as JSON, one image a line.

        Pixels are rounded to 2 decimals, probabilities and `what` to 4.

        Raises:
            ValueError: if a number is NaN or infinite, which JSON cannot say.
        """
        head = json.dumps({"model": self.model, "image_size": list(self.image_size)})
        lines = [json.dumps(_scene_to_dict(scene), allow_nan=False) for scene in self.images]
        return f'{head[:-1]}, "images": [\n' + ",\n".join(lines) + "\n]}\n"

    @classmethod
    def from_json(cls, text: str) -> "Scenes":
        """Reads what `to_json` wrote.

        Raises:
            InputError: if the text is not JSON, or a field is missing or of the wrong type.
        """
        try:
            top = json.loads(text)
        except (ValueError, RecursionError) as error:
            raise InputError(f"scenes: not JSON ({error}); airscene infer writes it") from error
        images = _field(top, "images", "scenes", list)
        return cls(
            model=_field(top, "model", "scenes", str),
            image_size=_image_size(top, "scenes"),
            images=tuple(_scene_from_dict(d, f"images[{i}]") for i, d in enumerate(images)),
        )

    def save(self, path: str | Path) -> None:
        """Writes the JSON to a file, whole or not at all.

        Raises:
            InputError: if the file cannot be written.
        """
        write_atomic(path, self.to_json().encode())

    @classmethod
    def load(cls, path: str | Path) -> "Scenes":
        """Reads a file that `save` or `airscene infer` wrote.

        Raises:
            InputError: if the file cannot be read or does not hold scenes.
        """
        try:
            return cls.from_json(Path(path).read_text(encoding="utf-8"))
        except OSError as error:
            raise InputError(f"cannot read {path}: {error.strerror or error}") from error
        except ValueError as error:  # InputError, and bytes that are not UTF-8
            raise InputError(f"{path}: {error}") from error


def _rounded(values: Sequence[float] | np.ndarray, decimals: int) -> list[float]:
    # Adding 0.0 turns -0.0 into 0.0.
    return [round(float(value), decimals) + 0.0 for value in values]


def _scene_to_dict(scene: Scene) -> dict[str, Any]:
    optional = {"sample": scene.sample, "image_size": scene.image_size}
    return {
        "source": scene.source,
        **{name: value for name, value in optional.items() if value is not None},
        "count": scene.count,
        "count_probs": _rounded(scene.count_probs, _DECIMALS),
        "objects": [
            {
                "presence": _rounded([o.presence], _DECIMALS)[0],
                "window": _rounded(o.window, _PIXEL_DECIMALS),
                "box": _rounded(o.box, _PIXEL_DECIMALS),
                "what": _rounded(o.what, _DECIMALS),
            }
            for o in scene.objects
        ],
    }


def _image_size(data: Any, where: str) -> tuple[int, int]:
    sides = _field(data, "image_size", where, list)
    if len(sides) != 2 or any(type(side) is not int or side < 1 for side in sides):
        raise InputError(f"{where}.image_size should be two whole numbers, [height, width]")
    height, width = sides
    return height, width


def _scene_from_dict(data: Any, where: str) -> Scene:
    dicts = _field(data, "objects", where, list)
    objects = tuple(_object_from_dict(d, f"{where}.objects[{i}]") for i, d in enumerate(dicts))
    count = _field(data, "count", where, int)
    if count != len(objects):
        raise InputError(f"{where}.count is {count}, but it has {len(objects)} object(s)")
    return Scene(
        source=_field(data, "source", where, str),
        count_probs=np.array(_numbers(data, "count_probs", where), dtype=float),
        objects=objects,
        sample=_field(data, "sample", where, int) if "sample" in data else None,
        image_size=_image_size(data, where) if "image_size" in data else None,
    )


def _object_from_dict(data: Any, where: str) -> SceneObject:
    return SceneObject(
        presence=_number(_field(data, "presence", where), f"{where}.presence"),
        window=_box(data, "window", where),
        box=_box(data, "box", where),
        what=np.array(_numbers(data, "what", where), dtype=float),
    )


_KIND_NAMES = {str: "text", int: "a whole number", list: "a list"}


def _field(data: Any, name: str, where: str, kind: type | None = None) -> Any:
    if not isinstance(data, dict) or name not in data:
        raise InputError(f"{where} should be an object with the field '{name}'")
    # The exact type, as JSON's true and false would pass for ints.
    if kind is not None and type(data[name]) is not kind:
        raise InputError(f"{where}.{name} should be {_KIND_NAMES[kind]}")
    return data[name]


def _number(value: Any, where: str) -> float:
    # The bound keeps out NaN, Infinity and whole numbers too large for a float.
    if type(value) not in (int, float) or not abs(value) < 1e300:
        raise InputError(f"{where} should be a finite number")
    return float(value)


def _numbers(data: Any, name: str, where: str) -> list[float]:
    values = _field(data, name, where, list)
    return [_number(value, f"{where}.{name}[{i}]") for i, value in enumerate(values)]


def _box(data: Any, name: str, where: str) -> Box:
    values = _numbers(data, name, where)
    if len(values) != 4:
        raise InputError(f"{where}.{name} should be four numbers, [x0, y0, x1, y1]")
    x0, y0, x1, y1 = values
    return x0, y0, x1, y1
