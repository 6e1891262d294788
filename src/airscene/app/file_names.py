"""Names of files for what is drawn of images."""

import os
import re
from collections.abc import Sequence
from pathlib import Path


def file_names(sources: Sequence[str]) -> list[str]:
    """Names for the sources of images: x.npz[3] becomes x-3; equal ones are numbered."""
    names: dict[str, None] = {}
    for source in sources:
        # Sources are read from files too: nothing in them may lead elsewhere or be no name.
        base = re.sub(r"[\x00-\x1f\ud800-\udfff]", "_", os.path.basename(source))
        # As many bytes as a name may have, less what is added to it.
        base = base.encode()[:200].decode(errors="ignore")
        match = re.fullmatch(r"(.*)\[(\d+)\]", base)
        file, index = (match[1], f"-{match[2]}") if match else (base, "")
        name = plain = Path(file).stem + index
        number = 2
        while name in names:
            name, number = f"{plain}-{number}", number + 1
        names[name] = None
    return list(names)
