"""Understands scenes without labels: how many objects, where, what, and how to draw them again.

An implementation of Attend, Infer, Repeat (Eslami et al. 2016) in JAX.
"""
