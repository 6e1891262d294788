"""Writing files whole or not at all."""

import os
import secrets
from contextlib import suppress
from pathlib import Path

from airscene.errors import InputError


def check_writable(folder: str | Path) -> None:
    """Refuses a folder that nothing can be written in, before there is anything to write.

    Args:
        folder: a folder that exists or is still to be made.

    Raises:
        InputError: if it is not a folder, or is in one that may not be written in.
    """
    folder = Path(folder)
    try:
        nearest = next(p for p in (folder, *folder.absolute().parents) if p.exists())
    except OSError as error:  # a name that is too long
        raise InputError(f"cannot use the folder {folder}: {error.strerror}") from error
    if not (nearest.is_dir() and os.access(nearest, os.W_OK)):
        raise InputError(f"{nearest} is not a folder to write in; give one of yours")


def is_temporary(path: Path) -> bool:
    """Whether a file is what `write_atomic` leaves if its process is killed."""
    return path.name.startswith(".") and path.suffix == ".tmp"


def write_atomic(path: str | Path, data: bytes) -> None:
    """Writes a file so that a reader sees the old content or the new, never a part of it.

    Missing parent folders are made. Whatever stops the writing, an older file at `path` is left
    as it was and no temporary file remains.

    Args:
        path: the file to write.
        data: its whole content.

    Raises:
        InputError: if the file cannot be written: no permission, a full disk, a folder in the way.
    """
    path = Path(path)
    # In the same folder, as only a rename within one file system is atomic.
    temporary = path.parent / f".{secrets.token_hex(8)}.tmp"
    try:
        path.parent.mkdir(parents=True, exist_ok=True)
        with open(temporary, "xb") as file:
            file.write(data)
            file.flush()
            os.fsync(file.fileno())
        os.replace(temporary, path)
    except OSError as error:
        reason = error.strerror or str(error)
        raise InputError(
            f"cannot write {path}: {reason}; give a path on a disk with room, in a folder you own"
        ) from error
    finally:
        with suppress(OSError):
            temporary.unlink()
