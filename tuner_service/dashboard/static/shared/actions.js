// Buttons that say themselves what they do:
//   <button data-send="POST /v1/studies/x/pause" data-done="Paused" data-ask="Pause it?" data-then="/">
// `data-yes` is what its dialog's button says, where the button's own word would be unclear beside "No". `data-then` is
// where to go afterwards. Whoever shows the thing hears of it by the event `acted`, with the reply.
import { deletePage, send } from "./api.js";
import { confirmed, tell, told } from "./notices.js";

document.addEventListener("click", async (event) => {
  const button = event.target.closest("button[data-send]");
  if (button === null || button.disabled) return;
  const [method, url] = button.dataset.send.split(" ");
  if (button.dataset.ask && !(await confirmed(button.dataset.ask, button.dataset.yes ?? button.textContent))) return;
  button.disabled = true;
  const leaves = method === "DELETE" && button.dataset.then;
  const reply = await told(() => (leaves ? deletePage(url) : send(method, url)));
  button.disabled = false;
  if (reply === undefined) return;
  if (button.dataset.then) location.assign(button.dataset.then);
  if (button.dataset.done) tell(button.dataset.done);
  document.dispatchEvent(new CustomEvent("acted", { detail: { url, reply } }));
});

document.addEventListener("click", async (event) => {
  const button = event.target.closest("button[data-copy]");
  if (button === null) return;
  const shown = document.getElementById(button.dataset.copy);
  if (navigator.clipboard === undefined) { // without https there is none: the keyboard can still
    getSelection().selectAllChildren(shown);
    tell("Selected: copy it with Ctrl+C");
    return;
  }
  await navigator.clipboard.writeText(shown.textContent);
  tell("Copied");
});
