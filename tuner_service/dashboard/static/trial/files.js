// The files that a trial leaves, of which no event tells: the log while it is looked at, news of the others.
import { get, refusal } from "../shared/api.js";
import { byId } from "../shared/dom.js";
import { isSignedOut } from "../shared/session.js";

const EVERY_MS = 2000;
const AFTER_THE_END_MS = 30_000; // a pruned trial's last files come after its end
const LOG = "log.txt";

/** `changed()` is called when there are other files than before. */
export function watchFiles(api, isOpen, changed) {
  const details = byId("log");
  let known = null;
  let log = null;
  let until = isOpen() ? Infinity : 0;

  const look = async () => {
    const { items } = await get(`${api}/artifacts?limit=1000`);
    const now = items.map((file) => file.sha256).join();
    if (known !== null && now !== known) changed();
    known = now;
    const written = items.find((file) => file.name === LOG)?.sha256 ?? "";
    if (details.open && written !== log) {
      showLog(written === "" ? "" : await text(`${api}/log`), isOpen());
      log = written;
    }
  };
  const again = async () => {
    if (until === Infinity && !isOpen()) until = performance.now() + AFTER_THE_END_MS;
    if (!document.hidden) await look().catch(() => {}); // the page says by itself that the server is gone
    if (performance.now() < until && !isSignedOut()) setTimeout(again, EVERY_MS);
  };
  details.addEventListener("toggle", () => {
    if (details.open) look().catch((error) => { byId("log-lines").textContent = error.message; });
  });
  again();
}

async function text(url) {
  const reply = await fetch(url);
  if (!reply.ok) throw refusal(reply.status, {});
  return reply.text();
}

function showLog(lines, more) {
  const shown = byId("log-lines");
  const atEnd = shown.scrollTop + shown.clientHeight >= shown.scrollHeight - 8;
  const nothing = more ? "Nothing yet: the log comes with each checkpoint, and at the end." : "It printed nothing.";
  shown.textContent = lines || nothing;
  if (atEnd) shown.scrollTop = shown.scrollHeight;
}
