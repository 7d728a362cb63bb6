// What Python knows, and how the tests compare with it.

import assert from "node:assert/strict";
import { readFileSync } from "node:fs";

import { Engine } from "../../autograd/viz/page/model/engine.js";
import { erf, erfc, power, quotient, remainder } from "../../autograd/viz/page/model/numeric.js";

if (!process.env.FACTS) throw new Error("these tests are given their facts by Python: python -m pytest tests/page");

export const facts = JSON.parse(readFileSync(`${process.env.FACTS}/facts.json`, "utf8"));

/** A primitive's functions [value, derivatives] from the text that Python wrote. */
export function compiled(source) {
  const given = { power, erf, erfc, quotient, remainder };
  return new Function(...Object.keys(given), `"use strict"; return ${source};`)(...Object.values(given));
}

/** The engine of a page that shows this tape. */
export function engineOf(tape) {
  return new Engine(tape, tape.code.map(compiled));
}

/** A function that imports modules of the page that shows facts.pages[name]: one page for each file of tests. */
export function page(name) {
  const data = { textContent: JSON.stringify(facts.pages[name]) };
  globalThis.document = { documentElement: { cloneNode: () => null }, getElementById: () => data };
  return (path) => import(`file://${process.env.FACTS}/${name}/${path}`);
}

/** Numbers in a row that comes back the same for the same seed (Mulberry32). */
export function generator(seed) {
  return () => {
    seed = (seed + 0x6d2b79f5) | 0;
    let t = Math.imul(seed ^ (seed >>> 15), 1 | seed);
    t = (t + Math.imul(t ^ (t >>> 7), 61 | t)) ^ t;
    return ((t ^ (t >>> 14)) >>> 0) / 2 ** 32;
  };
}

/** Whether two numbers agree up to `tolerance` times the larger of them and `scale`; NaN agrees with NaN. */
export function close(found, expected, tolerance, scale = 0, what = "") {
  expected = Number(expected);
  const size = Math.max(Math.abs(found), Math.abs(expected), scale),
    near = Number.isFinite(size) && Math.abs(found - expected) <= tolerance * size;
  assert.ok(found === expected || near || Object.is(found, expected), `${what}: ${found}, and ${expected} is expected`);
}
