// What the primitives need and JavaScript's Math lacks. All take and give numbers, IEEE throughout.

/** a ** b as Python and C99 have it: 1 to any power is 1, NaN included, and so is (−1) to ±∞. */
export function power(a, b) {
  return a === 1 || (a === -1 && Math.abs(b) === Infinity) ? 1 : Math.pow(a, b);
}

/** a % b as Python has it: with the sign of b. */
export function remainder(a, b) {
  const y = a % b; // with the sign of a
  if (y === 0) return b < 0 ? -0 : 0;
  return y < 0 !== b < 0 ? y + b : y;
}

/** a // b as Python has it: the greatest whole number not above a / b. */
export function quotient(a, b) {
  if (b === 0) return a / b;
  const rest = a % b,
    y = (a - rest) / b - (rest !== 0 && rest < 0 !== b < 0 ? 1 : 0); // whole, but for a rounding
  return y === 0 ? 0 * (a / b) : Math.floor(y) + (y - Math.floor(y) > 0.5 ? 1 : 0);
}

/** The error function: erf x = 2/√π e^(−x²) Σ 2ⁿ x²ⁿ⁺¹ / (1·3·…·(2n+1)), all terms of one sign (DLMF 7.6.2). */
export function erf(x) {
  if (Number.isNaN(x)) return NaN;
  if (Math.abs(x) >= 2) return Math.sign(x) * (1 - erfc(Math.abs(x)));
  let term = x,
    sum = x;
  for (let n = 1; Math.abs(term) > 1e-17 * Math.abs(sum); n++) sum += term *= (2 * x * x) / (2 * n + 1);
  return (2 / Math.sqrt(Math.PI)) * Math.exp(-x * x) * sum;
}

/** 1 − erf x without the cancellation: for x ≥ 2 Laplace's continued fraction (DLMF 7.9.1). */
export function erfc(x) {
  if (!(x >= 2)) return x < -2 ? 2 - erfc(-x) : 1 - erf(x);
  if (x > 30) return 0;
  let tail = x;
  for (let k = 100; k > 0; k--) tail = x + k / 2 / tail;
  return Math.exp(-x * x) / (Math.sqrt(Math.PI) * tail);
}
