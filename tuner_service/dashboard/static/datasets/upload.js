// The panel that brings a file: chosen or dropped, told of, sent, looked into.
import { byId, el } from "../shared/dom.js";
import { sending, speedometer } from "./sending.js";
import { bytes, duration } from "../shared/format.js";

const FORMATS = ["csv", "parquet", "npz", "zip"];
const NAME = /^[A-Za-z0-9][A-Za-z0-9._-]{0,127}$/;

let file = null;
let transfer = null;
let taken = new Map();

/** Wire the panel. `names`: the names there are, and whether each is an upload, which another file may replace. */
export function openUpload(names) {
  taken = names;
  byId("bring").addEventListener("click", () => unfold(byId("upload").hidden));
  byId("file").addEventListener("change", (event) => choose(event.target.files[0]));
  byId("format").addEventListener("change", showFields);
  byId("name").addEventListener("input", checkName);
  byId("cancel").addEventListener("click", () => (transfer === null ? unfold(false) : transfer.cancel()));
  byId("upload-form").addEventListener("submit", (event) => {
    event.preventDefault();
    if (file !== null && transfer === null && checkName()) bring();
  });
  acceptDrops();
  addEventListener("beforeunload", (event) => transfer !== null && event.preventDefault());
}

function unfold(open) {
  byId("upload").hidden = !open;
  byId("bring").setAttribute("aria-expanded", String(open));
  (open ? byId("file") : byId("bring")).focus();
}

/** A file dropped anywhere on the page is meant for the panel. */
function acceptDrops() {
  const drop = document.querySelector(".drop");
  const isFile = (event) => [...(event.dataTransfer?.types ?? [])].includes("Files");
  document.addEventListener("dragover", (event) => {
    if (!isFile(event)) return;
    event.preventDefault();
    byId("upload").hidden = false;
    drop.classList.add("over");
  });
  document.addEventListener("dragleave", (event) => event.relatedTarget === null && drop.classList.remove("over"));
  document.addEventListener("drop", (event) => {
    if (!isFile(event)) return;
    event.preventDefault();
    drop.classList.remove("over");
    unfold(true);
    if (transfer === null) choose(event.dataTransfer.files[0]);
  });
}

function choose(chosen) {
  if (chosen === undefined) return;
  const [, stem, ending] = /^(.*?)(?:\.([^.]*))?$/.exec(chosen.name);
  const most = Number(byId("upload").dataset.most);
  const format = (ending ?? "").toLowerCase();
  file = null;
  if (chosen.size === 0) say("file-problem", `${chosen.name} is empty.`);
  else if (chosen.size > most) say("file-problem", `${chosen.name} has ${bytes(chosen.size)}; at most ${bytes(most)} are taken.`);
  else {
    file = chosen;
    say("file-problem", FORMATS.includes(format) ? "" : `“.${format}” tells no format: say which one it is.`);
    byId("file-words").replaceChildren(el("strong", {}, chosen.name), ` ${bytes(chosen.size)}. Choose another one if it is not this.`);
    byId("name").value = proposed(stem);
    if (FORMATS.includes(format)) byId("format").value = format;
    checkName();
  }
  byId("told").hidden = file === null;
  byId("send").disabled = file === null;
  say("upload-problems", "");
  showFields();
}

const proposed = (stem) => stem.normalize("NFKD").replace(/[^A-Za-z0-9._-]+/g, "-").replace(/^[._-]+|-+$/g, "").slice(0, 128);

function showFields() {
  const format = byId("format").value;
  for (const element of document.querySelectorAll("#told [data-for]")) {
    element.hidden = !element.dataset.for.split(" ").includes(format);
  }
}

/** Whether the name will do; what is to be known of it is said below it. */
function checkName() {
  const name = byId("name").value.trim();
  const isBad = !NAME.test(name) || taken.get(name) === false;
  let words = "";
  if (!NAME.test(name)) words = "A name has letters, digits and . _ -, and begins with a letter or digit.";
  else if (taken.get(name) === false) words = `There is “${name}” already, and it is no upload; take another name.`;
  else if (taken.get(name)) words = `Takes the place of the upload “${name}”.`;
  byId("name").setAttribute("aria-invalid", String(isBad));
  say("name-problem", words);
  byId("name-problem").classList.toggle("mild", !isBad);
  return !isBad;
}

/** What the fields that are shown say, as the API's parameters. */
function told() {
  const format = byId("format").value;
  const query = new URLSearchParams({ format });
  const listed = (id) => byId(id).value.split(",").map((each) => each.trim()).filter(Boolean);
  if (format === "zip") {
    if (byId("image-size").value.trim()) query.set("image_size", byId("image-size").value.trim());
    return query;
  }
  listed("target").forEach((each) => query.append("target", each));
  listed("kinds").forEach((each) => query.append("kind", each));
  if (byId("task").value) query.set("task", byId("task").value);
  return query;
}

async function bring() {
  const name = byId("name").value.trim();
  const speed = speedometer();
  transfer = sending(`/v1/datasets/${encodeURIComponent(name)}?${told()}`, file, (progress) => show(progress, speed));
  wait(true);
  show({ sent: 0, size: file.size }, speed);
  try {
    await transfer.done;
    transfer = null;
    location.assign(`/datasets/${encodeURIComponent(name)}`);
  } catch (problem) {
    transfer = null;
    wait(false);
    refused(name, problem);
  }
}

function wait(under_way) {
  byId("going").hidden = !under_way;
  byId("send").disabled = under_way;
  byId("cancel").textContent = under_way ? "Cancel" : "Close";
  for (const field of document.querySelectorAll("#told input, #told select, #file")) field.disabled = under_way;
  if (under_way) say("upload-problems", "");
}

function show({ sent, size }, speed) {
  const bar = byId("sent");
  const rate = speed(sent);
  if (sent >= size && sent > 0) {
    bar.removeAttribute("value");
    byId("sent-words").textContent = "All there. It is being looked into…";
    return;
  }
  bar.value = sent / size;
  const left = rate ? `, ${bytes(rate)}/s, ${duration((size - sent) / rate)} left` : "";
  byId("sent-words").textContent = `${bytes(sent)} of ${bytes(size)}${left}`;
}

/** Why there is no new data set, with all that the server said of the file. */
function refused(name, problem) {
  const place = byId("upload-problems");
  if (problem.code === "cancelled") {
    say("upload-problems", "Cancelled. Nothing was kept.");
  } else {
    const said = problem.errors.length ? problem.errors.map((each) => each.msg) : [problem.message];
    place.replaceChildren(el("strong", {}, headline(problem)), el("ul", {}, ...said.map((each) => el("li", {}, each))));
    place.hidden = false;
  }
  place.focus();
}

function headline(problem) {
  if (problem.status === 422) return "The file was looked into and not taken:";
  if (problem.status === 409) return "It was not taken, since the name is in use:";
  if (problem.status === 401) return "You are not logged in any more:";
  return "The file was not taken:";
}

function say(id, words) {
  byId(id).textContent = words;
  byId(id).hidden = words === "";
}
