"""Scenes as COCO's JSON of instances, which tools of labelling and of detection read."""

from typing import Any

from airscene.scene.json_fields import rounded
from airscene.scene.scene import Scenes
from airscene.scene.tables import box_area, file_name


def to_coco(scenes: Scenes) -> dict[str, Any]:
    """Makes COCO's JSON of scenes.

    The one category is "object", of id 1. Ids of images and of annotations count from 1. Boxes are
    [x, y, width, height], in pixels; a mask is an uncompressed run-length code of the whole image.

    Args:
        scenes: what was found. Damaged images are left out, as their size is not known.

    Returns:
        What `json.dumps` can write: `images`, `annotations` (with the presence as `score`) and
        `categories`.
    """
    images, annotations = [], []
    for number, scene in enumerate(scenes, 1):
        height, width = size = scene.image_size or scenes.image_size
        name = file_name(scene.source)
        images.append({"id": number, "file_name": name, "width": width, "height": height})
        for thing in scene.objects:
            x0, y0, x1, y1 = thing.box
            annotation = {
                "id": len(annotations) + 1,
                "image_id": number,
                "category_id": 1,
                "bbox": rounded((x0, y0, x1 - x0, y1 - y0), 2),
                "area": box_area(thing.box),
                "iscrowd": 0,
                "score": rounded([thing.presence], 4)[0],
            }
            if thing.mask:
                counts = thing.mask.counts_in(size)
                annotation["area"] = sum(counts[1::2])
                annotation["segmentation"] = {"size": [height, width], "counts": counts}
            annotations.append(annotation)
    categories = [{"id": 1, "name": "object"}]
    return {"images": images, "annotations": annotations, "categories": categories}
