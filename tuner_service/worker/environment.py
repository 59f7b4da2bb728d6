"""The environment of a training process: its device, its share of the threads, none of our secrets."""

import os
from collections.abc import Mapping, Sequence

from tuner_service.worker.devices import Gpu
from tuner_service.worker.options import WorkerOptions

DEFAULT_BACKEND = "tensorflow"
SECRET = frozenset({"TUNER_TOKEN", "TUNER_DATABASE_URL", "TUNER_ARTIFACTS_URL"})
"""The token, and URLs that may hold passwords. A process runs the models of whoever may write them."""


def backend_of(environment: Mapping[str, str]) -> str:
    return environment.get("KERAS_BACKEND") or DEFAULT_BACKEND


def library_environment(options: WorkerOptions) -> dict[str, str]:
    """Where the processes find the user's own models and data, and what was fetched and prepared."""
    weights = {} if options.weights is None else {"TUNER_WEIGHTS": str(options.weights.absolute())}
    return weights | {
        "TUNER_SEARCH_SPACES": os.pathsep.join(str(f.absolute()) for f in options.search_spaces),
        "TUNER_DATASETS": os.pathsep.join(str(f.absolute()) for f in options.datasets),
        "TUNER_CACHE": str(options.cache.absolute()),
        "TUNER_CACHE_BYTES": str(options.cache_bytes),
    }


def child_environment(
    inherited: Mapping[str, str], slot: int, slots: int, gpus: Sequence[Gpu], cores: int
) -> dict[str, str]:
    """The variables of this slot's process: one GPU, round robin, or none and a fair share of the cores."""
    kept = {name: value for name, value in inherited.items() if name not in SECRET}
    kept |= {"KERAS_BACKEND": backend_of(inherited), "PYTHONUNBUFFERED": "1"}
    if gpus:
        return kept | {
            # By bus, as nvidia-smi counts; CUDA's own order is by speed.
            "CUDA_DEVICE_ORDER": "PCI_BUS_ID",
            "CUDA_VISIBLE_DEVICES": str(gpus[slot % len(gpus)].index),
            # Several slots may share a GPU; a process must not take all of its memory at the start.
            "TF_FORCE_GPU_ALLOW_GROWTH": "true",
        }
    threads = str(max(1, cores // slots))
    return kept | {
        "CUDA_VISIBLE_DEVICES": "-1",
        "TF_NUM_INTRAOP_THREADS": threads,
        "TF_NUM_INTEROP_THREADS": threads,
        "OMP_NUM_THREADS": threads,
    }
