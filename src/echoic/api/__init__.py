"""From data to a trained run and back: prepare, fit, train, load. Knows no single job."""
