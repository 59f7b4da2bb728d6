// The trials that were last compared, so that one more can be put beside them. Kept by this browser.

const KEY = "compared";
const MOST = 12;

export const compared = () => {
  try {
    const kept = JSON.parse(localStorage.getItem(KEY) ?? "[]");
    return Array.isArray(kept) ? kept.filter((trial) => typeof trial === "string") : [];
  } catch {
    return []; // somebody else wrote there, or nothing may be kept
  }
};

export function remember(trials) {
  try {
    localStorage.setItem(KEY, JSON.stringify(trials));
  } catch {
    // A browser that keeps nothing compares all the same.
  }
}

export const address = (trials) => `/compare?${trials.map((trial) => `trial=${encodeURIComponent(trial)}`).join("&")}`;

/** A link that adds its trial to those that were last compared. */
export function offerComparison(link) {
  const others = compared().filter((trial) => trial !== link.dataset.trial).slice(0, MOST - 1);
  if (others.length === 0) return;
  link.href = address([...others, link.dataset.trial]);
  link.textContent = `Compare with ${others.length} other${others.length === 1 ? "" : "s"}`;
  link.title = others.join(", ");
}
