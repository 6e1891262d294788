"""Omniglot: handwritten characters and the pen strokes that drew them (Lake et al. 2015)."""

import io
import re
import zipfile
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Literal

import numpy as np
from jaxtyping import Float, Int, Shaped, UInt8
from PIL import Image

from airscene.errors import InputError
from airscene.images.resample import resample
from airscene.images.sets.data_set import Split
from airscene.images.sets.downloads import Found, PublishedFiles, read_sums
from airscene.images.truth import LabelledScenes, uncounted

OMNIGLOT = PublishedFiles(
    name="Omniglot",
    folder="omniglot",
    # Of the archives' own bytes: they have one publisher, whose repository has not changed them
    # since 2019. So what is in them needs no check of its own. The large ones are known by the
    # names that git gives them there.
    sha256=read_sums(
        """
    f38eb80f801274ac2b4dff5b24289016bfaba4a7d5bb50deebf27104ad6cb8a4 images_background_small1.zip
    3ccaa407515a8778e5d0861875af38b17e418f301ad5bb3b5a6b65d901a41c7f images_background_small2.zip
    8cb3960fb6cf4ccf5f064ad83169f828c36c36782a0f6e7faacb7ecfae4468a2 strokes_background_small1.zip
    345bf2141efbea062833dbb2828abbc23d9e07825e46f2afdd4daecddfed6e78 strokes_background_small2.zip
71fd167eb6fdd312049395fbd247147a4b234231 images_background.zip
8ccde0ed1565641f1fa8c57cdc6ff634e15fc5c1 images_evaluation.zip
05dbf52784622173102d94b02c1867bd989bf31d strokes_background.zip
9f69f6df058d527d585cc343f3a4322efcf4b1cf strokes_evaluation.zip
        """
    ),
    mirrors=("https://raw.githubusercontent.com/brendenlake/omniglot/master/python/",),
)

Part = Literal["small", "whole"]

# The archives of each part: of the small one, the same for both splits.
_SMALL = ("background_small1", "background_small2")
_ARCHIVES: dict[Part, dict[Split, tuple[str, ...]]] = {
    "small": {"train": _SMALL, "test": _SMALL},
    "whole": {"train": ("background",), "test": ("evaluation",)},
}
_CALLED: dict[Part, str] = {"small": "small background sets", "whole": "whole set"}

# Of the small part every fifth character of each alphabet is held out, with all its drawings.
EVERY = 5

# Height and width of the published drawings, in pixels.
_SIDE = 105

# Strokes are about 3 of 105 pixels wide. Resampled to 50 they would be grey; so much brighter, and
# white at most, they are white again.
GAIN = 1.6

_MEMBER = re.compile(r"[^/]+/([^/]+)/character(\d+)/\d+_(\d+)\.(?:png|txt)")

# Alphabet, number of the character, number of the drawer.
_Key = tuple[str, int, int]


@dataclass(frozen=True, eq=False, repr=False)
class Characters:
    """Drawings of characters.

    Args:
        images: white ink on black, 0 to 255.
        strokes: how often the pen was put down to draw it.
        alphabet: name of the alphabet.
        character: number of the character in its alphabet, from 1.
        drawer: number of the person who drew it, from 1 to 20.
        pens: what is published of the pen's way, see `paths`.
        source: where they came from, in plain words.
    """

    images: UInt8[np.ndarray, "n height width"]
    strokes: Int[np.ndarray, "n"]
    alphabet: Shaped[np.ndarray, "n"]
    character: Int[np.ndarray, "n"]
    drawer: Int[np.ndarray, "n"]
    pens: Sequence[bytes]
    source: str

    def __len__(self) -> int:
        """The number of drawings."""
        return len(self.images)

    def __repr__(self) -> str:
        """One line: how many, from where."""
        return f"Characters({len(self)}; {self.source})"

    def paths(self, i: int) -> list[Float[np.ndarray, "_ 2"]]:
        """The way of the pen in each stroke of a drawing: x to the right and y down, in pixels."""
        ways, scale = [], self.images.shape[1] / _SIDE * np.array([1.0, -1.0])
        for stroke in self.pens[i].split(b"BREAK")[:-1]:
            points = [line.split(b",")[:2] for line in stroke.split() if line != b"START"]
            ways.append(np.array(points, float) * scale)
        return ways


def find_omniglot(
    source: str | Path = "auto", part: Part = "small", split: Split = "train"
) -> Found:
    """Finds the archives of images, then those of strokes, where `load_omniglot` does.

    Raises:
        InputError: if there is no Omniglot, or a file of it in a folder or in the cache is damaged.
    """
    names = [
        f"{kind}_{one}.zip" for kind in ("images", "strokes") for one in _ARCHIVES[part][split]
    ]
    found = OMNIGLOT.load(names, source)
    if found.contents is None:
        raise InputError(
            f"{'; '.join(found.passed_over)}: put {', '.join(names)} of "
            "github.com/brendenlake/omniglot, folder python, into a folder and name it, "
            "AIRSCENE_DATA=FOLDER"
        )
    return found


def load_omniglot(
    split: Split, source: str | Path = "auto", *, part: Part = "small", image_size: int = 50
) -> Characters:
    """Loads drawings of Omniglot's characters, each drawn by 20 people.

    The small part is the two small background sets together: 242 characters of 8 alphabets; two
    alphabets are in both and are taken once. The split is by whole characters: every fifth of each
    alphabet is held out, so that those tested were never seen, by whomever drawn.

    The whole set is split as it is published, by alphabets: "background" to train on, with 964
    characters of 30 alphabets, and "evaluation", 659 characters of 20 others, held out.

    Args:
        split: "train" (of the small part 3,940 drawings of 197 characters, of the whole set 19,280
            of 964) or "test" (900 of 45; 13,180 of 659).
        source: "auto", for the first of these that has the files: the folder that the environment
            variable AIRSCENE_DATA names (or `omniglot/` in it), the cache, a download; or a folder.
        part: the small part or the whole set.
        image_size: height and width to which the drawings are resampled from 105, in pixels.

    Returns:
        The drawings, by alphabet, character and drawer.

    Raises:
        InputError: if there is no Omniglot, or a file of it in a folder or in the cache is damaged.

    Source: Lake, Salakhutdinov and Tenenbaum, Human-level concept learning through probabilistic
    program induction, 2015; MIT licence. Eslami et al. 2016, appendix G.
    """
    if image_size < 1:
        raise InputError(f"image_size is {image_size} pixels; it should be at least 1")
    found = find_omniglot(source, part, split)
    assert found.contents is not None
    half = len(found.contents) // 2
    drawings, pens = _members(found.contents[:half]), _members(found.contents[half:])
    keys = sorted(drawings)
    if part == "small":
        keys = [key for key in keys if (key[1] % EVERY == 0) == (split == "test")]
    ink = []
    for archive, name in (drawings[key] for key in keys):
        with archive.open(name) as file, Image.open(file) as picture:
            ink.append(~np.asarray(picture))  # black ink on white, one bit a pixel
    small = np.minimum(
        GAIN * resample(np.stack(ink).astype(np.float32), (image_size, image_size)), 1.0
    )
    alphabet, character, drawer = (np.array(values) for values in zip(*keys, strict=True))
    # START, then the points of each stroke as lines x,y,milliseconds, each stroke ended by BREAK.
    ways = [archive.read(name) for archive, name in (pens[key] for key in keys)]
    kinds = len({key[:2] for key in keys})
    return Characters(
        images=np.rint(255 * small).astype(np.uint8),
        strokes=np.array([way.count(b"BREAK") for way in ways]),
        alphabet=alphabet,
        character=character,
        drawer=drawer,
        pens=ways,
        source=(
            f"Omniglot's {_CALLED[part]}, {split} split, {len(keys):,} drawings of {kinds} "
            f"characters from {'; '.join([found.where, *found.passed_over])}"
        ),
    )


def _members(archives: Sequence[bytes]) -> dict[_Key, tuple[zipfile.ZipFile, str]]:
    """Archive and name of each drawing or stroke file. Those in both archives are the same."""
    members = {}
    for data in archives:
        archive = zipfile.ZipFile(io.BytesIO(data))
        for name in archive.namelist():
            match = _MEMBER.fullmatch(name)
            if match:
                members[match[1], int(match[2]), int(match[3])] = archive, name
    return members


def omniglot_set(
    split: Split, *, omniglot: str, omniglot_part: Part, image_size: int
) -> LabelledScenes:
    """Return the characters of a split; the options are those of `DataConfig`."""
    characters = load_omniglot(split, omniglot, part=omniglot_part, image_size=image_size)
    return uncounted(characters.images, characters.source)
