// The pad: a digit drawn by pointer, or put there by its number, and the 8 × 8 pixels that the network is given.
//
// The digits that the network was trained on fill their square, in strokes of some two pixels. So what is drawn is not
// scaled as an image: its strokes are, and are drawn anew with a pen of that width.

const SIDE = 8,
  FINE = 16, // squares along the side of a pixel, over which ink is averaged
  PEN = 1.8; // in pixels; all ten digits below are then read right, and most of what is drawn by hand

function arc(x, y, rx, ry, from, to, count = 14) {
  return Array.from({ length: count + 1 }, (_, k) => {
    const angle = ((from + ((to - from) * k) / count) * Math.PI) / 180;
    return [x + rx * Math.cos(angle), y + ry * Math.sin(angle)];
  });
}

/** A digit each, as strokes in a square of side 1. */
const DIGITS = [
  [arc(0.5, 0.5, 0.27, 0.4, -90, 270, 24)],
  [[[0.36, 0.26], [0.54, 0.1], [0.54, 0.9]]],
  [[...arc(0.5, 0.32, 0.24, 0.22, -170, 30), [0.28, 0.88], [0.76, 0.88]]],
  [[...arc(0.46, 0.3, 0.25, 0.2, -160, 80), ...arc(0.46, 0.7, 0.28, 0.21, -80, 150)]],
  [[[0.56, 0.1], [0.24, 0.62], [0.78, 0.62]], [[0.62, 0.38], [0.62, 0.92]]],
  [[[0.72, 0.1], [0.32, 0.1], [0.3, 0.46], ...arc(0.48, 0.66, 0.26, 0.23, -120, 130)]],
  [[[0.64, 0.1], ...arc(0.62, 0.55, 0.34, 0.42, -110, -180, 6), ...arc(0.5, 0.68, 0.23, 0.22, 180, 540, 18)]],
  [[[0.26, 0.12], [0.76, 0.12], [0.44, 0.92]], [[0.36, 0.5], [0.7, 0.5]]],
  [arc(0.5, 0.3, 0.2, 0.2, 90, 450, 18), arc(0.5, 0.7, 0.24, 0.2, -90, 270, 18)],
  [[...arc(0.5, 0.32, 0.22, 0.21, 0, -360, 18), [0.72, 0.32], [0.66, 0.6], [0.56, 0.92]]],
]; // prettier-ignore

function lines(context, strokes, place) {
  context.lineCap = context.lineJoin = "round";
  context.beginPath();
  for (const stroke of strokes) {
    context.moveTo(...place(stroke[0]));
    for (const point of stroke.length > 1 ? stroke.slice(1) : stroke) context.lineTo(...place(point));
  }
  context.stroke();
}

/** The ink of strokes on 8 × 8 pixels, row by row, from 0 to 1. */
export function pixels(strokes) {
  const points = strokes.flat();
  if (!points.length) return Array(SIDE * SIDE).fill(0);
  const [low, high] = [Math.min, Math.max].map((end) => [0, 1].map((k) => end(...points.map((point) => point[k])))),
    side = SIDE * FINE,
    scale = (side - PEN * FINE) / Math.max(high[0] - low[0], high[1] - low[1], 0.05),
    context = new OffscreenCanvas(side, side).getContext("2d", { willReadFrequently: true });
  context.lineWidth = PEN * FINE;
  lines(context, strokes, (point) => [0, 1].map((k) => (point[k] - (low[k] + high[k]) / 2) * scale + side / 2));
  const { data } = context.getImageData(0, 0, side, side);
  return Array.from({ length: SIDE * SIDE }, (_, at) => {
    let ink = 0;
    for (let k = 0; k < FINE * FINE; k++) {
      const x = (at % SIDE) * FINE + (k % FINE),
        y = Math.floor(at / SIDE) * FINE + Math.floor(k / FINE);
      ink += data[4 * (y * side + x) + 3];
    }
    return Math.round((ink / (255 * FINE * FINE)) * 1000) / 1000;
  });
}

export class Pad {
  #strokes = DIGITS[3];
  #drawing = false;

  /** `changed` is called when something else is drawn. */
  constructor({ canvas, seen, clear, digits }, changed) {
    Object.assign(this, { canvas, seen, changed });
    canvas.addEventListener("pointerdown", (event) => {
      if (event.button) return;
      canvas.setPointerCapture(event.pointerId);
      this.#strokes = [...(this.#drawn ? this.#strokes : []), [this.#at(event)]]; // the digit put there goes
      this.#drawn = this.#drawing = true;
      this.paint();
    });
    canvas.addEventListener("pointermove", (event) => {
      if (!this.#drawing) return;
      for (const one of event.getCoalescedEvents?.() ?? [event]) this.#strokes.at(-1).push(this.#at(one));
      this.paint();
    });
    for (const end of ["pointerup", "pointercancel"])
      canvas.addEventListener(end, () => {
        if (this.#drawing) changed();
        this.#drawing = false;
      });
    clear.addEventListener("click", () => this.#put([], true));
    digits.forEach((button, digit) => button.addEventListener("click", () => this.#put(DIGITS[digit], false)));
  }

  #drawn = false;

  get pixels() {
    return pixels(this.#strokes);
  }

  #at(event) {
    const { left, top, width, height } = this.canvas.getBoundingClientRect();
    return [(event.clientX - left) / width, (event.clientY - top) / height];
  }

  #put(strokes, drawn) {
    this.#strokes = strokes;
    this.#drawn = drawn;
    this.paint();
    this.changed();
  }

  /** Show what is drawn, and what the network sees of it, in the colours of the page. */
  paint() {
    const ink = getComputedStyle(this.canvas).color,
      context = this.canvas.getContext("2d"),
      { width } = this.canvas;
    context.clearRect(0, 0, width, width);
    context.strokeStyle = ink;
    context.lineWidth = width / 16;
    lines(context, this.#strokes, (point) => point.map((x) => x * width));
    const small = this.seen.getContext("2d");
    small.clearRect(0, 0, SIDE, SIDE);
    small.fillStyle = ink;
    this.pixels.forEach((x, at) => {
      small.globalAlpha = x;
      small.fillRect(at % SIDE, Math.floor(at / SIDE), 1, 1);
    });
  }
}
