// Trials beside one another: their curves in one chart, and the table as the server has it, while they run too.
import { get } from "../shared/api.js";
import { draw } from "../shared/charts.js";
import { compareChart, metricsOf } from "./chart.js";
import { address, compared, remember } from "./comparison.js";
import { byId, el, throttled } from "../shared/dom.js";
import { follow } from "../shared/live.js";
import { refreshed } from "../shared/parts.js";
import { isSignedOut, whenSignedOut } from "../shared/session.js";

const MOST_STREAMS = 2; // a browser opens six connections to a server, for all of its windows
const POLL_MS = 1000;
const DRAW_MS = 250;
const CLEARED = "#cleared"; // where "Clear" leads: forgotten there, so that a click before this script has run counts too

const chosen = { metric: null, over: "epoch", log: false };
const curves = new Map();

const heads = () => [...document.querySelectorAll("#table th[data-trial]")];
const isOpen = (head) => ["queued", "running"].includes(head.dataset.state);
const studyOf = (trial) => trial.split("/")[0];
const api = (trial) => `/v1/studies/${trial.replace("/", "/trials/")}`;

function trouble(error) {
  const told = error !== null && !isSignedOut(); // that is said above
  byId("trouble").hidden = !told;
  byId("trouble").textContent = told ? `What you see may be old: ${error.message}.` : "";
}

async function load(trial) {
  const epochs = [];
  let cursor = "";
  do {
    const page = await get(`${api(trial)}/epochs?limit=1000${cursor && `&cursor=${cursor}`}`);
    epochs.push(...page.items);
    cursor = page.next_cursor;
  } while (cursor);
  curves.set(trial, epochs);
}

function redraw() {
  const shown = heads().map(({ dataset }, index) => ({ name: dataset.trial, index, epochs: curves.get(dataset.trial) ?? [] }));
  offerMetrics(shown);
  const { make, label, note } = compareChart(shown, chosen);
  byId("chart-note").textContent = note;
  byId("chart").hidden = make === null;
  byId("chart").setAttribute("aria-label", label);
  if (make !== null) draw(byId("chart"), make);
}

const drawLater = throttled(redraw, DRAW_MS);

function offerMetrics(shown) {
  const metrics = metricsOf(shown);
  const select = byId("metric");
  if (chosen.metric === null) {
    const objective = heads()[0].dataset.objective;
    chosen.metric = metrics.includes(objective) ? objective : metrics[0] ?? null;
  }
  if ([...select.options].map(({ value }) => value).join("\n") === metrics.join("\n")) return;
  select.replaceChildren(...metrics.map((metric) => el("option", { value: metric }, metric)));
  select.value = chosen.metric;
}

async function refresh() {
  if (isSignedOut()) return;
  try {
    await refreshed();
    trouble(null);
    byId("table").classList.toggle("whole", byId("all").checked);
    drawLater();
  } catch (error) {
    trouble(error);
  }
}

const soon = throttled(refresh, 1000);
const later = throttled(refresh, 5000);

function hear(study, kind, body) {
  const trial = `${study}/${body.number}`;
  if (!curves.has(trial)) return;
  if (kind === "epoch") {
    curves.set(trial, [...curves.get(trial).slice(0, body.epoch), body]);
    drawLater();
    later();
  }
  if (kind === "trial") {
    curves.set(trial, curves.get(trial).slice(0, body.epochs));
    soon();
  }
}

function connected(now) {
  byId("connection").textContent = now ? "live" : "the server does not answer; asking again…";
  if (!now) refresh();
}

/** Ask again and again for the news of studies for which there is no connection left. */
async function poll(studies) {
  const open = heads().filter((head) => isOpen(head) && studies.includes(studyOf(head.dataset.trial)));
  if (!document.hidden) {
    try {
      await Promise.all(open.map(({ dataset }) => load(dataset.trial)));
      if (open.length) soon();
    } catch (error) {
      trouble(error);
    }
  }
  if (open.length && !isSignedOut()) setTimeout(() => poll(studies), POLL_MS);
}

function listen() {
  const live = Object.entries(JSON.parse(byId("compared").dataset.follow));
  for (const [study, revision] of live.slice(0, MOST_STREAMS)) {
    follow(study, revision, (kind, body) => hear(study, kind, body), connected);
  }
  const rest = live.slice(MOST_STREAMS).map(([study]) => study);
  if (rest.length) poll(rest);
  whenSignedOut(() => { byId("connection").textContent = "logged out"; });
}

function choose(id, name, read) {
  byId(id).addEventListener("change", (event) => {
    chosen[name] = read(event.target);
    redraw();
  });
}

async function begin() {
  choose("metric", "metric", ({ value }) => value);
  choose("over", "over", ({ value }) => value);
  choose("log", "log", ({ checked }) => checked);
  byId("all").addEventListener("change", ({ target }) => byId("table").classList.toggle("whole", target.checked));
  remember(heads().map(({ dataset }) => dataset.trial));
  try {
    await Promise.all(heads().map(({ dataset }) => load(dataset.trial)));
    redraw();
    listen();
  } catch (error) {
    byId("chart").classList.remove("loading");
    trouble(error);
  }
}

/** On the page without trials: the way back to those of the last time, unless one comes here to be rid of them. */
function offerLast() {
  if (location.hash === CLEARED) {
    remember([]);
    history.replaceState(null, "", location.pathname);
  }
  const last = compared();
  if (last.length === 0) return;
  byId("last").replaceChildren(el("a", { href: address(last) }, `Go on with ${last.join(", ")}`));
}

if (heads().length) begin();
else offerLast();
