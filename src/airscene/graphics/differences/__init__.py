"""Gradients and tables through a renderer: what to draw, and what follows from the scores."""
