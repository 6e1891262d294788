"""`airscene render`: scenes in, images out."""

from dataclasses import dataclass
from pathlib import Path
from typing import Annotated, Any

import tyro
from rich.console import Console

from airscene.app.file_names import file_names
from airscene.errors import InputError
from airscene.files import check_writable, write_atomic
from airscene.scene import PosedScenes, load_scenes


@dataclass(frozen=True)
class Render:
    """Draw the scenes of a JSON file, one PNG picture each.

    SCENES.json is what infer writes, or of your own making: see "Read the latents" in the
    documentation. Scenes in 2-D are drawn by the decoder of the model that they name, scenes in 3-D
    by the renderer of the world that they name.

    Example: airscene render scenes.json --out renders

    Args:
        scenes: The scenes.
        model: A run folder, a .safetensors file or the name of bundled weights, to draw them in
            place of what they name.
        out: Folder for the pictures.
    """

    scenes: Annotated[Path, tyro.conf.Positional, tyro.conf.arg(metavar="SCENES.json")]
    model: Annotated[str | None, tyro.conf.arg(metavar="MODEL")] = None
    out: Annotated[Path, tyro.conf.arg(metavar="FOLDER")] = Path("renders")

    def run(self, console: Console) -> None:
        """Draw, and write the pictures.

        Raises:
            InputError: If the scenes, the model or the folder is wrong, or nothing can be drawn.
        """
        check_writable(self.out)
        scenes = load_scenes(self.scenes)
        # Here, as JAX takes a second to import, which a wrong file need not wait for.
        from airscene.evaluation.figures.picture import exact_png
        from airscene.inference import SceneModel, load
        from airscene.inference.drawing import Drawing
        from airscene.inference.worlds import named_world

        draw: Any
        posed = isinstance(scenes, PosedScenes)
        try:
            if posed and self.model is None:
                draw = Drawing(named_world(scenes.world))
            else:
                draw = load(self.model or scenes.model)
                if isinstance(draw, SceneModel) != posed:
                    raise InputError(
                        f"scenes in {'3-D' if posed else '2-D'}, which {draw!r} does not draw"
                    )
            # Images of one's own may be of several sizes.
            one = getattr(draw, "render_one", None)
            images = map(one, scenes) if one else draw.render(scenes)
            drawn = [exact_png(image) for image in images]
        except InputError as error:
            raise InputError(f"{self.scenes}: {error}") from error
        names = file_names([scene.source for scene in scenes])
        for name, picture in zip(names, drawn, strict=True):
            write_atomic(self.out / f"{name}-render.png", picture)
        console.print(f"{scenes!r}, drawn: {self.out}")
