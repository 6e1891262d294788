"""Images of one's own, as floats in [0, 1]: files, folders, globs, arrays; fitted to a model."""

from collections.abc import Iterable, Iterator
from typing import Any

import numpy as np
from jaxtyping import UInt8
from PIL import Image

from airscene.errors import InputError, check_one_of
from airscene.images.arrays import images_of_array, read_array
from airscene.images.files import content_of
from airscene.images.fit import coloured, size_of
from airscene.images.given import Item, Paths, items_of
from airscene.images.oddities import Brightness
from airscene.images.pictures import GreyOrColour, Ground, decode, pages
from airscene.images.white import Whites, white_of_array


def load_images(
    paths: Paths, *, ground: Ground = "black", damaged: list[tuple[str, str]] | None = None
) -> list[tuple[str, GreyOrColour]]:
    """Loads images, each with the name of where it came from.

    What a file holds is known by its content, not by its name. White is

    - 255 in 8 bits, True in bool, 1 in floats, which should be in [0, 1];
    - in 16-bit pictures 65535, or 4095 if the largest value of all those that are given is in
      256..4095, as of a 12-bit camera;
    - in uint16 arrays 65535;
    - in other whole numbers 255 if none is larger, and else 65535; the arrays of one list count as
      one for that, and so do the pages of a file;
    - in TIFF files of floats 1 if none is larger, else 255, else 65535.

    Of pictures in colour, and of grey ones with partly transparent pixels, Pillow reads 8 bits.

    Args:
        paths: one or a list of, in any mixture: a PNG, JPEG, TIFF, BMP or WebP picture (turned as
            its EXIF data say), one image for each page of a TIFF file, of a film the first; a
            `.npy` file (`[H, W]`, `[H, W, C]`, `[B, H, W]` or `[B, H, W, C]`, C 1 or 3); an `.npz`
            file whose array `images` is one of the last two; a folder, for all of these in it, by
            name; a glob pattern; an array, of NumPy, JAX or another that NumPy can read, as in a
            `.npy` file; a Pillow image, at the page that it is at.
        ground: what transparent parts of pictures lie on: "black", "white", or "auto", which is for
            each picture white if what is opaque in it is mostly dark, and else black.
        damaged: a list to which (source, reason in one line) of each image of a file that cannot be
            read is appended, while the rest goes on; if none, the first such image raises.

    Returns:
        (source, image) for each image, source like `x.png`, `x.tif[2]`, `x.npz[3]` or `array[3]`,
        image `[H, W]` (grey) or `[H, W, 3]` (colour), in [0, 1]. They may differ in size.

    Raises:
        InputError: if something is missing, no image, damaged, empty, of a wrong type or rank, or
            holds values that are out of range. The message names the file and the image in it. If
            `damaged` is a list, only if a path that is given leads nowhere, if arrays or Pillow
            images are wrong, or if not one image can be read.

    Warns:
        InputWarning: if the brightest pixel of them all is next to black, as of masks of 0 and 1.
    """
    seen, images = Brightness(), []
    for source, image in _images(paths, ground, damaged):
        seen.look(source, image)
        images.append((source, image))
    seen.warn_if_black()
    return images


def each_image(
    paths: Paths, *, ground: Ground = "black", damaged: list[tuple[str, str]] | None = None
) -> Iterator[tuple[str, GreyOrColour]]:
    """The images that `load_images` loads, one at a time: a large folder is never in memory.

    Paths and options are checked at once, files as their turn comes. Only 16-bit pictures, and TIFF
    files of floats or 32 bits, are read twice, to find out what white is.

    Args:
        paths: as for `load_images`.
        ground: as for `load_images`.
        damaged: as for `load_images`; it grows as files are read.

    Yields:
        (source, image), as `load_images` returns them.

    Raises:
        InputError: as `load_images` does.
    """
    return _images(paths, ground, damaged)


def image_set(
    paths: Paths,
) -> UInt8[np.ndarray, "n height width"] | UInt8[np.ndarray, "n height width 3"]:
    """Images of one's own as a data set: all of one size, in one array.

    Args:
        paths: as for `load_images`.

    Returns:
        The images, 0 black to 255 white; grey if all are grey, else colour.

    Raises:
        InputError: as `load_images` does, and if the images differ in size.

    Warns:
        InputWarning: if the brightest pixel of them all is next to black, or the darkest far from
            it.
    """
    seen = Brightness()
    images: list[np.ndarray] = []
    for source, image in _images(paths):
        if images and image.shape[:2] != images[0].shape[:2]:
            raise InputError(
                f"{source} is {size_of(image)} pixels, the images before it {size_of(images[0])}; "
                "those of a data set should all be of one size"
            )
        seen.look(source, image)
        images.append(np.rint(255 * image).astype(np.uint8))
    seen.warn_if_black()
    seen.warn_if_offset()
    if any(image.ndim == 3 for image in images):
        images = [coloured(image) for image in images]
    return np.stack(images)


def _images(
    given: Any, ground: Any = "black", damaged: list[tuple[str, str]] | None = None
) -> Iterator[tuple[str, GreyOrColour]]:
    check_one_of("ground", ground, Ground)
    return _each(items_of(given), ground, damaged)


def _each(
    items: list[Item], ground: Ground, damaged: list[tuple[str, str]] | None
) -> Iterator[tuple[str, GreyOrColour]]:
    n_read, n_damaged, first = 0, 0, ""
    for source, image, in_file in _outcomes(items, ground):
        if not isinstance(image, InputError):
            n_read += 1
            yield source, image
        elif damaged is None or not in_file:
            raise image
        else:
            n_damaged, first = n_damaged + 1, first or str(image)
            damaged.append((source, str(image)))
    if not n_read:
        several = f"; the first reason of {n_damaged} is" if n_damaged > 1 else ""
        raise InputError(f"no image can be read{several}: {first}")


def _outcomes(
    items: list[Item], ground: Ground
) -> Iterator[tuple[str, GreyOrColour | InputError, bool]]:
    """Each image, or what is wrong with it, with its name, and whether it is in a file."""
    arrays = (one for _, one in items if isinstance(one, np.ndarray))
    array_white = max(map(white_of_array, arrays), default=255)
    whites = Whites([one for _, one in items])
    for place, (name, one) in enumerate(items):
        in_file = isinstance(one, str)
        try:
            if isinstance(one, np.ndarray):
                images = images_of_array(one, name, array_white)
            elif in_file and (content := content_of(one)) in (".npy", ".npz"):
                array = read_array(one, content)
                images = images_of_array(array, name, white_of_array(array))
            else:
                pictures = pages(one) if in_file else [(name, one)]
                images = _images_of_pictures(pictures, whites, place, ground)
            for source, image in images:
                yield source, image, in_file
        except InputError as error:
            yield name, error, in_file


def _images_of_pictures(
    pictures: Iterable[tuple[str, Image.Image]], whites: Whites, place: int, ground: Ground
) -> Iterator[tuple[str, GreyOrColour | InputError]]:
    for source, picture in pictures:
        try:
            white = whites.of(picture, place)
            yield source, decode(picture, source).floats(white, ground)
        except InputError as error:
            yield source, error
