"""Renderers in worker processes, and the memory that they share."""
