"""What is claimed about speed, each with the peer that it is measured beside: ``python -m benchmarks``."""
