"""`airscene images`: a look at images of one's own before anything is trained."""

import sys
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import numpy as np
import tyro
from rich.console import Console

from airscene.app.text_picture import block_picture, plain_picture
from airscene.errors import InputError
from airscene.files import check_writable
from airscene.model.patch.config import WHOLE, PatchConfig

if TYPE_CHECKING:
    from airscene.model.patch.survey import Survey

# Images on a sheet; columns and rows of a picture in text.
SHOWN, COLUMNS, ROWS = 12, 72, 20


@dataclass(frozen=True)
class Images:
    """Look at images of your own before a model is trained: in seconds, without labels.

    Says how many there are, what ground would be subtracted, how large their objects seem to be,
    what is unusual, and the command to train with.

    Example: airscene images FOLDER --out sheet.png

    Args:
        images: Files, folders or patterns, as `airscene train images --images` takes them.
        out: A PNG file for a sheet of up to 12 images, each with what is left when its ground is
            subtracted, and circles about what seems to be an object.
        object_size: Size of a typical object, if you know better: "40px" in pixels of the images,
            or "0.06" of their short side.
        region: Where objects are looked for, as in training: left, top, right and bottom, as shares
            of the width and the height of each image.
    """

    images: Annotated[tuple[str, ...], tyro.conf.Positional, tyro.conf.arg(metavar="FOLDER ...")]
    out: Annotated[Path | None, tyro.conf.arg(metavar="FILE")] = None
    object_size: str = ""
    region: tuple[float, float, float, float] = WHOLE

    def run(self, console: Console) -> None:
        """Look at the images, and print what is found.

        Raises:
            InputError: If an option is wrong, or no image can be read.
        """
        config = PatchConfig(object_size=self.object_size, region=self.region)
        if not self.images:
            raise InputError("no images given; give an image, a folder or a pattern")
        if self.out:
            if self.out.suffix != ".png":
                raise InputError(f"--out is {self.out}; it should be the name of a .png file")
            check_writable(self.out.parent)
        # Here, as JAX takes a second to import, which a wrong option need not wait for.
        from airscene.app.said_of_images import command, facts, unusual
        from airscene.model.patch.survey import survey

        found = survey(self.images, config)
        _show(found)
        said = facts(found)
        odd = unusual(found)
        for line in [*said, *(f"! {line}" for line in odd)]:
            print(line)
        if not odd:
            print("Nothing is unusual.")
        if self.out:
            _sheet(found, said).save(self.out)
            console.print(f"Look at {self.out}.")
        if not found.trouble:
            print(f"Train with: {command(self.images, config)}")


def _show(found: "Survey") -> None:
    """Print one image: in blocks on a terminal, else in plain characters."""
    name, image = found.named[0]
    out = Console(file=sys.stdout, highlight=False, markup=False, emoji=False)
    if out.is_terminal and not out.is_dumb_terminal and out.color_system:
        columns = min(COLUMNS, out.width)
        out.print(block_picture(image, columns, ROWS), end="")
    else:
        print(plain_picture(image, COLUMNS, ROWS), end="")
    print(name)


def _sheet(found: "Survey", caption: list[str]):
    from airscene.evaluation.figures.contact import Seen, contact_sheet
    from airscene.model.patch.survey import evenly

    first, seen = found.first, []
    for k in evenly(range(len(found.named)), SHOWN):
        name, image = found.named[k]
        less = first.less[k]
        pixels = less[0] if len(less) == 1 else np.moveaxis(less, 0, -1)
        seen.append(Seen(Path(name).name, image, pixels, first.sizes.each[k].circles))
    return contact_sheet(seen, _share(found), caption)


def _share(found: "Survey") -> float:
    """The size of a typical object as a share of the short side."""
    from airscene.images.frame import parse_object_size

    given = found.first.config.object_size
    return parse_object_size(given).value if given else found.first.sizes.box
