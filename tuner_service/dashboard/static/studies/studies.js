// The list of studies: live, and searched while one types.
import { byId } from "../shared/dom.js";
import { poll } from "../shared/poll.js";
import { tick } from "../shared/ticking.js";

const STANDS_MS = 600; // the server looks at most so often
const TYPING_MS = 200;

const list = poll(() => `/parts/studies${location.search}`, tick);
tick();
const search = byId("search").elements.q;

let typed = null;
search.addEventListener("input", () => {
  clearTimeout(typed);
  typed = setTimeout(() => {
    const asked = new URLSearchParams(location.search);
    asked.delete("page");
    if (search.value.trim()) asked.set("q", search.value.trim());
    else asked.delete("q");
    history.replaceState(null, "", asked.size ? `/?${asked}` : "/");
    list.soon();
  }, TYPING_MS);
});
byId("search").addEventListener("submit", (event) => event.preventDefault());
document.addEventListener("acted", () => setTimeout(list.soon, STANDS_MS));
