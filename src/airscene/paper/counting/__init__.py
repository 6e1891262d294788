"""Results that count objects of images."""
