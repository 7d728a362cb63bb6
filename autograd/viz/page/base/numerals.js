// Numbers as text and back: short for boxes, signed for gradients, plain for fields.

/** A number in at most ten characters, with a true minus sign. */
export function short(x, digits = 4) {
  if (Number.isNaN(x)) return "NaN";
  if (!Number.isFinite(x)) return x > 0 ? "∞" : "−∞";
  if (x === 0) return "0";
  const size = Math.abs(x);
  let text = size >= 1e5 || size < 1e-3 ? x.toExponential(digits - 1) : x.toPrecision(digits);
  if (text.includes("e") && !(size >= 1e5 || size < 1e-3)) text = String(Number(text));
  const [mantissa, exponent] = text.split("e");
  const trimmed = mantissa.includes(".") ? mantissa.replace(/\.?0+$/, "") : mantissa;
  return (exponent === undefined ? trimmed : `${trimmed}e${exponent.replace("+", "")}`).replaceAll("-", "−");
}

/** The same with its sign always said, for gradients. */
export function signed(x) {
  return x > 0 ? `+${short(x)}` : short(x);
}

/** The same as a factor: a negative one in brackets. */
export function bracketed(x) {
  return x < 0 ? `(${short(x)})` : short(x);
}

/** The same for a field, in which it can be typed again: six digits. */
export function plain(x) {
  return Number.isFinite(x) ? String(Number(x.toPrecision(6))) : short(x);
}

/** What was typed as a number: a comma or a true minus is understood; null if it is none. */
export function number(text) {
  const clean = text
    .trim()
    .replace("−", "-")
    .replace(/^([+-]?)(∞|inf(inity)?)$/i, "$1Infinity")
    .replace(/^nan$/i, "NaN");
  if (clean === "NaN") return NaN;
  const x = Number(/^[^.]*,[^.,]*$/.test(clean) ? clean.replace(",", ".") : clean);
  return clean === "" || Number.isNaN(x) ? null : x;
}

/** The sign of a number as a word, which is also a class of CSS. */
export function sign(x) {
  return Number.isNaN(x) ? "nan" : x > 0 ? "positive" : x < 0 ? "negative" : "zero";
}
