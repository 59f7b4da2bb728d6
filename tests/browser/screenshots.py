"""Pictures of every page over the living house: ``python -m tests.browser.screenshots [FOLDER]``.

At the width of a desk and of a phone, light and dark. Fails if a page complains on the console, asks another host,
leaves a chart undrawn or is wider than its window.
"""

import sys
import tempfile
from itertools import product
from pathlib import Path

from playwright.sync_api import TimeoutError

from tests.browser.backdating import keep_in_touch
from tests.browser.chromium import chromium
from tests.browser.seeds import living
from tests.browser.visitor import DESKTOP, PHONE, Visitor, entering
from tests.contract.asgi import serve
from tuner_service.domain.trial import TrialState
from tuner_service.service.reading import studies, trials
from tuner_service.service.setup import Service, open_service
from tuner_service.settings import Settings

FOLDER = Path("build/screenshots")
WIDTHS = {"desktop": DESKTOP, "phone": PHONE}
SCHEMES = ("light", "dark")
EXPECTED = ("401", "404")
"""The statuses of pages that show how they refuse."""
DRAWN_MS = 15_000
PAGES = {
    "studies": "/",
    "new-study": "/new",
    "new-study-clone": "/new?from=digits-separable",
    "study": "/studies/digits-dense",
    "study-completed": "/studies/digits-separable",
    "study-two-goals": "/studies/wine-two-goals",
    "study-paused": "/studies/iris-paused",
    "study-failed": "/studies/wine-failed",
    "study-waiting": "/studies/reviews-waiting",
    "study-hostile": "/studies/hostile-names",
    "trial-running": "/studies/digits-dense/trials/56",
    "trial-resumed": "/studies/digits-dense/trials/4",
    "trial-failed": "/studies/wine-failed/trials/0",
    "trial-hostile": "/studies/hostile-names/trials/5",
    "compare-empty": "/compare",
    "fleet": "/fleet",
    "datasets": "/datasets",
    "dataset": "/datasets/digits",
    "dataset-upload": "/datasets/flowers",
    "dataset-hostile": "/datasets/mine.table",
    "search-spaces": "/search-spaces",
    "search-space": "/search-spaces/separable_convnet",
    "search-space-broken": "/search-spaces/mine.broken",
    "not-found": "/studies/nowhere",
}
DRAWN = """() => [...document.querySelectorAll('.loading, [aria-busy=true]')]
  .every((element) => element.getClientRects().length === 0)"""
# What is drawn only where it is seen has to be seen once.
LOOK_THROUGH = """async () => {
  for (let y = 0; y < document.body.scrollHeight; y += innerHeight / 2) {
    scrollTo(0, y);
    await new Promise((done) => requestAnimationFrame(() => requestAnimationFrame(done)));
  }
}"""
BACK_TO_TOP = "() => { scrollTo(0, 0); document.activeElement?.blur(); }"


def take_all(folder: Path) -> list[str]:
    """What was wrong with which page."""
    folder.mkdir(parents=True, exist_ok=True)
    wrong: list[str] = []
    with tempfile.TemporaryDirectory() as home:
        settings = Settings(home=Path(home) / "home", database_url=None, lease_seconds=3600)
        with open_service(settings) as service, serve(service) as server:
            living(server.url, service)
            pages = PAGES | _found(service)
            with chromium() as browser, entering(browser, server.url, service) as enter:
                for width, scheme in product(WIDTHS, SCHEMES):
                    visitor = enter("admin", WIDTHS[width], scheme)
                    for name, path in pages.items():
                        keep_in_touch(service)
                        file = folder / f"{name}-{width}-{scheme}.png"
                        wrong += [f"{file.stem}: {each}" for each in _take(visitor, path, file)]
                    visitor.page.context.clear_cookies()
                    _take(visitor, "/", folder / f"signed-out-{width}-{scheme}.png")
    return wrong


def _found(service: Service) -> dict[str, str]:
    """The pages of trials that became of interest by how they ended."""
    best, second, *_ = trials.page(service, "digits-separable", [], "-value", 2)
    other = studies.get(service, "digits-dense")["best"]["trial"]
    pruned = trials.page(service, "digits-dense", [TrialState.PRUNED], "number", 1)[0]
    names = [f"digits-separable/{each.number}" for each in (best, second)]
    chosen = "&".join(f"trial={name}" for name in [*names, f"digits-dense/{other}"])
    return {
        "trial": f"/studies/digits-separable/trials/{best.number}",
        "trial-pruned": f"/studies/digits-dense/trials/{pruned.number}",
        "compare": f"/compare?{chosen}",
    }


def _take(visitor: Visitor, path: str, file: Path) -> list[str]:
    """Open a page and take its picture; what was wrong with it."""
    page = visitor.page
    visitor.open(path)
    page.evaluate(LOOK_THROUGH)
    wrong = []
    try:
        page.wait_for_function(DRAWN, timeout=DRAWN_MS)
    except TimeoutError:
        wrong.append("something is still loading")
    page.evaluate(BACK_TO_TOP)
    page.screenshot(path=file, full_page=True)
    if visitor.overflows():
        wrong.append("wider than its window")
    wrong += [each for each in visitor.complaints if not any(e in each for e in EXPECTED)]
    visitor.complaints.clear()
    return wrong


if __name__ == "__main__":
    target = Path(sys.argv[1]) if len(sys.argv) > 1 else FOLDER
    failures = take_all(target)
    print("\n".join([*failures, f"{len(list(target.glob('*.png')))} pictures in {target}"]))
    sys.exit(bool(failures))
