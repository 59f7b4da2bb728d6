// Times in words that grow by themselves: `<time datetime>` is how long ago, with `data-until` how long still.
import { ago, duration } from "./format.js";

const NOTICEABLE_MS = 1500;
let skew = 0;

/** Write every time anew, now and each second; `now`, the server's time in milliseconds, sets this clock right. */
export function tick(now = Date.now() + skew) {
  const off = now - Date.now();
  if (Math.abs(off - skew) > NOTICEABLE_MS) skew = off; // less is the way from the server
  write();
}

function write() {
  const now = Date.now() + skew;
  for (const time of document.querySelectorAll("time[datetime]")) {
    const text = words(time, now);
    if (time.textContent !== text) time.textContent = text;
  }
}

function words(time, now) {
  if (!("until" in time.dataset)) return ago(time.dateTime, now);
  const seconds = (Date.parse(time.dateTime) - now) / 1000;
  return seconds > 0 ? `in ${duration(Math.round(seconds))}` : "now";
}

setInterval(write, 1000);
