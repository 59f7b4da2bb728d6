"""What a Gaussian process makes of a study: candidates as features, results as targets, and where to look next."""
