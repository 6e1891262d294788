"""Loading the MJCF file of a world, and finding in it what the world names."""

import hashlib
import importlib.util
import re
from importlib import import_module
from pathlib import Path
from typing import Any

import numpy as np

from airscene.errors import InputError
from airscene.graphics.world import Footprint, World

# Attributes that name a file, and folders for such names.
_FILE, _FOLDER = (
    re.compile(rf"""\b({names})\s*=\s*(?:"([^"]*)"|'([^']*)')""")
    for names in (r"file\w*", "assetdir|meshdir|texturedir")
)


def check_mujoco() -> None:
    """Refuse to go on without MuJoCo, which is an extra.

    Raises:
        InputError: if it is not installed.
    """
    if importlib.util.find_spec("mujoco") is None:
        raise InputError("MuJoCo is not installed: pip install 'airscene[3d]'")


def load_mjcf(world: World) -> Any:
    """The compiled `mujoco.MjModel` of a world's file.

    Raises:
        InputError: if the file is missing, does not parse or lacks one of the world's names.
    """
    mujoco: Any = import_module("mujoco")

    try:
        with open(world.mjcf, "rb"):
            pass
        model = mujoco.MjModel.from_xml_path(world.mjcf)
    except OSError as error:
        raise InputError(f"cannot read {world.mjcf}: {error.strerror}") from error
    except ValueError as error:
        raise InputError(f"{world.mjcf}: not an MJCF file that MuJoCo takes: {error}") from error
    if world.digest and digest(world.mjcf) != world.digest:
        raise InputError(
            f"{world.mjcf}, or a file that it names, has changed since it was trained on: train "
            "anew, or bring back what it was"
        )
    for name in world.types:
        find(model, "body", name, world)
    find(model, "camera", world.camera, world)
    for kind, name in zip(("geom", *("material",) * len(world.tables)), world.tables, strict=False):
        find(model, kind, name, world)
    return model


def digest(mjcf: str) -> str:
    """SHA-256 of an MJCF file and all files that it names: included ones, meshes, textures.

    Raises:
        InputError: if it cannot be read.
    """
    total = hashlib.sha256()
    for file in files_of(mjcf):
        total.update(hashlib.sha256(file.read_bytes()).digest())
    return total.hexdigest()


def files_of(mjcf: str) -> list[Path]:
    """An MJCF file and all files that it names: included ones, meshes, textures.

    Raises:
        InputError: if one cannot be read.
    """
    left, found = [Path(mjcf)], []
    while left:
        file = left.pop()
        found.append(file)
        try:
            content = file.read_bytes()
        except OSError as error:
            raise InputError(f"cannot read {file}: {error.strerror}") from error
        if file == Path(mjcf) or file.suffix == ".xml":
            named = _named_files(content.decode(errors="replace"), Path(mjcf).parent)
            left += [other for other in named if other not in found]
    return found


def _named_files(text: str, folder: Path) -> list[Path]:
    """The files that an MJCF file names, in the folders that its compiler looks in.

    Not by an XML parser: MuJoCo's takes what those of the standard do not.
    """
    inside = {"", *(b or c for _, b, c in _FOLDER.findall(text))}
    names = {b or c for _, b, c in _FILE.findall(text)}
    candidates = {folder / place / name for name in names for place in inside}
    return sorted(file for file in candidates if file.is_file())


def bounding_footprints(world: World) -> tuple[Footprint, ...]:
    """Circles that cover each type seen from above: around its geoms and sites.

    Raises:
        InputError: as `load_mjcf`.
    """
    mujoco: Any = import_module("mujoco")

    model = load_mjcf(world)
    data = mujoco.MjData(model)
    mujoco.mj_kinematics(model, data)
    # Sites are drawn too, and lie within the diagonals of their sizes.
    radii = np.linalg.norm(model.site_size, axis=1)
    geoms = zip(model.geom_bodyid, data.geom_xpos, model.geom_rbound, strict=True)
    sites = zip(model.site_bodyid, data.site_xpos, radii, strict=True)
    drawn, footprints = [*geoms, *sites], []
    for name in world.types:
        body, circles = find(model, "body", name, world), []
        for inside, place, radius in drawn:
            while inside not in (0, body):
                inside = model.body_parentid[inside]
            if inside == body:
                x, y, _ = (place - data.xpos[body]).tolist()
                circles.append((x, y, float(radius)))
        footprints.append(tuple(circles))
    return tuple(footprints)


def find(model: Any, kind: str, name: str, world: World) -> int:
    """The index of a named body, camera, geom or material.

    Raises:
        InputError: if the file has none of that name.
    """
    mujoco: Any = import_module("mujoco")

    wanted = getattr(mujoco.mjtObj, f"mjOBJ_{kind.upper()}")
    index = mujoco.mj_name2id(model, wanted, name)
    if index < 0:
        count = getattr(model, {"material": "nmat", "camera": "ncam"}.get(kind, f"n{kind}"))
        names = [mujoco.mj_id2name(model, wanted, k) for k in range(count)]
        known = ", ".join(n for n in names if n and n != "world") or "none with a name"
        raise InputError(f"{world.mjcf}: no {kind} {name!r}; it has {known}")
    return index
