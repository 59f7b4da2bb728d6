"""A home, a port, and real processes in it."""

import os
import socket
import subprocess
import sys
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any

import httpx

from tuner_service.home import read_token
from tuner_service.service.setup import open_service
from tuner_service.service.upkeep.tokens import create_token
from tuner_service.settings import Settings

TUNER = (sys.executable, "-m", "tuner_service.cli")
ROOT = Path(__file__).parents[2]
WAIT_SECONDS = 180.0


class House:
    """One home, one port, and the processes that a test starts there."""

    def __init__(self, home: Path) -> None:
        self.home = home
        self.started: list[subprocess.Popen[bytes]] = []
        with socket.create_server(("127.0.0.1", 0)) as free:
            self.port = free.getsockname()[1]
        self.client = httpx.Client(
            base_url=f"http://127.0.0.1:{self.port}", timeout=60, trust_env=False
        )

    def start(self, *arguments: str, **environment: str) -> subprocess.Popen[bytes]:
        log = self.home.parent / f"{arguments[0]}-{len(self.started)}.log"
        with log.open("wb") as output:
            process = subprocess.Popen(
                [*TUNER, *arguments],
                stdin=subprocess.DEVNULL,
                stdout=output,
                stderr=subprocess.STDOUT,
                env={
                    **os.environ,
                    "PYTHONPATH": str(ROOT),
                    "TUNER_HOME": str(self.home),
                    "NO_PROXY": "127.0.0.1",
                    **environment,
                },
            )
        self.started.append(process)
        return process

    def serve(self, lease_seconds: float = 60.0, **environment: str) -> subprocess.Popen[bytes]:
        process = self.start(
            *("serve", "--port", str(self.port)),
            TUNER_LEASE_SECONDS=str(lease_seconds),
            **environment,
        )
        self.until(self._is_ready, process)
        self.client.headers["Authorization"] = f"Bearer {read_token(self.home)}"
        return process

    def work(
        self, name: str, slots: int = 1, *arguments: str, **environment: str
    ) -> subprocess.Popen[bytes]:
        # As `tuner token create` does it, without the seconds in which a process of its own begins.
        with open_service(Settings(home=self.home, database_url=None)) as beside:
            token = create_token(beside, name, "worker")
        return self.start(
            *("worker", "--url", str(self.client.base_url), "--name", name, "--slots", str(slots)),
            *("--cache", str(self.home.parent / "cache"), *arguments),
            TUNER_TOKEN=token,
            **environment,
        )

    def get(self, path: str) -> Any:
        return self.client.get(path).raise_for_status().json()

    def trials(self, study: str = "cancer") -> list[dict[str, Any]]:
        items: list[dict[str, Any]] = self.get(f"/v1/studies/{study}/trials")["items"]
        return items

    def epochs(self, number: int, study: str = "cancer") -> list[int]:
        items = self.get(f"/v1/studies/{study}/trials/{number}/epochs")["items"]
        return [item["epoch"] for item in items]

    def until(self, so: Callable[[], bool], process: subprocess.Popen[bytes]) -> None:
        """Wait for something that this process brings about."""
        deadline = time.monotonic() + WAIT_SECONDS
        while not so():
            assert process.poll() is None, self.logs()
            assert time.monotonic() < deadline, self.logs()
            time.sleep(0.1)  # asking takes cores from what is waited for

    def completed(self, study: str = "cancer") -> bool:
        state = self.get(f"/v1/studies/{study}")["state"]
        assert state in ("running", "completed"), self.logs()
        return bool(state == "completed")

    def logs(self) -> str:
        return "\n".join(
            f"== {log.name}\n{log.read_text(errors='replace')}"
            for log in sorted(self.home.parent.glob("*.log"))
        )

    def _is_ready(self) -> bool:
        try:
            return self.client.get("/readyz").is_success
        except httpx.TransportError:
            return False

    def close(self) -> None:
        self.client.close()
        for process in reversed(self.started):
            if process.poll() is None:
                process.terminate()
                try:
                    process.wait(30)
                except subprocess.TimeoutExpired:
                    process.kill()
                    process.wait()
