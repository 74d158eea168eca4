"""Shared code of jobs on labelled sequences: features, augmentation, batches, front end, post-processing."""
