"""Shapes of one scene that many signatures share.

Args:
    Numbers: An array: JAX's in what is compiled, NumPy's on the way to it.
    Picture: What is seen: values in [0, 1] by height, width and channel.
    Canvas: The render before a step; of 0 channels for the recurrent network.
    Canvases: Those of all steps.
    Camera: Numbers of the camera, of z_camera for instance; none if it is fixed.
    Present: Whether each slot has an object.
    Kinds: Type of each slot's object.
    Slots: A number for each slot.
    Poses: Three numbers for each slot, z_where for instance.
    Alternatives: A number for each alternative of a slot: absent, then each type.
    Table: A number for each alternative of each slot.
    Total: One number.
    Renders: Images as a renderer draws them, 0 black to 255 white.
    Inputs: What the networks see of them, values in [0, 1].
"""

from typing import Any

import numpy as np
from jaxtyping import Bool, Float, Int, UInt8

Numbers = Any
Picture = Float[Numbers, "height width 3"]
Canvas = Float[Numbers, "height width seen"]
Canvases = Float[Numbers, "slots height width seen"]
Camera = Float[Numbers, " cameras"]
Present = Bool[Numbers, " slots"]
Kinds = Int[Numbers, " slots"]
Slots = Float[Numbers, " slots"]
Poses = Float[Numbers, "slots 3"]
Alternatives = Float[Numbers, " alternatives"]
Table = Float[Numbers, "slots alternatives"]
Total = Float[Numbers, ""]
Renders = UInt8[np.ndarray, "n rows columns 3"]
Inputs = Float[np.ndarray, "n height width 3"]
