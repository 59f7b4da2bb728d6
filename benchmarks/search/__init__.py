"""Our search beside Optuna's and KerasTuner's: the same problems, budgets and seeds for all of them.

``python -m benchmarks.search`` runs what is missing and writes the report. What ``build/search`` has is kept, except
for runs of our own search before it changed; whoever changes a problem removes that folder.
"""
