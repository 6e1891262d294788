"""Images with known truth: digits, sprites, characters."""
