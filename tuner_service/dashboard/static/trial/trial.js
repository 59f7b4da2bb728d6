// One trial as it goes: its charts, and the parts that the server renders, kept up to date.
import { get } from "../shared/api.js";
import { byId, throttled } from "../shared/dom.js";
import { number as count } from "../shared/format.js";
import { follow } from "../shared/live.js";
import { refreshed } from "../shared/parts.js";
import { isSignedOut, whenSignedOut } from "../shared/session.js";
import { Curves } from "./curves.js";
import { watchFiles } from "./files.js";
import { queueing } from "./queue.js";
import { offerComparison } from "../compare/comparison.js";

const { study, number, revision } = byId("trial").dataset;
const api = `/v1/studies/${encodeURIComponent(study)}/trials/${number}`;
const charted = () => JSON.parse(byId("trial").dataset.charted);
const isOpen = () => ["queued", "running"].includes(charted().state);

const curves = new Curves(charted());

async function allEpochs() {
  const found = [];
  let cursor = "";
  do {
    const page = await get(`${api}/epochs?limit=1000${cursor && `&cursor=${cursor}`}`);
    found.push(...page.items);
    cursor = page.next_cursor;
  } while (cursor);
  return found;
}

async function rolledBack() {
  const { history } = await get(api);
  return history.filter((line) => line.epochs?.length).map(({ attempt, epochs }) => ({ attempt, epochs }));
}

function trouble(error) {
  const told = error !== null && !isSignedOut(); // that is said above
  byId("trouble").hidden = !told;
  byId("trouble").textContent = told ? `What you see may be old: ${error.message}.` : "";
}

async function load() {
  try {
    const [epochs, lost] = await Promise.all([allEpochs(), rolledBack()]);
    curves.show(epochs, lost, charted());
    trouble(null);
  } catch (error) {
    curves.failed();
    trouble(error);
  }
}

async function refresh() {
  if (isSignedOut()) return;
  try {
    const changed = await refreshed();
    trouble(null);
    dress();
    if (changed.includes("trial")) curves.standing(charted());
    if (changed.includes("history")) curves.lost(await rolledBack());
  } catch (error) {
    trouble(error);
  }
}

const soon = throttled(refresh, 1000);
const later = throttled(refresh, 5000);

function hear(kind, body) {
  if (kind === "study") soon();
  if (String(body.number) !== number) return;
  if (kind === "trial") {
    curves.cut(body.epochs);
    soon();
  }
  if (kind === "epoch") {
    curves.add(body);
    for (const element of document.querySelectorAll(".epochs-done")) element.textContent = count(body.epoch + 1);
    later();
  }
}

function connected(now) {
  byId("connection").textContent = now ? "live" : "the server does not answer; asking again…";
  if (now) trouble(null);
  else refresh(); // which says why, if it can
}

/** What is done anew whenever a part was exchanged. */
function dress() {
  offerComparison(byId("compare"));
  if (!isOpen()) byId("connection").textContent = "";
}

document.addEventListener("click", (event) => {
  const zoom = event.target.closest("#zoom");
  if (zoom === null) return;
  const actual = byId("architecture").querySelector(".picture").classList.toggle("actual");
  zoom.setAttribute("aria-pressed", String(actual));
});
document.addEventListener("acted", refresh);
whenSignedOut(() => { byId("connection").textContent = "logged out"; });

dress();
queueing(`/v1/studies/${encodeURIComponent(study)}/trials`, (trial) =>
  location.assign(`/studies/${encodeURIComponent(study)}/trials/${trial.number}`));
watchFiles(api, isOpen, soon);
await load();
if (isOpen()) follow(study, Number(revision), hear, connected);
