"""`airscene infer`: images in, scenes out."""

import gc
import sys
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any, Literal

import tyro
from rich.console import Console

from airscene.app.file_names import file_names
from airscene.app.outputs import Kind, content, kind_of, label_png, skipped, unlike_images
from airscene.compiled import keep_traced
from airscene.errors import InputError, check_option, check_seed, check_steps
from airscene.files import check_writable, write_atomic
from airscene.scene import PosedScenes, label_image

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
        out: File for the scenes: .json, all that was found; .csv, a table of counts; .coco.json,
            boxes and masks as COCO has them. JSON on standard output if not given.
        objects: A row an object in a .csv file, in place of a row an image.
        overlay: Folder for a picture of each image with what was found in it.
        masks: Folder for a PNG of each image, of 16 bits: 0 the ground, k the k-th object. For
            models that give masks.
        resize: Bring images of another size to the model's; for 3-D that is done always.
        steps: Largest count, of which there may be more than in training; the model's own if not
            given. Not for 3-D.
        object_price: What one more object costs, as a share of what a typical one is worth, in
            place of what the model was trained for: lower to find more. For models of images of
            your own; which images are unlike those of training is not said then.
        edge_price: The least that an object costs that the edge of the image cuts off, likewise.
        refine: In 3-D, search by rendering for better poses than the network's.
        samples: Draws from the posterior an image; 0 for its means. They are not refined.
        seed: Decides the draws.
        on_error: Skip images that cannot be read, or stop at the first; if not given, a single
            file stops.
        strict: Fail, after all is written, if an image is unlike those of training. For models
            that say so.
    """

    model: Annotated[str, tyro.conf.Positional, tyro.conf.arg(metavar="MODEL")]
    images: Annotated[tuple[str, ...], tyro.conf.Positional, tyro.conf.arg(metavar="IMAGE ...")]
    out: Annotated[Path | None, tyro.conf.arg(metavar="FILE")] = None
    objects: bool = False
    overlay: Annotated[Path | None, tyro.conf.arg(metavar="FOLDER")] = None
    masks: Annotated[Path | None, tyro.conf.arg(metavar="FOLDER")] = None
    resize: bool = False
    steps: int | None = None
    object_price: float | None = None
    edge_price: float | None = None
    refine: bool = True
    samples: int = 0
    seed: int = 0
    on_error: Literal["skip", "stop"] | None = None
    strict: bool = False

    def run(self, console: Console) -> None:
        """Infer, and write the scenes.

        Nothing is written before everything that is to be written is made.

        Raises:
            InputError: If the model, an image or an option is wrong, no image can be read, or, with
                `strict`, an image is unlike those of training.
        """
        kind = self._check_options()
        model = self._load()
        drawn = {"samples": self.samples, "seed": self.seed, "damaged": self._damaged()}
        scenes = model.infer(self.images, resize=self.resize, refine=self.refine, **drawn)
        if not len(scenes):
            for image in scenes.damaged:
                _say(console, skipped(image))
            raise InputError("no image could be used")
        if self.strict and not any(scene.unlike for scene in scenes):
            raise InputError(f"--strict: {model!r} does not say which images are unlike training's")
        # All of it, before the first file is written.
        text = content(scenes, kind, self.objects)
        labels = self._labels(model, scenes) if self.masks else []
        pictures = list(self._overlays(model, scenes)) if self.overlay else []
        names = file_names([scene.source for scene in scenes])
        if self.out:
            write_atomic(self.out, text)
            console.print(f"{scenes!r}: {self.out}")
        else:
            sys.stdout.write(text.decode())
        if self.overlay:
            for name, picture in zip(names, pictures, strict=True):
                picture.save(self.overlay / f"{name}-overlay.png")
            console.print(f"Pictures of what was found: {self.overlay}")
        if self.masks:
            for name, image in zip(names, labels, strict=True):
                write_atomic(self.masks / f"{name}.png", image)
            console.print(f"Images of labels: {self.masks}")
        for image in scenes.damaged:
            _say(console, skipped(image))
        if line := unlike_images(scenes):
            if self.strict:
                raise InputError(line)
            _say(console, line)

    def _check_options(self) -> Kind:
        """Refuse options that are wrong whatever the model; return what `out` is to hold."""
        check_steps(self.steps)
        check_option("samples", self.samples, 0 <= self.samples <= 10_000, "from 0 to 10000")
        check_seed(self.seed)
        kind = kind_of(self.out) if self.out else ".json"
        if self.objects and kind != ".csv":
            raise InputError("--objects is for tables; give --out FILE.csv too, or leave it out")
        means = {
            "--overlay": self.overlay,
            "--masks": self.masks,
            "--out FILE.coco.json": kind == ".coco.json",
        }
        for option in (name for name, given in means.items() if given and self.samples):
            raise InputError(f"{option} is of the posterior means; leave out --samples")
        for folder in filter(None, (self.overlay, self.masks, self.out and self.out.parent)):
            check_writable(folder)
        if not self.images:
            raise InputError("no images given; give an image, a folder or a pattern after MODEL")
        return kind

    def _load(self) -> Any:
        """The model, once it is known that the options are for such a model."""
        keep_traced()
        # Imports make many objects and no garbage, and it takes time to look for it.
        gc.disable()
        try:
            # Here, as JAX takes a second to import, which a wrong option need not wait for.
            from airscene.inference import Model, PatchModel, SceneModel, load
        finally:
            gc.enable()

        model = load(self.model)
        prices = {"object_price": self.object_price, "edge_price": self.edge_price}
        for name in (name for name, price in prices.items() if price is not None):
            if not isinstance(model, PatchModel):
                option = f"--{name.replace('_', '-')}"
                raise InputError(f"{option} is for models of patches, which {model!r} is not")
            model = model.with_prices(**prices)
        if isinstance(model, SceneModel):
            flat = {
                "--resize": self.resize,
                "--steps": self.steps is not None,
                "--objects": self.objects,
                "--out FILE.coco.json": self.out and kind_of(self.out) == ".coco.json",
            }
            for option in (name for name, given in flat.items() if given):
                raise InputError(f"{option} is for models of images in 2-D, which {model!r} is not")
        elif not self.refine:
            raise InputError(f"--no-refine is for models of 3-D scenes, which {model!r} is not")
        elif self.steps is not None:
            if isinstance(model, PatchModel):
                raise InputError(f"--steps: {model!r} counts any number of objects; leave it out")
            model = model.with_steps(self.steps)
        plain = isinstance(model, Model | SceneModel)
        if self.masks and not getattr(model, "gives_masks", not plain):
            raise _no_masks(model)
        return model

    def _damaged(self) -> list[tuple[str, str]] | None:
        """The list that files which cannot be read are put in, if they are to be skipped."""
        from airscene.images.given import items_of

        single = len(items_of(self.images)) == 1 and Path(self.images[0]).is_file()
        return None if (self.on_error or ("stop" if single else "skip")) == "stop" else []

    def _labels(self, model: Any, scenes: "Scenes") -> list[bytes]:
        for scene in scenes:
            # As x.png is the name of its labels too.
            if self.masks and Path(scene.source).parent.resolve() == self.masks.resolve():
                raise InputError(
                    f"--masks is the folder of {scene.source}; give a folder of its own"
                )
        if any(thing.mask is None for scene in scenes for thing in scene.objects):
            raise _no_masks(model)
        sizes = [scene.image_size or scenes.image_size for scene in scenes]
        return [label_png(label_image(*one)) for one in zip(scenes, sizes, strict=True)]

    def _overlays(self, model: Any, scenes: "Scenes | PosedScenes") -> "Iterator[Picture]":
        from airscene.evaluation.figures.figures import overlay, posed_overlay
        from airscene.images import load_images

        if isinstance(scenes, PosedScenes):
            _, seen = model.prepare(self.images, damaged=[])
            yield from map(posed_overlay, seen / 255.0, model.render(scenes), scenes)
        else:
            images = dict(load_images(self.images, damaged=[]))
            for scene in scenes:
                yield overlay(images[scene.source], scene)


def _say(console: Console, line: str) -> None:
    # Names of files are printed as they are: :x: stands for itself.
    console.print(f"airscene: {line}", emoji=False)


def _no_masks(model: Any) -> InputError:
    return InputError(f"--masks is for models that give masks, which {model!r} does not")
