"""Pictures: the pages of a file, upright, as the numbers that they hold, and as floats."""

import itertools
import warnings
from collections.abc import Iterable, Iterator
from contextlib import contextmanager, suppress
from dataclasses import dataclass
from typing import Literal

import numpy as np
from jaxtyping import Float32, Shaped
from PIL import Image, ImageOps, UnidentifiedImageError

from airscene.errors import InputError
from airscene.images.files import (
    KNOWN,
    MAX_PIXELS,
    content_of,
    not_finite,
    too_large,
)

Ground = Literal["black", "white", "auto"]
Kind = Literal["8 bits", "12 bits", "16 bits", "whole numbers", "floats"]
GreyOrColour = Float32[np.ndarray, "height width"] | Float32[np.ndarray, "height width 3"]

# Rec. 601: the weights of red, green and blue in brightness.
LUMA = np.array([0.299, 0.587, 0.114], np.float32)

_FORMATS = ("PNG", "JPEG", "TIFF", "BMP", "WEBP")
_BITS, _PHOTOMETRIC, _SAMPLE_FORMAT = 258, 262, 339  # TIFF's tags


@dataclass(frozen=True)
class Pixels:
    """A decoded picture, before it is known what white is.

    Attributes:
        values: the numbers that it holds, `[H, W]` (grey) or `[H, W, 3]` (colour).
        alpha: how opaque each pixel is, in [0, 1]; none if all are.
        inverted: whether 0 is white.
    """

    values: Shaped[np.ndarray, "height width *channel"]
    alpha: Float32[np.ndarray, "height width"] | None = None
    inverted: bool = False

    def floats(self, white: int, ground: Ground) -> GreyOrColour:
        """The picture in [0, 1], on a ground.

        Args:
            white: the number that is white.
            ground: what transparent parts lie on; "auto" is white if the mean luma of the picture,
                weighted by alpha, is below a half, else black.
        """
        image = self.values.astype(np.float32) / white
        if self.inverted:
            image = 1 - image
        if self.alpha is None:
            return image
        if ground == "auto":
            luma = image @ LUMA if image.ndim == 3 else image
            # Where nothing is opaque the ground is all there is: black, as of empty pictures.
            dark = np.sum(self.alpha * luma, dtype=float) < 0.5 * np.sum(self.alpha, dtype=float)
            ground = "white" if dark else "black"
        alpha = self.alpha[:, :, None] if image.ndim == 3 else self.alpha
        image = image * alpha
        # A sum that is 1 may exceed it by a rounding.
        return np.minimum(image + (1 - alpha), 1) if ground == "white" else image


def pages(path: str) -> Iterator[tuple[str, Image.Image]]:
    """The pictures of a file, not decoded yet, each with its name; only TIFF may have several.

    They are one object, which is at one page at a time: decode each before asking for the next.
    The content of the file decides what it is, not its name.

    Raises:
        InputError: if it is no picture, damaged or huge.
    """
    # The header alone is read so far.
    with _opened(path) as picture:
        if picture.format != "TIFF" or not getattr(picture, "is_animated", False):
            yield path, picture
            return
        for page in itertools.count():
            name = f"{path}[{page}]"
            try:
                with _quiet():
                    picture.seek(page)
            except EOFError:
                return
            # Damaged headers raise almost anything.
            except Exception as error:
                raise _damaged(name, error) from error
            yield name, picture


def decode(picture: Image.Image, name: str) -> Pixels:
    """The pixels of a picture, upright if its EXIF data say how it was held.

    Raises:
        InputError: if they are damaged or huge, or numbers that cannot be brightness.
    """
    try:
        with _quiet():
            kind, inverted, grey = kind_of(picture), _inverted(picture), _is_grey(picture)
            unsigned = picture.format == "TIFF" and _tag(picture, _SAMPLE_FORMAT) in (None, (1,))
            picture = _upright(picture, name)
            if kind == "8 bits":
                return _bytes(picture, grey)
            values = np.asarray(picture)
            if kind == "whole numbers" and unsigned:
                values = values.view(np.uint32)  # Pillow has no such mode
            seen = picture.info.get("transparency")
            alpha = None if seen is None else (values != seen).astype(np.float32)
    except InputError:
        raise
    except Image.DecompressionBombError as error:
        raise too_large(name) from error
    # Pillow's decoders, too, raise more than OSError on damaged bytes.
    except Exception as error:
        raise _damaged(name, error) from error
    _check_range(values, kind, name)
    return Pixels(values, alpha, inverted)


def kind_of(picture: Image.Image) -> Kind:
    """What numbers a picture holds, as its header says."""
    if picture.mode.startswith("I;16"):
        # Some TIFF files say that they are of a 12-bit camera.
        return "12 bits" if _tag(picture, _BITS) == (12,) else "16 bits"
    if picture.mode == "I":
        return "whole numbers"
    return "floats" if picture.mode == "F" else "8 bits"


def of_kind(given: Iterable[str | Image.Image | np.ndarray], kind: Kind) -> Iterator[Pixels]:
    """Those pictures of files and of Pillow that hold such numbers and can be decoded.

    Of the others, no more than the headers are read.
    """
    for one in given:
        if isinstance(one, np.ndarray):
            continue
        # What is damaged is refused when its turn comes.
        with suppress(InputError):
            for name, picture in pages(one) if isinstance(one, str) else [("", one)]:
                if kind_of(picture) == kind:
                    with suppress(InputError):
                        yield decode(picture, name)


def _upright(picture: Image.Image, name: str) -> Image.Image:
    if picture.width * picture.height > MAX_PIXELS:
        raise too_large(name)
    if picture.width * picture.height == 0:
        raise InputError(f"{name} is empty, of no pixels; it should hold at least one")
    # So that damaged pixels are noticed here, and not taken for damaged EXIF data.
    with _unmapped(picture):
        picture.load()
    try:
        return ImageOps.exif_transpose(picture)
    # Pillow's parser raises almost anything on damaged data; they say nothing.
    except Exception:
        return picture


def _bytes(picture: Image.Image, grey: bool) -> Pixels:
    if not picture.has_transparency_data:
        return Pixels(np.asarray(picture.convert("L" if grey else "RGB")))
    planes = np.asarray(picture.convert("RGBA"))
    values = planes[:, :, 0] if grey else planes[:, :, :3]
    return Pixels(values, planes[:, :, 3].astype(np.float32) / 255)


def _is_grey(picture: Image.Image) -> bool:
    if picture.mode in ("1", "L", "LA"):
        return True
    # Pillow makes RGBA of 16-bit grey with alpha.
    return any("LA;16B" in str(tile[3]) for tile in getattr(picture, "tile", []))


def _inverted(picture: Image.Image) -> bool:
    # Pillow itself inverts up to 8 bits.
    return kind_of(picture) != "8 bits" and _tag(picture, _PHOTOMETRIC) == 0


def _tag(picture: Image.Image, number: int) -> object:
    return getattr(picture, "tag_v2", {}).get(number)


def _check_range(values: np.ndarray, kind: Kind, name: str) -> None:
    if kind == "floats" and not np.isfinite(values).all():
        raise not_finite(values, name)
    least, largest = values.min(), values.max()
    if kind in ("floats", "whole numbers") and (least < 0 or largest > 65535):
        floats = kind == "floats"
        span = f"{least:g} to {largest:g}" if floats else f"{least} to {largest}"
        raise InputError(
            f"{name} has values from {span}; {kind} of a picture should be in "
            f"{'0..1, ' if floats else ''}0..255 or 0..65535"
        )


@contextmanager
def _opened(path: str) -> Iterator[Image.Image]:
    try:
        with _quiet():
            picture = Image.open(path, formats=_FORMATS)
    except Image.DecompressionBombError as error:
        raise too_large(path) from error
    except UnidentifiedImageError as error:
        known = content_of(path)
        if not known:
            raise InputError(f"{path} is not an image; it should be {KNOWN}") from error
        raise InputError(
            f"{path} is cut short or damaged, or a {known} file of a kind that is not read; save "
            "it anew, with 8 bits a channel"
        ) from error
    except Exception as error:
        raise _damaged(path, error) from error
    with picture:
        yield picture


@contextmanager
def _unmapped(picture: Image.Image) -> Iterator[None]:
    """Pillow maps a file that it knows by name into memory, and confuses sides that are turned."""
    name = getattr(picture, "filename", None)
    if not name or picture.format != "TIFF":
        yield
        return
    picture.filename = ""  # pyright: ignore[reportAttributeAccessIssue]
    try:
        yield
    finally:
        picture.filename = name  # pyright: ignore[reportAttributeAccessIssue]


@contextmanager
def _quiet() -> Iterator[None]:
    """Pillow warns of large pictures by a limit of its own, and of metadata."""
    with warnings.catch_warnings():
        warnings.simplefilter("ignore", Image.DecompressionBombWarning)
        warnings.simplefilter("ignore", UserWarning)
        yield


def _damaged(name: str, error: Exception) -> InputError:
    return InputError(f"{name} is cut short or damaged ({error}); make it anew")
