// A study's events as they happen, over Server-Sent Events.
import { get } from "./api.js";
import { isSignedOut, whenSignedOut } from "./session.js";

const KINDS = ["study", "trial", "epoch"];
const OVER = ["completed", "cancelled", "failed"];
const AGAIN_MS = 3000;
const HIDDEN_MS = 10_000;

/**
 * Call `hear(kind, body)` for each event of a study after this one, until the page is left. The server ends the stream
 * of a study that is over; it is asked again only when `resume()` of what is returned is called.
 *
 * A page that nobody sees lets go of its stream, and hears what it missed when it is looked at again: over HTTP/1.1 a
 * browser has six connections to a server, so that a seventh tab would wait for ever.
 */
export function follow(study, after, hear, connected = () => {}) {
  let last = after;
  let over = false;
  let source = null;
  let again = null;
  const close = () => {
    clearTimeout(again);
    source?.close();
    source = null;
  };
  const address = `/v1/studies/${encodeURIComponent(study)}`;
  const open = () => {
    close();
    if (isSignedOut()) return;
    over = false;
    source = new EventSource(`${address}/events?after=${last}`);
    source.onopen = () => connected(true);
    for (const kind of KINDS) {
      source.addEventListener(kind, (event) => {
        last = Number(event.lastEventId);
        const body = JSON.parse(event.data);
        if (kind === "study") over = OVER.includes(body.state);
        hear(kind, body);
      });
    }
    source.onerror = () => {
      close();
      if (over) return;
      connected(false);
      if (!document.hidden) again = setTimeout(reopen, AGAIN_MS);
    };
  };
  /** A stream that is refused does not say why: ask first for something that does. */
  const reopen = async () => {
    const there = await get(address).then(() => true, () => false);
    if (document.hidden || isSignedOut() || source !== null) return;
    if (there) open();
    else again = setTimeout(reopen, AGAIN_MS);
  };
  open();
  whenSignedOut(close);
  document.addEventListener("visibilitychange", () => {
    if (over) return;
    clearTimeout(again);
    if (document.hidden) again = setTimeout(close, HIDDEN_MS);
    else if (source === null) open();
  });
  addEventListener("pagehide", close);
  addEventListener("pageshow", (event) => event.persisted && !over && open());
  return { resume: () => over && open() };
}
