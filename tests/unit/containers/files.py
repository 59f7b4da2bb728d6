"""The container files, read. Nobody builds the images here, so nothing else would notice a renamed flag."""

from pathlib import Path

ROOT = Path(__file__).parents[3]
FILES = {
    name: (ROOT / name).read_text()
    for name in (
        "Dockerfile",
        "docker-compose.yml",
        "docker-compose.cpu.yml",
        ".env.example",
        "docs/containers.md",
    )
}
