// An axis of epochs, or of anything else that is counted: whole ticks only.

const STEPS = [1, 2, 5, 10, 20, 50, 100, 200, 500, 1000, 2000, 5000];
const MOST_TICKS = 10;

/** For plotly: ticks up to this number. */
export function wholeTicks(last) {
  const step = STEPS.find((each) => last / each <= MOST_TICKS);
  return step ? { tick0: 0, dtick: step } : { tickformat: "d" };
}

/** For plotly: from the first epoch to this one. */
export function epochAxis(last) {
  return {
    title: "epoch (the first is 0)",
    range: [-0.5, Math.max(1, last) + 0.5],
    ...wholeTicks(last),
  };
}
