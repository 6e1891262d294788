"""`airscene infer`: images in, scenes out."""

import sys
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import tyro
from rich.console import Console

from airscene.app.file_names import file_names
from airscene.errors import InputError, check_option, check_seed, check_steps
from airscene.files import check_writable
from airscene.scene import PosedScenes

if TYPE_CHECKING:
    from collections.abc import Iterator

    from airscene.evaluation import Picture
    from airscene.scene import Scenes


@dataclass(frozen=True)
class Infer:
    """Infer how many objects there are in images, where each is, and what.

    MODEL is a run folder, a .safetensors file or the name of bundled weights. IMAGE is a PNG or
    JPEG picture, a .npy or .npz file, a folder or a pattern. For a model of grey images, colour is
    made grey; for one of colour images, grey is taken as a colour. A model of 3-D scenes looks at
    the middle of a picture of any size, and overlays are the picture and what was inferred of it,
    drawn by the renderer beside it. Poses in 3-D are refined by rendering.

    Example: airscene infer multi-mnist scene.png --out scenes.json --overlay pictures

    Args:
        model: The model.
        images: The images.
        out: JSON file for the scenes; standard output if not given.
        overlay: Folder for a picture of each image with what was found in it.
        resize: Bring images of another size to the model's; for 3-D that is done always.
        steps: Largest count, of which there may be more than in training; the model's own if not
            given. Not for 3-D.
        refine: In 3-D, search by rendering for better poses than the network's.
        samples: Draws from the posterior an image; 0 for its means. They are not refined.
        seed: Decides the draws.
    """

    model: Annotated[str, tyro.conf.Positional, tyro.conf.arg(metavar="MODEL")]
    images: Annotated[tuple[str, ...], tyro.conf.Positional, tyro.conf.arg(metavar="IMAGE ...")]
    out: Annotated[Path | None, tyro.conf.arg(metavar="FILE")] = None
    overlay: Annotated[Path | None, tyro.conf.arg(metavar="FOLDER")] = None
    resize: bool = False
    steps: int | None = None
    refine: bool = True
    samples: int = 0
    seed: int = 0

    def run(self, console: Console) -> None:
        """Infer, and write the scenes.

        Raises:
            InputError: If the model, an image or an option is wrong.
        """
        check_steps(self.steps)
        check_option("samples", self.samples, 0 <= self.samples <= 10_000, "from 0 to 10000")
        check_seed(self.seed)
        if self.out and self.out.suffix != ".json":
            raise InputError(f"--out is {self.out}; it should be the name of a .json file")
        if self.overlay and self.samples:
            raise InputError("--overlay draws the posterior means; leave out --samples")
        for folder in filter(None, (self.overlay, self.out and self.out.parent)):
            check_writable(folder)
        if not self.images:
            raise InputError("no images given; give an image, a folder or a pattern after MODEL")
        # Here, as JAX takes a second to import, which a wrong option need not wait for.
        from airscene.inference import SceneModel, load

        model = load(self.model)
        if isinstance(model, SceneModel):
            if self.resize or self.steps is not None:
                raise InputError(
                    f"--{'resize' if self.resize else 'steps'} is for models of images in 2-D; "
                    f"{model!r} takes pictures of any size and has a fixed number of steps"
                )
        elif not self.refine:
            raise InputError(f"--no-refine is for models of 3-D scenes, which {model!r} is not")
        elif self.steps is not None:
            model = model.with_steps(self.steps)
        drawn = {"samples": self.samples, "seed": self.seed}
        scenes = model.infer(self.images, resize=self.resize, refine=self.refine, **drawn)
        if self.out:
            scenes.save(self.out)
            console.print(f"{scenes!r}: {self.out}")
        else:
            sys.stdout.write(scenes.to_json())
        if self.overlay:
            names = file_names([scene.source for scene in scenes])
            for name, picture in zip(names, self._overlays(model, scenes), strict=True):
                picture.save(self.overlay / f"{name}-overlay.png")
            console.print(f"Pictures of what was found: {self.overlay}")

    def _overlays(self, model: Any, scenes: "Scenes | PosedScenes") -> "Iterator[Picture]":
        from airscene.evaluation.figures.figures import overlay, posed_overlay
        from airscene.images import load_images

        if isinstance(scenes, PosedScenes):
            _, seen = model.prepare(self.images)
            yield from map(posed_overlay, seen / 255.0, model.render(scenes), scenes)
        else:
            for (_, image), scene in zip(load_images(self.images), scenes, strict=True):
                yield overlay(image, scene)
