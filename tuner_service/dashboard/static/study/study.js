// One study, live: what the server tells of it goes to the parts of the page that show it.
import { get } from "../shared/api.js";
import { byId, throttled } from "../shared/dom.js";
import { follow } from "../shared/live.js";
import { isSignedOut, whenSignedOut } from "../shared/session.js";
import { dialogs } from "./dialogs.js";
import { showFacts } from "./facts.js";
import { showHead, showPace } from "./head.js";
import { aged, pace } from "./pace.js";
import { panels } from "./panels.js";
import { showWaiting } from "./waiting.js";
import { trialsTable } from "./trials_table.js";
import { conditionsOf } from "./trials_conditions.js";

const OVER = ["completed", "cancelled", "failed"];
const OVER_LOOK_MS = 20_000; // somebody else may extend it
const PACE_MS = 2000;
const SECOND_MS = 1000;
const LOOK_MS = 1000;

const root = byId("study");
let study = JSON.parse(root.dataset.study);
const api = `/v1/studies/${study.name}`;
const base = `/studies/${study.name}`;
const over = () => OVER.includes(study.state);

let table = null;
let live = null;
let gone = false; // deleted here: the page is about to be left
let estimate = null; // of the time used and left
const charts = panels(base, () => study, (kept) => table?.select(conditionsOf(kept)));

function shown(fresh) {
  study = { ...fresh };
  showHead(study, base);
  showFacts(study);
  tick();
  lookAtPace();
  const any = Object.entries(study.progress).some(([state, count]) => state !== "budget" && count > 0);
  byId("results").hidden = !any;
  showWaiting(study, root.dataset, any);
  if (any && table === null) table = trialsTable(byId("trials"), { study, base, executor: root.dataset.executor });
  if (over()) say("over", "Nothing more happens here, unless the study is extended.");
  else watch();
}

const refresh = throttled(async () => {
  if (gone || isSignedOut()) return;
  try {
    shown(await get(api));
    trouble(null);
  } catch (error) {
    trouble(error);
  }
}, LOOK_MS);

function news() {
  if (gone) return;
  refresh();
  table?.news();
  charts.news();
}

function watch() {
  if (live !== null) {
    live.resume();
    return;
  }
  live = follow(study.name, Number(root.dataset.revision), (kind, body) => {
    if (kind === "study") shown(body);
    if (kind === "epoch") {
      charts.epoch(body);
      table?.epoch(body);
    } else {
      if (kind === "trial") charts.trial(body);
      news();
    }
  }, (connected) => {
    if (connected) {
      say("live", "Every epoch shows as soon as the server hears of it.");
      trouble(null);
    } else {
      if (isSignedOut()) return;
      say("reconnecting", "The connection was lost; what is shown may be old.");
      setTimeout(refresh, LOOK_MS); // not at once: the page may be left just now
    }
  });
}

function say(state, title) {
  const line = byId("live");
  line.className = `link ${state.replace(" ", "-")}`;
  line.textContent = state === "reconnecting" ? "reconnecting…" : state;
  line.title = title;
}

function trouble(error) {
  const note = byId("trouble");
  note.hidden = error === null || isSignedOut();
  if (note.hidden) return;
  const at = new Date().toLocaleTimeString([], { hour: "2-digit", minute: "2-digit" });
  note.textContent = {
    404: "This study was deleted. What is shown is what was left of it.",
  }[error.status] ?? `${error.message} (${at}). What is shown is of before; it is tried again.`;
}

const lookAtPace = throttled(async () => {
  if (gone) return;
  estimate = await pace(base).catch(() => estimate);
  tick();
}, PACE_MS);

function tick() {
  if (estimate !== null) showPace(study, aged(estimate, ["running", "paused"].includes(study.state) && !isSignedOut()));
}

document.addEventListener("acted", ({ detail }) => {
  if (!detail.url.startsWith(api)) return;
  gone = detail.url === api;
  if (detail.reply?.progress) shown(detail.reply);
  news();
});
dialogs(api, () => study, (reply) => {
  if (reply !== null) shown(reply);
  news();
});
whenSignedOut(() => say("logged out", "Nothing is asked of the server any more."));
setInterval(tick, SECOND_MS);
setInterval(() => over() && !document.hidden && refresh(), OVER_LOOK_MS);
shown(study);
