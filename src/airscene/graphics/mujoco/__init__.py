"""MuJoCo as a renderer: contexts, MJCF files, the list of geoms that it draws."""
