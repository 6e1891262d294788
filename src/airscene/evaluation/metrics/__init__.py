"""How near what was inferred is to the truth."""
