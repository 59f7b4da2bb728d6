// Elements become like newer ones, and only what differs is touched: focus, open folds and a reader's place stay.

const keyed = (element) => [...element.children].some((child) => child.dataset.key !== undefined);
const hasText = (element) =>
  [...element.childNodes].some((node) => node.nodeType === Node.TEXT_NODE && node.data.trim() !== "");

/**
 * Make `live` like `fresh`. `before` is what `live` was made like the last time: scripts and people may have changed it
 * since (times that tick, folds that are open), and what is the same in `before` and `fresh` is left as it is.
 */
export function renew(live, before, fresh) {
  if (before.isEqualNode(fresh)) return;
  renewAttributes(live, before, fresh);
  if (keyed(before) || keyed(fresh)) renewKeyed(live, before, fresh);
  else if (alike(live, before, fresh)) {
    [...fresh.children].forEach((child, index) =>
      renew(live.children[index], before.children[index], child));
  } else if (!sameChildren(before, fresh)) live.replaceChildren(...copies(fresh));
}

function renewAttributes(live, before, fresh) {
  for (const { name, value } of fresh.attributes) {
    if (before.getAttribute(name) !== value) live.setAttribute(name, value);
  }
  for (const { name } of before.attributes) if (!fresh.hasAttribute(name)) live.removeAttribute(name);
}

/** The same elements in the same order, and no text between them. */
function alike(live, before, fresh) {
  if (fresh.children.length === 0 || [before, fresh].some(hasText)) return false;
  const tags = (element) => [...element.children].map((child) => child.tagName).join();
  return tags(before) === tags(fresh) && tags(live) === tags(fresh);
}

const copies = (element) => [...element.childNodes].map((node) => document.importNode(node, true));

function sameChildren(before, fresh) {
  const bare = (element) => {
    const copy = document.createElement("div");
    copy.append(...copies(element));
    return copy;
  };
  return bare(before).isEqualNode(bare(fresh));
}

function renewKeyed(live, before, fresh) {
  const old = new Map([...before.children].map((child) => [child.dataset.key, child]));
  const there = new Map([...live.children].map((child) => [child.dataset.key, child]));
  let place = live.firstElementChild;
  for (const child of fresh.children) {
    const { key } = child.dataset;
    let mine = there.get(key);
    there.delete(key);
    if (mine === undefined || !old.has(key)) {
      mine = document.importNode(child, true);
      live.insertBefore(mine, place);
      continue;
    }
    if (mine === place) place = place.nextElementSibling;
    else live.insertBefore(mine, place);
    renew(mine, old.get(key), child);
  }
  for (const gone of there.values()) gone.remove();
}
