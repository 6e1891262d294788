"""What inference returns: scenes of objects, in pixels or in 3-D; JSON, tables, COCO."""

from airscene.scene.coco import to_coco
from airscene.scene.damaged import Damaged
from airscene.scene.labels import label_image
from airscene.scene.mask import Mask
from airscene.scene.posed import PosedObject, PosedScene, PosedScenes, load_scenes
from airscene.scene.scene import Scene, SceneObject, Scenes
from airscene.scene.tables import objects_csv, to_csv
from airscene.scene.unlike import Unlike

__all__ = [
    "Damaged",
    "Mask",
    "PosedObject",
    "PosedScene",
    "PosedScenes",
    "Scene",
    "SceneObject",
    "Scenes",
    "Unlike",
    "label_image",
    "load_scenes",
    "objects_csv",
    "to_coco",
    "to_csv",
]
