"""Writing files whole or not at all."""

import os
import secrets
from contextlib import suppress
from pathlib import Path

from airscene.errors import InputError


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
