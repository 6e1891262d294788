"""Worlds: an MJCF file, what of it is an object, where objects may be, and the camera."""

import math
from dataclasses import dataclass, field
from pathlib import Path

from airscene.errors import InputError
from airscene.schema import NO_OPTION

ASSETS = Path(__file__).parent / "mujoco" / "assets"

# Circles (x, y, radius) in metres that cover an object seen from above.
Footprint = tuple[tuple[float, float, float], ...]


@dataclass(frozen=True)
class World:
    """What the scenes of an MJCF file may hold.

    The bodies that are object types are drawn only where a scene has one, as often as it has it:
    one body a type is enough, whatever the number of slots. Everything else in the file is the
    background. An object is moved in the plane and turned about the upright axis through the
    origin of its body; the body's height stays.

    Args:
        mjcf: path of the MJCF file; with a renderer of another kind, a name.
        types: names of the bodies that are the object types; a scene's type k is the k-th.
        camera: name of the camera.
        n_slots: the most objects a scene may have.
        centre: the middle of the region where objects may be, in metres.
        half_size: half of the region's width and depth, in metres: poses are in these units.
        orbit: the largest angle by which the camera is turned about the upright axis through
            `centre`, in radians; 0 if it is fixed, and then scenes have no camera numbers.
        image_size: height and width of the images, in pixels.
        symmetry: how many rotations of each type look the same: 1 if none but itself, 0 if all.
        footprints: circles that cover each type seen from above, which the sampler of scenes
            keeps apart; none if objects may overlap.
        tables: name of the geom that is the table, then of the materials that `Look.table` chooses
            from, its own first; none if looks leave the table as it is.
        digest: of the file and those that it names, from `airscene.graphics.mujoco.mjcf.digest`:
            once they have changed, a network does not know them; not checked if empty.
    """

    mjcf: str
    types: tuple[str, ...]
    camera: str
    n_slots: int = 3
    centre: tuple[float, float] = (0.0, 0.0)
    half_size: tuple[float, float] = (0.5, 0.5)
    orbit: float = 0.0
    image_size: tuple[int, int] = (128, 128)
    symmetry: tuple[int, ...] = ()
    footprints: tuple[Footprint, ...] = field(default=(), metadata=NO_OPTION)
    tables: tuple[str, ...] = field(default=(), metadata=NO_OPTION)
    digest: str = field(default="", metadata=NO_OPTION)

    def __post_init__(self) -> None:
        """Refuses what no scenes can be made of.

        Raises:
            InputError: if there is no type, slot, pixel or region, a type is there twice, or a list
                is not one for each type.
        """
        if (
            not self.types
            or min(self.n_slots, *self.image_size) < 1
            or not all(0.0 < side < math.inf for side in self.half_size)
        ):
            raise InputError(
                f"{self.mjcf}: {len(self.types)} types, {self.n_slots} slots, images of "
                f"{self.image_size} and a region of {self.half_size}; all should be above 0"
            )
        if not all(map(math.isfinite, self.centre)):
            raise InputError(f"{self.mjcf}: centre is {self.centre}; it should be two numbers")
        if len(set(self.types)) < len(self.types):
            raise InputError(f"{self.mjcf}: types {', '.join(self.types)}; each should be another")
        for name in ("symmetry", "footprints"):
            given = getattr(self, name)
            if given and len(given) != len(self.types):
                raise InputError(
                    f"{self.mjcf}: {name} has {len(given)} entries for {len(self.types)} types"
                )
        if min(self.symmetry, default=0) < 0:
            raise InputError(f"{self.mjcf}: symmetry is {self.symmetry}; give 0 or more for each")
        if not 0.0 <= self.orbit <= math.pi:
            raise InputError(f"{self.mjcf}: orbit is {self.orbit}; it should be 0 to pi radians")


SINGLE_OBJECT = World(
    mjcf=str(ASSETS / "single_object.xml"),
    types=("cube", "sphere", "cylinder"),
    camera="fixed",
    n_slots=1,
    half_size=(0.3, 0.3),
    symmetry=(4, 0, 1),
    footprints=(((0.0, 0.0, 0.156),), ((0.0, 0.0, 0.12),), ((0.0, 0.0, 0.12),)),
    tables=("table", "table", "slate", "checks", "planks"),
)
"""A red cube, a blue sphere or a textured cylinder on a table, or nothing (paper, Figs. 6a, 14)."""

TABLETOP = World(
    mjcf=str(ASSETS / "tabletop.xml"),
    types=("cup", "pan", "plate"),
    camera="fixed",
    half_size=(0.3, 0.3),
    symmetry=(1, 1, 0),
    footprints=(
        ((0.0, 0.0, 0.068), (0.09, 0.0, 0.04)),
        ((0.0, 0.0, 0.115), (0.14, 0.0, 0.035), (0.18, 0.0, 0.03), (0.215, 0.0, 0.03)),
        ((0.0, 0.0, 0.135),),
    ),
    tables=("table", "table", "slate", "checks", "planks"),
)
"""Crockery on a table, up to three of any kind (paper, Figs. 6e-h, 7)."""

TABLETOP_CAMERA = World(**{**vars(TABLETOP), "camera": "orbit", "orbit": math.radians(40.0)})
"""The same seen from an orbit of 40 degrees to both sides (paper, Fig. 15)."""

WORLDS = {"single-object": SINGLE_OBJECT, "tabletop": TABLETOP, "tabletop-camera": TABLETOP_CAMERA}
"""The worlds of the paper, by name."""
