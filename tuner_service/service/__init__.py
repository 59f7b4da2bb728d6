"""The use cases. The only place that opens transactions; none is open while Optuna thinks."""
