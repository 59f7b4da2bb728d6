"""Keras model families and data sets to tune them on; knows nothing of trials, studies or HTTP."""
