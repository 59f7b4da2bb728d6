// A file on its way: XMLHttpRequest, since `fetch` does not tell how much was sent.
import { Problem, refusal } from "../shared/api.js";

/**
 * Send a file. `heard({sent, size})` as it goes, and `{sent: size}` once all of it is there and is being looked into.
 * Resolves with the data set's entry; rejects with a Problem, whose code is "cancelled" after `cancel()`.
 */
export function sending(url, file, heard) {
  const request = new XMLHttpRequest();
  const done = new Promise((resolve, reject) => {
    const failed = (code, detail) => () => reject(new Problem(0, { code, detail }));
    request.upload.onprogress = (event) => heard({ sent: event.loaded, size: file.size });
    request.upload.onload = () => heard({ sent: file.size, size: file.size });
    request.onerror = failed("unreachable", "the server does not answer, or ended the connection");
    request.onabort = failed("cancelled", "cancelled");
    request.onload = () => {
      const body = parsed(request.responseText);
      if (request.status < 300) resolve(body);
      else reject(refusal(request.status, body));
    };
  });
  request.open("PUT", url);
  request.setRequestHeader("Accept", "application/json");
  request.setRequestHeader("Content-Type", "application/octet-stream");
  request.send(file);
  return { done, cancel: () => request.abort() };
}

function parsed(text) {
  try {
    return JSON.parse(text);
  } catch {
    return {};
  }
}

/** How fast a transfer goes, bytes a second over the last few seconds; null until that can be told. */
export function speedometer(now = () => performance.now()) {
  const WINDOW_MS = 4000;
  const LEAST_MS = 500;
  let seen = [];
  return (sent) => {
    const at = now();
    seen = [...seen.filter((each) => at - each.at < WINDOW_MS), { at, sent }];
    const passed = at - seen[0].at;
    return passed < LEAST_MS ? null : ((sent - seen[0].sent) / passed) * 1000;
  };
}
