// A study's events as they happen, over Server-Sent Events.

const KINDS = ["study", "trial", "epoch"];
const OVER = ["completed", "cancelled", "failed"];
const AGAIN_MS = 3000;

/**
 * Call `hear(kind, body)` for each event of a study after this one, until the page is left. The server ends the stream
 * of a study that is over; it is asked again only when `resume()` of what is returned is called.
 */
export function follow(study, after, hear, connected = () => {}) {
  let last = after;
  let over = false;
  let source = null;
  const open = () => {
    source?.close();
    over = false;
    source = new EventSource(`/v1/studies/${encodeURIComponent(study)}/events?after=${last}`);
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
      source.close();
      if (over) return;
      connected(false);
      setTimeout(open, AGAIN_MS);
    };
  };
  open();
  addEventListener("pagehide", () => source.close());
  addEventListener("pageshow", (event) => event.persisted && open());
  return { resume: () => over && open() };
}
