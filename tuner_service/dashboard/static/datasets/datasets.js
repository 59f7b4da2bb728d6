// The list of data sets: found by name and kind, and a panel to bring one.
import { byId } from "../shared/dom.js";
import { openUpload } from "./upload.js";

const rows = [...document.querySelectorAll("tr[data-name]")];

function find() {
  const words = byId("find").value.toLowerCase().split(/\s+/).filter(Boolean);
  const kind = byId("kind").value;
  for (const row of rows) {
    const text = row.textContent.toLowerCase();
    row.hidden = !(words.every((word) => text.includes(word)) && (kind === "" || row.dataset.kind === kind));
  }
  for (const shelf of document.querySelectorAll(".shelf")) {
    const left = shelf.querySelectorAll("tr[data-name]:not([hidden])").length;
    shelf.hidden = left === 0;
    shelf.querySelector(".tally").textContent = left;
  }
  byId("nothing-found").hidden = rows.some((row) => !row.hidden);
}

byId("find").addEventListener("input", find);
byId("kind").addEventListener("change", find);
find(); // a browser that comes back keeps what was typed

if (byId("upload") !== null) {
  const taken = new Map(rows.map((row) => [row.dataset.name, row.dataset.upload === "yes"]));
  openUpload(taken);
}
