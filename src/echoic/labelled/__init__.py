"""Labelled sequences: features of sound and their cache, augmentation, batches, the front end, post-processing."""
