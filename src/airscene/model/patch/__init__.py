"""AIR that sees only what is near: its weights know no image size."""
