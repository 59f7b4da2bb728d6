"""Look into one file in a process of its own: ``python -m search_spaces.datasets.files``.

Standard input: ``{"path", "format", "told", "limits"}``. Standard output: ``{"description": {…}}`` or
``{"error", "where"}``. A file that crashes a decoder, or that needs more memory than there is, takes this process along
and not the one that asked.
"""

import contextlib
import json
import os
import sys
from pathlib import Path
from typing import Any

from search_spaces.datasets.files import BadFile, Limits, Told, describe


def answer(request: dict[str, Any]) -> dict[str, Any]:
    try:
        found = describe(
            Path(request["path"]),
            request["format"],
            Told.from_json(request["told"]),
            Limits(**request["limits"]),
        )
    except BadFile as error:
        return {"error": str(error), "where": error.where}
    except MemoryError:
        return {"error": "the file unfolds to more than this machine's memory", "where": None}
    return {
        "description": {
            "summary": found.summary,
            **found.signature.to_json(),
            "sizes": dict(found.sizes),
            "notes": list(found.notes),
            "preview": found.preview,
        }
    }


def main() -> None:
    os.nice(10)
    # Should memory run out, this process is the one to go.
    with contextlib.suppress(OSError):
        Path("/proc/self/oom_score_adj").write_text("1000")
    json.dump(answer(json.load(sys.stdin)), sys.stdout)


if __name__ == "__main__":
    main()
