// The way from a chart to the trials in it.

/** A click on what belongs to a trial opens it. */
export function opening(element, open) {
  if (element.dataset.opens) return;
  element.dataset.opens = "trial";
  element.on("plotly_click", ({ points }) => {
    if (Number.isInteger(points[0]?.customdata)) open(points[0].customdata);
  });
}
