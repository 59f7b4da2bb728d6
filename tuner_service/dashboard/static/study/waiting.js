// A study in which nothing trains: what it waits for.
import { get } from "../shared/api.js";
import { byId, el } from "../shared/dom.js";
import { isSignedOut } from "../shared/session.js";

const AGAIN_MS = 5000;
let due = null;
let asked = 0;

/**
 * Say what the study waits for: until there is a trial (`begun`), and later where no worker is there to go on.
 * `serving` has what the page knows of who serves it: its `executor`, whether its data is `uploaded`, and after how many
 * seconds (`silentAfter`) a worker is no longer there.
 */
export async function showWaiting(study, serving, begun) {
  clearTimeout(due);
  asked += 1;
  const mine = asked;
  const stands = begun && (serving.executor === "external" || study.state !== "running" || study.progress.running > 0);
  if (stands || isSignedOut()) {
    byId("nothing-yet").hidden ||= stands;
    return;
  }
  const { said, start = false } = await words(study, serving);
  if (mine !== asked) return;
  byId("waiting").replaceChildren(...said);
  byId("waiting-title").textContent = begun ? "Nothing trains" : "No trial yet";
  byId("start-worker").hidden = !start;
  byId("nothing-yet").hidden = begun && !start;
  due = setTimeout(() => showWaiting(study, serving, begun), AGAIN_MS);
}

/** What is `said`, and whether how to `start` a worker is to be shown below. */
async function words(study, { executor, uploaded, silentAfter }) {
  const say = (...said) => ({ said: [el("p", {}, ...said)] });
  if (!["running", "paused"].includes(study.state)) return say("It was over before a trial began.");
  if (study.state === "paused") return say("It is paused: resume it, and workers get trials of it.");
  if (executor === "external") {
    return { said: [
      el("p", {}, "This study is tried by a program of your own: it claims a trial by the study's name, and reports what came out."),
      el("pre", {}, el("code", {}, `POST /v1/claims  {"worker": "me", "key": "…", "study": "${study.name}"}`)),
    ] };
  }
  const workers = await get("/v1/workers?limit=1000").then(({ items }) => items, () => null);
  if (workers === null) return say("The first trial begins as soon as a worker has a free slot.");
  const { search_space: family, dataset } = study.spec;
  const isThere = ({ last_seen, stopped }) => !stopped && Date.now() - Date.parse(last_seen) <= 1000 * Number(silentAfter);
  const there = workers.filter(isThere);
  const comes = uploaded !== undefined; // the server hands uploaded data to every worker
  const able = there.filter((worker) => worker.search_spaces.includes(family) && (comes || worker.datasets.includes(dataset)));
  if (able.length > 0) {
    const names = able.slice(0, 3).map(({ name }) => name).join(", ");
    const more = able.length > 3 ? ` and ${able.length - 3} more` : "";
    return say(`The first trial begins as soon as a slot is free; this study is served by ${names}${more}. `, el("a", { href: "/fleet" }, "See the fleet"));
  }
  const wanted = comes ? `the family “${family}”` : `both the family “${family}” and the data set “${dataset}”`;
  return { ...say(el("strong", {}, "No worker serves this study. "), lacking(there, wanted), " It waits until one does. To start one:"), start: true };
}

function lacking(workers, wanted) {
  if (workers.length === 0) return "No worker is there.";
  if (workers.length === 1) return `The only worker that is there, ${workers[0].name}, does not have ${wanted}.`;
  return `None of the ${workers.length} workers has ${wanted}.`;
}
