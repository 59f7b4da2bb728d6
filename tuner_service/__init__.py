"""Self-hosted hyperparameter optimization for Keras."""

__version__ = "0.1.0"
