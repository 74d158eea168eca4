"""The estimators of `echoic.sklearn`: the only code that knows scikit-learn."""
