"""Reading a file of scenes of either kind."""

from pathlib import Path

from airscene.scene.json_fields import parse
from airscene.scene.posed import PosedScenes
from airscene.scene.scene import Scenes
from airscene.scene.sequence import read_file


def load_scenes(path: str | Path) -> Scenes | PosedScenes:
    """Reads a file that `airscene infer` wrote, in 2-D or in 3-D.

    Raises:
        InputError: if the file cannot be read or does not hold scenes.
    """

    def read(text: str) -> Scenes | PosedScenes:
        top = parse(text)
        posed = isinstance(top, dict) and "world" in top
        return (PosedScenes if posed else Scenes).from_json(text)

    return read_file(path, read)
