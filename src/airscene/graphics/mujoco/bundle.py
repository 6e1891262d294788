"""An MJCF file and what it names as one text, which weights of a world carry with them."""

import base64
import json
import os
import zlib
from pathlib import Path, PurePosixPath

import pooch

from airscene.errors import InputError
from airscene.files import write_atomic
from airscene.graphics.mujoco.mjcf import digest, files_of

# Weights hold no more than this of meshes and textures, packed, in bytes.
LARGEST_BUNDLE = 16_000_000


def pack(mjcf: str) -> str | None:
    """Pack an MJCF file and the files that it names.

    Returns:
        The text; None if it would be larger than `LARGEST_BUNDLE`, or the files have no folder in
        common, so that weights need them where they are.

    Raises:
        InputError: If a file cannot be read.
    """
    main, *others = (Path(os.path.normpath(file.absolute())) for file in files_of(mjcf))
    try:
        top = Path(os.path.commonpath([main.parent, *(file.parent for file in others)]))
        names = [file.relative_to(top).as_posix() for file in (main, *others)]
        content = [base64.b64encode(zlib.compress(file.read_bytes())) for file in (main, *others)]
    except ValueError:  # other drives of Windows
        return None
    except OSError as error:
        raise InputError(f"cannot read {error.filename}: {error.strerror}") from error
    if sum(map(len, content)) > LARGEST_BUNDLE:
        return None
    files = {name: data.decode() for name, data in zip(names, content, strict=True)}
    return json.dumps({"main": names[0], "files": files})


def unpack(text: str, wanted: str) -> str:
    """Write what `pack` packed into the cache of this user, if it is not there.

    Returns:
        Path of the MJCF file.

    Raises:
        InputError: If the text is damaged, names a place outside its folder, or has another digest.
    """
    try:
        given = json.loads(text)
        files = {str(name): base64.b64decode(data) for name, data in given["files"].items()}
        files = {name: zlib.decompress(data) for name, data in files.items()}
        places = [PurePosixPath(name) for name in (given["main"], *files)]
        if given["main"] not in files or any(p.is_absolute() or ".." in p.parts for p in places):
            raise ValueError("it names files outside its folder")
    except (AttributeError, KeyError, TypeError, ValueError, zlib.error) as error:
        raise InputError(f"the files of its world are damaged ({error})") from error
    folder = Path(pooch.os_cache("airscene")) / "worlds" / wanted
    main = folder / given["main"]
    if not main.is_file() or digest(str(main)) != wanted:
        for name, data in files.items():
            write_atomic(folder / name, data)
        if digest(str(main)) != wanted:
            raise InputError("the files of its world are not those that it was trained on")
    return str(main)
