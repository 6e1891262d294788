"""Inverse graphics: networks that infer 3-D scenes, trained through a renderer, with no labels."""
