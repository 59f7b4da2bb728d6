// The dialogs of a study: more trials, a candidate of one's own.
import { send } from "../shared/api.js";
import { candidateForm } from "../shared/candidate.js";
import { byId } from "../shared/dom.js";
import { tell } from "../shared/notices.js";
import { count } from "./words.js";

/** `current()` is the study as it stands; `acted()` is called when something was changed. */
export function dialogs(api, current, acted) {
  if (byId("extension") === null) return; // a viewer changes nothing
  const form = candidateForm(byId("candidate-fields"), current().space.parameters);
  const openers = { extension: () => {}, candidate: () => form.reset() };
  for (const button of document.querySelectorAll("[data-opens]")) {
    button.addEventListener("click", () => {
      openers[button.dataset.opens]();
      byId("candidate-best").hidden = current().best === null;
      const dialog = byId(button.dataset.opens);
      dialog.showModal();
      dialog.querySelector("input[type=number]")?.select(); // what is typed takes the place of what is proposed
    });
  }
  for (const button of document.querySelectorAll("[data-closes]")) {
    button.addEventListener("click", () => button.closest("dialog").close());
  }
  byId("candidate-best").addEventListener("click", () => form.fill(current().best.parameters));
  submitting("extension", async () => {
    const more = Number(byId("extension-trials").value);
    acted(await send("POST", `${api}/extend`, { trials: more }));
    tell(`${count(more, "more trial")} may be tried`);
  });
  submitting("candidate", async () => {
    const parameters = form.read();
    if (parameters === null) throw new Error("Some values are not allowed.");
    const trial = await send("POST", `${api}/trials`, { parameters, extend: true });
    acted(null);
    tell(`Trial ${trial.number} is queued`);
  }, (error) => form.complain(error.errors ?? []));
}

/** Send a dialog's form by `work`; what goes wrong is told in it, and nothing that was typed is lost. */
function submitting(id, work, complain = () => 0) {
  const problem = byId(`${id}-problem`);
  byId(id).addEventListener("close", () => (problem.textContent = ""));
  byId(id).querySelector("form").addEventListener("submit", async (event) => {
    event.preventDefault();
    const button = event.target.querySelector("button.primary");
    button.disabled = true;
    problem.textContent = "";
    try {
      await work();
      byId(id).close();
    } catch (error) {
      const placed = complain(error);
      problem.textContent = placed ? "Some values are not allowed." : error.message;
    }
    button.disabled = false;
  });
}
