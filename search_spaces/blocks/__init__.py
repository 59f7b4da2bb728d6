"""What several families are built of."""

ACTIVATIONS = ["relu", "elu", "gelu", "tanh"]
