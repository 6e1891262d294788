"""Results on images that people have: photographs, micrographs, drawings."""
