"""Labelled sequences: features of sound and their cache, augmentation, the front end, post-processing of frames."""
