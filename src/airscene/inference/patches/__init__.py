"""Inference on images of any size, with any number of objects."""
