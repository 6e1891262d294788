"""Bounds on log p(x), as functions of a model, one image and its noise."""
