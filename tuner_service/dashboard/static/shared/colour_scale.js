// Cividis (Nuñez, Anderton and Renslow), which colour-blind eyes read as others do. The better end stands out from the
// ground: it is the dark one in the light theme, the bright one in the dark theme.
const CIVIDIS = [[0, 34, 78], [53, 69, 108], [102, 105, 112], [148, 142, 119], [200, 184, 102], [254, 232, 56]];
const LIGHT = { worst: 0.82, best: 0 };
const DARK = { worst: 0.22, best: 1 };

const theme = () => (matchMedia("(prefers-color-scheme: dark)").matches ? DARK : LIGHT);

function at(place) {
  const scaled = Math.min(Math.max(place, 0), 1) * (CIVIDIS.length - 1);
  const index = Math.min(Math.floor(scaled), CIVIDIS.length - 2);
  const mixed = CIVIDIS[index].map((low, channel) => low + (CIVIDIS[index + 1][channel] - low) * (scaled - index));
  return `rgb(${mixed.map(Math.round).join(",")})`;
}

/** The colour of a share from 0, the worst, to 1, the best. */
export function quality(share) {
  const { worst, best } = theme();
  return at(worst + (best - worst) * share);
}

/** The same as a colour scale of plotly.js, over values that rise. */
export function rising(direction) {
  const steps = [0, 0.2, 0.4, 0.6, 0.8, 1];
  return steps.map((step) => [step, quality(direction === "maximize" ? step : 1 - step)]);
}
