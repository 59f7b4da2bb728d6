"""Services filled as people would find them: a house at work, through the REST contract; and a very large study."""

from collections.abc import Iterator, Mapping
from contextlib import ExitStack, contextmanager
from typing import Any

import httpx

from tests.browser import seeded_studies
from tests.browser.backdating import backdate
from tests.browser.hostile import DATASET, SPACE, hostile_names
from tests.browser.large import large
from tests.browser.scripted_worker import Json, ScriptedWorker
from tests.contract.asgi import NO_TLS
from tuner_service import __version__
from tuner_service.service.setup import Service
from tuner_service.service.upkeep.tokens import create_token

__all__ = ["fleet", "large", "living", "register_fleet"]

GIB = 1 << 30
TIMEOUT_SECONDS = 60.0
H100, L4 = "NVIDIA H100 80GB HBM3", "NVIDIA L4"
FLOWERS = "petal_length,petal_width,colour,species\n" + "\n".join(
    f"{1.2 + k % 5 * 0.9:.1f},{0.2 + k % 7 * 0.3:.1f},{('white', 'violet', 'blue')[k % 3]},"
    f"{('setosa', 'versicolor', 'virginica')[k % 5 // 2]}"
    for k in range(120)
)


def living(url: str, service: Service) -> list[Json]:
    """Fill the service behind this address with studies in every state, data, and workers, the same each time.

    Returns the claims of the two running trials of ``digits-dense``. The studies: ``digits-dense`` (running),
    ``digits-separable`` (completed, with files), ``wine-two-goals`` (completed, two objectives), ``iris-paused``,
    ``cancer-cancelled``, ``wine-failed``, ``reviews-waiting`` (no trials, no worker), ``hostile-names`` (external).
    """
    with fleet(url, service) as workers, client(url, service, "seed-submitter", "submitter") as api:
        register_fleet(workers)
        at_work = [workers["gpu-node-1"], workers["gpu-node-2"]]
        query = {"format": "csv", "target": "species"}
        api.put("/v1/datasets/flowers", params=query, content=FLOWERS).raise_for_status()
        seeded_studies.cancer_cancelled(api, at_work)
        seeded_studies.wine_failed(api, at_work)
        seeded_studies.iris_paused(api, at_work)
        hostile_names(api, workers["ann-notebook"])
        seeded_studies.wine_two_goals(api, at_work)
        seeded_studies.digits_separable(api, at_work)
        seeded_studies.reviews_waiting(api)
        running = seeded_studies.digits_dense(api, at_work)
    backdate(service)
    return running


@contextmanager
def client(url: str, service: Service, name: str, role: str) -> Iterator[httpx.Client]:
    """One with a token of its own."""
    headers = {"Authorization": f"Bearer {create_token(service, name, role)}"}
    with browsing(url, headers) as opened:
        yield opened


def browsing(url: str, headers: Mapping[str, str] | None = None) -> httpx.Client:
    """A client that waits for a machine with much else to do."""
    return httpx.Client(
        base_url=url, headers=headers, verify=NO_TLS, trust_env=False, timeout=TIMEOUT_SECONDS
    )


@contextmanager
def fleet(url: str, service: Service) -> Iterator[dict[str, ScriptedWorker]]:
    """The house's workers by name, which so far have said nothing; the last one evaluates external studies."""
    with ExitStack() as stack:
        yield {
            name: ScriptedWorker(
                name, stack.enter_context(client(url, service, f"token-of-{name}", "worker"))
            )
            for name in ("gpu-node-1", "gpu-node-2", "lab-desktop", "old-laptop", "ann-notebook")
        }


def register_fleet(workers: Mapping[str, ScriptedWorker]) -> None:
    """Say what each is and how busy. ``backdate`` makes the last two silent."""
    for step in range(3):
        workers["gpu-node-1"].register(
            **_machine(
                "AMD EPYC 9334 32-Core Processor", 64, (H100, H100), 80, (93 - step, 71 + 3 * step)
            ),
            search_spaces=["dense", "separable_convnet", "residual", SPACE],
            datasets=["breast_cancer", "digits", "iris", "wine", DATASET],
        )
    workers["gpu-node-2"].register(
        **_machine("Intel(R) Xeon(R) Silver 4314 CPU @ 2.40GHz", 16, (L4,), 24, (4,)),
        search_spaces=["dense", "separable_convnet"],
        datasets=["breast_cancer", "digits", "iris", "wine"],
    )
    for name in ("lab-desktop", "old-laptop"):
        workers[name].register(
            **_machine("Intel(R) Core(TM) i7-9700K CPU @ 3.60GHz", 8, (), 0, ()),
            search_spaces=["dense"],
            datasets=["iris"],
        )


def _machine(
    cpu: str, cores: int, gpus: tuple[str, ...], gibibytes: int, busy: tuple[int, ...]
) -> dict[str, Any]:
    """As ``worker/devices`` describes a machine and its load; ``busy``: the GPUs' utilization in percent."""
    found = [
        {
            "index": index,
            "uuid": f"GPU-{index:08x}",
            "name": name,
            "memory_bytes": gibibytes * GIB,
            "memory_used_bytes": int(gibibytes * GIB * (0.05 + share / 130)),
            "utilization_percent": float(share),
        }
        for index, (name, share) in enumerate(zip(gpus, busy, strict=True))
    ]
    told = ("index", "uuid", "name", "memory_bytes")
    memory = cores * 4 * GIB
    return {
        "host": f"{cores}-cores.example",
        "backend": "tensorflow",
        "version": __version__,
        "slots": len(gpus) or 2,
        "devices": [
            {"name": cpu, "kind": "cpu", "cores": cores, "memory_bytes": memory},
            *({"kind": "gpu", **{key: gpu[key] for key in told}} for gpu in found),
        ],
        "load": {
            "cpu_percent": 12.5 + sum(busy) / 4,
            "memory_bytes": memory,
            "memory_used_bytes": int(memory * 0.31),
            "gpus": found,
        },
    }
