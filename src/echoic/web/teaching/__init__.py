"""Teaching by showing: examples that the page records, as files, and the classifier that is trained on them."""
