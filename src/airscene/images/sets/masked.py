"""Pictures with masks: a folder of images, and one of label images of the same names."""

from pathlib import Path

import numpy as np
from jaxtyping import Shaped, UInt8
from PIL import Image, UnidentifiedImageError

from airscene.errors import InputError
from airscene.images.files import MAX_PIXELS
from airscene.images.fit import with_channels
from airscene.images.load import GreyOrColour, load_images
from airscene.images.truth import LabelledScenes, mask_boxes

_IMAGES, _MASKS = "images", "masks"
_SUFFIXES = (".png", ".jpg", ".jpeg")
# The most objects that the bytes of a label image tell apart.
_MOST = 255


def load_masked(folder: str | Path) -> list[tuple[str, GreyOrColour, UInt8[np.ndarray, "h w"]]]:
    """Loads a folder of pictures with masks, as CLEVR with masks is laid out.

    `FOLDER/images/NAME.png` (or .jpg, .jpeg) has its mask in `FOLDER/masks/NAME.png`. A mask in
    grey or with a palette holds numbers: 0 is the ground, and each other number an object. In a
    mask in colour each colour is an object, but that which is most frequent at the border, the
    ground. Other masks in the folder are left alone.

    Args:
        folder: the folder that holds `images` and `masks`.

    Returns:
        (source, image, label image) of each picture, by name: the image `[H, W]` (grey) or
        `[H, W, 3]` (colour), in [0, 1]; in the label image 0 is the ground and k the k-th object,
        by rising number or colour. Pictures may differ in size.

    Raises:
        InputError: if a folder, a picture or a mask is missing or cannot be read, a mask has not
            the size of its picture, or has more than 255 objects.

    Source: Kabra et al. 2019, "Multi-object datasets", for CLEVR with masks.
    """
    folder = Path(folder)
    for part in (_IMAGES, _MASKS):
        if not (folder / part).is_dir():
            raise InputError(
                f"there is no folder {folder / part}; {folder} should hold {_IMAGES}/NAME.png and "
                f"{_MASKS}/NAME.png"
            )
    files = [f for f in sorted((folder / _IMAGES).iterdir()) if f.suffix.lower() in _SUFFIXES]
    if not files:
        raise InputError(
            f"no picture in the folder {folder / _IMAGES}; it should hold {', '.join(_SUFFIXES)} "
            "files"
        )
    return [(str(file), *_read(file, folder / _MASKS / f"{file.stem}.png")) for file in files]


def masked_scenes(folder: str | Path) -> LabelledScenes:
    """Loads a folder of pictures of one size with masks, see `load_masked`, as one set.

    No order of depth is known: that of the labels says nothing. Grey pictures among coloured ones
    are taken as colours.

    Args:
        folder: the folder that holds `images` and `masks`.

    Raises:
        InputError: as `load_masked` does, or if pictures differ in size.
    """
    found = load_masked(folder)
    sizes = sorted({labels.shape[::-1] for _, _, labels in found})
    if len(sizes) > 1:
        said = ", ".join(f"{width}x{height}" for width, height in sizes[:3])
        raise InputError(f"the pictures of {folder} are of {said}; they should be of one size")
    images = [image for _, image, _ in found]
    if len({image.ndim for image in images}) > 1:
        images = [np.moveaxis(with_channels(image, 3), 0, 2) for image in images]
    masks = np.stack([labels for _, _, labels in found])
    counts = masks.max(axis=(1, 2)).astype(int)
    most = int(counts.max(initial=0))
    return LabelledScenes(
        images=np.stack([np.rint(image * 255.0).astype(np.uint8) for image in images]),
        counts=counts,
        labels=np.full((len(masks), most), -1),
        boxes=mask_boxes(masks, most),
        source=str(folder),
        masks=masks,
    )


def _read(file: Path, mask: Path) -> tuple[GreyOrColour, UInt8[np.ndarray, "h w"]]:
    if not mask.is_file():
        raise InputError(f"there is no mask {mask}; {file} should have one")
    ((_, image),) = load_images(file)
    labels = label_image(mask)
    if labels.shape != image.shape[:2]:
        raise InputError(
            f"{mask} is {labels.shape[1]}x{labels.shape[0]} pixels, its picture {file} is "
            f"{image.shape[1]}x{image.shape[0]}; they should be of one size"
        )
    return image, labels


def label_image(mask: Path) -> UInt8[np.ndarray, "h w"]:
    """Reads a mask, as `load_masked` has it.

    Args:
        mask: the PNG file.

    Returns:
        0 where the ground is, and k in the pixels of the k-th object.

    Raises:
        InputError: if it cannot be read, or has more than 255 objects.
    """
    pixels = _pixels(mask)
    coloured = pixels.ndim == 3
    numbers = np.zeros(pixels.shape[:2], np.int64)
    for channel in np.moveaxis(pixels, -1, 0) if coloured else [pixels]:
        numbers = 256 * numbers + channel
    ground = _most_frequent_at_the_border(numbers) if coloured else 0
    objects = np.unique(numbers[numbers != ground])
    if len(objects) > _MOST:
        what = "colours" if coloured else "numbers"
        raise InputError(
            f"{mask} has {len(objects):,} {what} beside the ground; there should be one for each "
            f"object, without smooth edges, and at most {_MOST}"
        )
    labels = np.searchsorted(objects, numbers) + 1
    return np.where(numbers == ground, 0, labels).astype(np.uint8)


def _most_frequent_at_the_border(numbers: Shaped[np.ndarray, "h w"]) -> int:
    border = np.concatenate([numbers[[0, -1]].ravel(), numbers[1:-1, [0, -1]].ravel()])
    values, times = np.unique(border, return_counts=True)
    return int(values[times.argmax()])


def _pixels(mask: Path) -> Shaped[np.ndarray, "h w"] | Shaped[np.ndarray, "h w 3"]:
    """The numbers of a mask in grey or with a palette, or the colours of one in colour.

    Transparent parts are black.
    """
    try:
        with Image.open(mask, formats=("PNG",)) as picture:
            if picture.width * picture.height > MAX_PIXELS:
                raise InputError(
                    f"{mask} has more than {MAX_PIXELS:,} pixels, the most that is read; shrink it"
                )
            if picture.mode in ("1", "L", "P") or picture.mode.startswith("I"):
                return np.asarray(picture).astype(np.int64)
            pixels = np.asarray(picture.convert("RGBA"))
    except InputError:
        raise
    except (UnidentifiedImageError, Image.DecompressionBombError) as error:
        raise InputError(f"{mask} is not a PNG image that can be read ({error})") from error
    # Pillow's decoders raise more than OSError on damaged bytes.
    except Exception as error:
        raise InputError(f"{mask} is cut short or damaged ({error}); make it anew") from error
    return np.where(pixels[..., 3:] > 0, pixels[..., :3], 0).astype(np.int64)
