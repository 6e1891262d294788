"""Loading the MJCF file of a world, and finding in it what the world names."""

import importlib.util
from typing import Any

from airscene.errors import InputError
from airscene.graphics.world import Footprint, World


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
    import mujoco

    try:
        with open(world.mjcf, "rb"):
            pass
        model = mujoco.MjModel.from_xml_path(world.mjcf)
    except OSError as error:
        raise InputError(f"cannot read {world.mjcf}: {error.strerror}") from error
    except ValueError as error:
        raise InputError(f"{world.mjcf}: not an MJCF file that MuJoCo takes: {error}") from error
    for name in world.types:
        find(model, "body", name, world)
    find(model, "camera", world.camera, world)
    for kind, name in zip(("geom", *("material",) * len(world.tables)), world.tables, strict=False):
        find(model, kind, name, world)
    return model


def bounding_footprints(world: World) -> tuple[Footprint, ...]:
    """Circles that cover each type seen from above: those around the bounding spheres of its geoms.

    Raises:
        InputError: as `load_mjcf`.
    """
    import mujoco

    model = load_mjcf(world)
    data = mujoco.MjData(model)
    mujoco.mj_kinematics(model, data)
    footprints = []
    for name in world.types:
        body, circles = find(model, "body", name, world), []
        for geom in range(model.ngeom):
            inside = model.geom_bodyid[geom]
            while inside not in (0, body):
                inside = model.body_parentid[inside]
            if inside == body:
                x, y, _ = (data.geom_xpos[geom] - data.xpos[body]).tolist()
                circles.append((x, y, float(model.geom_rbound[geom])))
        footprints.append(tuple(circles))
    return tuple(footprints)


def find(model: Any, kind: str, name: str, world: World) -> int:
    """The index of a named body, camera, geom or material.

    Raises:
        InputError: if the file has none of that name.
    """
    import mujoco

    wanted = getattr(mujoco.mjtObj, f"mjOBJ_{kind.upper()}")
    index = mujoco.mj_name2id(model, wanted, name)
    if index < 0:
        count = getattr(model, {"material": "nmat", "camera": "ncam"}.get(kind, f"n{kind}"))
        names = [mujoco.mj_id2name(model, wanted, k) for k in range(count)]
        known = ", ".join(n for n in names if n and n != "world") or "none with a name"
        raise InputError(f"{world.mjcf}: no {kind} {name!r}; it has {known}")
    return index
