"""What scenes of one image and of several have in common, in 2-D and in 3-D, and their files."""

import json
from collections.abc import Callable, Sequence
from dataclasses import replace
from pathlib import Path
from typing import Any, ClassVar, Generic, TypeVar, overload

import numpy as np
from jaxtyping import Int

from airscene.errors import InputError
from airscene.files import write_atomic
from airscene.scene.damaged import Damaged, is_damaged
from airscene.scene.json_fields import Kept, field, parse
from airscene.scene.unlike import Unlike


class OneScene(Kept):
    """What was found in one image."""

    source: str
    objects: tuple[Any, ...]
    sample: int | None
    unlike: Unlike | None

    @property
    def count(self) -> int:
        """The number of objects."""
        return len(self.objects)

    def __repr__(self) -> str:
        """One line: the source, and what was found."""
        draw = "" if self.sample is None else f", sample {self.sample}"
        return f"{type(self).__name__}({self.source!r}{draw}, {self._found()})"

    def _found(self) -> str:
        raise NotImplementedError


AnyScene = TypeVar("AnyScene", bound=OneScene)
AnyScenes = TypeVar("AnyScenes", bound="SceneSequence")
Read = TypeVar("Read")


class SceneSequence(Kept, Sequence[AnyScene], Generic[AnyScene]):
    """What a model found in several images; a sequence of scenes.

    A frozen dataclass made of it has the fields named here, and says what its scenes are.
    """

    scene: ClassVar[type[OneScene]]
    model: str
    image_size: tuple[int, int]
    images: tuple[AnyScene, ...]
    damaged: tuple[Damaged, ...]

    @property
    def counts(self) -> Int[np.ndarray, "images"]:
        """The number of objects in each image."""
        return np.array([scene.count for scene in self.images], dtype=int)

    def __len__(self) -> int:
        """The number of scenes."""
        return len(self.images)

    @overload
    def __getitem__(self, index: int) -> AnyScene: ...
    @overload
    def __getitem__(self: AnyScenes, index: slice) -> AnyScenes: ...
    def __getitem__(self, index: int | slice) -> Any:
        """A scene or, for a slice, scenes: without the damaged images, which have none."""
        if isinstance(index, slice):
            return replace(self, images=self.images[index], damaged=())
        return self.images[index]

    def __repr__(self) -> str:
        """One line: how many images, of what size, with what counts, and how many damaged."""
        height, width = self.image_size
        shown = " ".join(str(count) for count in self.counts[:10])
        more = " ..." if len(self) > 10 else ""
        images = f"{len(self)} image{'' if len(self) == 1 else 's'} of {width}x{height}"
        damaged = f"; {len(self.damaged)} damaged" if self.damaged else ""
        return f"{type(self).__name__}({images}, counts {shown}{more}{damaged})"

    def to_json(self) -> str:
        """The scenes as JSON, one image a line; damaged images come last.

        Raises:
            ValueError: if a number is NaN or infinite, which JSON cannot say.
        """
        head = json.dumps(self.to_dict())
        images = (*self.images, *self.damaged)
        lines = [json.dumps(image.to_dict(), allow_nan=False) for image in images]
        return f'{head[:-1]}, "images": [\n' + ",\n".join(lines) + "\n]}\n"

    @classmethod
    def from_json(cls: type[AnyScenes], text: str) -> AnyScenes:
        """Reads what `to_json` wrote.

        Raises:
            InputError: if the text is not JSON, a field is missing or of the wrong type, or the
                scenes are of the other kind, in 3-D or in 2-D.
        """
        top = parse(text)
        images = field(top, "images", "scenes", list)
        if "world" in top and "world" not in cls.forms:
            raise InputError("scenes in 3-D, as they have a 'world'; PosedScenes reads them")
        if "world" in cls.forms and "world" not in top:
            raise InputError("scenes without a 'world', so in 2-D; Scenes reads them")
        scenes, damaged = [], []
        for i, data in enumerate(images):
            found, kind = (damaged, Damaged) if is_damaged(data) else (scenes, cls.scene)
            found.append(kind.from_dict(data, f"images[{i}]"))
        return cls.from_dict(top, "scenes", images=tuple(scenes), damaged=tuple(damaged))

    def save(self, path: str | Path) -> None:
        """Writes the JSON to a file, whole or not at all.

        Raises:
            InputError: if the file cannot be written.
        """
        write_atomic(path, self.to_json().encode())

    @classmethod
    def load(cls: type[AnyScenes], path: str | Path) -> AnyScenes:
        """Reads a file that `save` or `airscene infer` wrote.

        Raises:
            InputError: if the file cannot be read or does not hold scenes of this kind.
        """
        return read_file(path, cls.from_json)


def read_file(path: str | Path, read: Callable[[str], Read]) -> Read:
    """What a function makes of the text of a file.

    Raises:
        InputError: if the file cannot be read, or the function refuses it; it names the file.
    """
    try:
        return read(Path(path).read_text(encoding="utf-8"))
    except OSError as error:
        raise InputError(f"cannot read {path}: {error.strerror or error}") from error
    except ValueError as error:  # InputError, and bytes that are not UTF-8
        raise InputError(f"{path}: {error}") from error
