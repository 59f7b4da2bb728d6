// The picture of parallel coordinates: lines on one canvas, what moves under the pointer on another above it.
import { colours } from "../shared/charts.js";

export const HEIGHT = 340;
const TOP = 14;
const BOTTOM = 18;
const LANE = 26; // for what has no value on an axis, because its parameter does not exist there
const MARGIN = 62;

/** `axes`, and `absent`: whether any line needs the lane below. Everything in CSS pixels. */
export class Picture {
  constructor(lines, overlay) {
    this.canvases = [lines, overlay];
    this.axes = [];
    this.rows = [];
    this.width = 0;
  }

  resize(width) {
    this.width = width;
    const sharp = devicePixelRatio || 1;
    for (const canvas of this.canvases) {
      canvas.width = Math.round(width * sharp);
      canvas.height = HEIGHT * sharp;
      canvas.style.width = `${width}px`;
      canvas.style.height = `${HEIGHT}px`;
      canvas.getContext("2d").setTransform(sharp, 0, 0, sharp, 0, 0);
    }
  }

  /** `values[axis][row]`; places are worked out once, not with every stroke. */
  load(axes, values, many) {
    this.axes = axes;
    this.absent = values.some((column) => column.includes(null));
    this.rows = Array.from({ length: many }, (_, row) => axes.map((axis, index) => axis.place(values[index][row])));
  }

  x(index) {
    const room = this.width - 2 * MARGIN;
    return this.axes.length === 1 ? this.width / 2 : MARGIN + (room * index) / (this.axes.length - 1);
  }

  y(place) {
    const bottom = HEIGHT - BOTTOM - (this.absent ? LANE : 0);
    return place === null ? HEIGHT - BOTTOM : bottom - place * (bottom - TOP);
  }

  place(y) {
    const bottom = HEIGHT - BOTTOM - (this.absent ? LANE : 0);
    return (bottom - y) / (bottom - TOP);
  }

  /** `colour(row)` is null for a line that is brushed out. `kept(index)`: the brushed span of an axis, or null. */
  draw(colour, kept) {
    const theme = colours();
    const context = this.canvases[0].getContext("2d");
    context.clearRect(0, 0, this.width, HEIGHT);
    context.lineWidth = 1;
    context.strokeStyle = theme.line;
    context.globalAlpha = 0.6;
    this.rows.forEach((_, row) => colour(row) === null && this.#stroke(context, row));
    context.globalAlpha = Math.min(0.95, Math.max(0.35, 60 / this.rows.length));
    context.lineWidth = 1.5;
    this.rows.forEach((_, row) => {
      const own = colour(row);
      if (own === null) return;
      context.strokeStyle = own;
      this.#stroke(context, row);
    });
    context.globalAlpha = 1;
    this.axes.forEach((axis, index) => this.#axis(context, axis, index, kept(index), theme));
  }

  /** One line above the others; none with null. */
  highlight(row) {
    const context = this.canvases[1].getContext("2d");
    context.clearRect(0, 0, this.width, HEIGHT);
    if (row === null) return;
    const theme = colours();
    for (const [colour, width] of [[theme.card, 6], [theme.ink, 2.5]]) {
      context.strokeStyle = colour;
      context.lineWidth = width;
      this.#stroke(context, row);
    }
  }

  /** The line nearest to a point, at most so many pixels above or below it. */
  nearest(x, y, among, within = 8) {
    const right = this.axes.findIndex((_, index) => this.x(index) >= x);
    if (right < 1) return null;
    const share = (x - this.x(right - 1)) / (this.x(right) - this.x(right - 1));
    let [found, distance] = [null, within];
    this.rows.forEach((places, row) => {
      if (!among(row)) return;
      const left = this.y(places[right - 1]);
      const away = Math.abs(left + (this.y(places[right]) - left) * share - y);
      if (away < distance) [found, distance] = [row, away];
    });
    return found;
  }

  #stroke(context, row) {
    context.beginPath();
    this.rows[row].forEach((place, index) => context.lineTo(this.x(index), this.y(place)));
    context.stroke();
  }

  #axis(context, axis, index, span, theme) {
    const x = this.x(index);
    context.strokeStyle = theme.soft;
    context.lineWidth = 1;
    context.beginPath();
    context.moveTo(x, this.y(1));
    context.lineTo(x, this.y(0));
    context.stroke();
    if (span !== null) this.#brush(context, x, span, theme);
    context.font = `12px ${getComputedStyle(document.body).fontFamily}`;
    context.textBaseline = "middle";
    for (const { text, place } of axis.ticks) this.#label(context, x, this.y(place), text, theme);
    if (this.absent && this.rows.some((places) => places[index] === null)) {
      this.#label(context, x, this.y(null), "none", theme);
    }
  }

  #brush(context, x, [low, high], theme) {
    context.fillStyle = theme.accent;
    context.globalAlpha = 0.25;
    context.fillRect(x - 7, this.y(high), 14, this.y(low) - this.y(high));
    context.globalAlpha = 1;
    context.strokeStyle = theme.accent;
    context.lineWidth = 2;
    context.strokeRect(x - 7, this.y(high), 14, this.y(low) - this.y(high));
  }

  /** Text beside an axis, on a ground of its own: lines run under it. */
  #label(context, x, y, text, theme) {
    const short = text.length > 12 ? `${text.slice(0, 11)}…` : text;
    const width = context.measureText(short).width;
    const left = x + 5 + width > this.width ? x - 9 - width : x + 5;
    context.fillStyle = theme.card;
    context.globalAlpha = 0.82;
    context.fillRect(left - 1, y - 8, width + 6, 16);
    context.globalAlpha = 1;
    context.fillStyle = theme.ink;
    context.fillText(short, left + 2, y + 0.5);
  }
}
