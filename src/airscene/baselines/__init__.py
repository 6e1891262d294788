"""What AIR is compared with."""
