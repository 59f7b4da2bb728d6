// Keeps the list of studies fresh without reloading the page: the server renders it, and only that part is exchanged.
const EVERY_MS = 2000;

async function refresh() {
  if (document.hidden) return;
  const reply = await fetch(location.pathname, { headers: { Accept: "text/html" } });
  if (!reply.ok) return location.reload();
  const page = new DOMParser().parseFromString(await reply.text(), "text/html");
  const fresh = page.getElementById("live");
  const shown = document.getElementById("live");
  if (fresh && fresh.innerHTML !== shown.innerHTML) shown.replaceChildren(...fresh.childNodes);
}

setInterval(() => refresh().catch(() => {}), EVERY_MS);
