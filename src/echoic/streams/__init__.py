"""Running a trained network step by step: the state goes in and comes out of every call."""
