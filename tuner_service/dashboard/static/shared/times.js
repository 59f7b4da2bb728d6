// Moments as the clock on the wall has them: the server writes UTC, which stays in the title.

const FORMAT = new Intl.DateTimeFormat(undefined, { dateStyle: "medium", timeStyle: "medium" });

/** Every `<time datetime>` within an element, in the browser's own time zone. */
export function localTimes(root) {
  for (const element of root.querySelectorAll("time[datetime]")) {
    const moment = new Date(element.dateTime);
    if (Number.isNaN(moment.getTime())) continue;
    element.title = `${moment.toISOString().slice(0, 19).replace("T", " ")} UTC`;
    element.textContent = FORMAT.format(moment);
  }
}
