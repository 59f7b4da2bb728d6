// A card whose data is loaded when it is seen, and again when there are news of it.
import { byId } from "./dom.js";
import { isSignedOut } from "./session.js";

const AGAIN_MS = 5000;
const panels = new Map();
const observer = new IntersectionObserver(
  (entries) => {
    for (const { target, isIntersecting } of entries) panels.get(target)?.seen(isIntersecting);
  },
  { rootMargin: "300px" },
);
const ready = new Promise((resolve) => {
  // Deferred scripts, plotly.js among them, have run by then.
  if (document.readyState === "complete") resolve();
  else addEventListener("DOMContentLoaded", resolve, { once: true });
});
document.addEventListener("visibilitychange", () => panels.forEach((panel) => panel.refresh()));

/**
 * `load()` gets the data, with its `revision`; `show(data)` draws it and may answer `{note, empty}`: what to say below,
 * and what to say instead where there is nothing to draw. `every`: milliseconds between two loads at the least.
 * What is returned: `news()` when there may be other data, `reload()` when other data is wanted,
 * `redraw()` when the same is to be drawn in another way.
 */
export function panel(id, { load, show, every = 2000 }) {
  const element = byId(id);
  const note = byId(`${id}-note`);
  let visible = false;
  let stale = true;
  let busy = false;
  let looks = 0;
  let wish = 0; // counts what was wanted: what comes for an earlier wish is let go
  let due = null;
  let last = -Infinity;
  let shown = null; // what was drawn
  let unseen = false; // whether it is to be drawn in another way when it is seen

  const say = ({ note: text = "", empty = null } = {}) => {
    element.hidden = empty !== null;
    element.classList.remove("loading");
    note.textContent = empty ?? text;
  };
  const work = async (mine) => {
    const data = await load();
    await ready;
    if (mine !== wish || data.revision === shown?.revision) return;
    shown = data;
    say(await show(data));
  };
  const refresh = async () => {
    due = null;
    if (!visible || !stale || busy || document.hidden || isSignedOut()) return;
    const wait = last + every - performance.now();
    if (wait > 0) {
      due ??= setTimeout(refresh, wait);
      return;
    }
    stale = false;
    busy = true;
    const mine = wish;
    try {
      await work(mine);
      last = mine === wish ? performance.now() : -Infinity;
      looks -= 1;
      stale ||= looks > 0;
    } catch (error) {
      stale = true;
      last = performance.now() + AGAIN_MS - every;
      element.classList.remove("loading");
      if (!isSignedOut()) note.textContent = `Not up to date: ${error.message}`; // the page says that by itself
    }
    busy = false;
    if (stale) refresh();
  };
  const self = {
    seen(now) {
      visible = now;
      self.refresh();
    },
    news() {
      // The first look may be answered with what was drawn a moment ago for somebody else.
      looks = 2;
      stale = true;
      if (due === null) refresh();
    },
    reload() {
      clearTimeout(due);
      wish += 1;
      [stale, shown, last] = [true, null, -Infinity];
      refresh();
    },
    /** Draw the same data again, in another way. */
    async redraw() {
      unseen = !visible || document.hidden;
      if (!unseen && shown !== null) say(await show(shown));
    },
    refresh() {
      refresh();
      if (unseen) self.redraw();
    },
  };
  const card = element.closest("section");
  panels.set(card, self);
  observer.observe(card);
  return self;
}
