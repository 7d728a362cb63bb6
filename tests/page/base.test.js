import assert from "node:assert/strict";
import test from "node:test";

import { columns, cut, escape } from "../../autograd/viz/page/base/labels.js";
import { bracketed, number, plain, short, sign, signed } from "../../autograd/viz/page/base/numerals.js";
import { signal } from "../../autograd/viz/page/base/signal.js";
import { generator } from "./facts.js";

const random = generator(1);
const NUMBERS = [0, 1, -1, 0.1, 1e5, 99999.6, 1e-3, 9.9996e-4, 5e-324, 1.7976931348623157e308].concat(
  Array.from({ length: 2000 }, () => (random() - 0.5) * 10 ** Math.floor(600 * random() - 300)),
);

test("a number in a box has at most ten characters and its four digits", () => {
  for (const x of NUMBERS) {
    const text = short(x);
    assert.ok(text.length <= 11 && !text.includes("-"), text); // ten and the sign
    // half a unit in the fourth digit, of which the first may be a 1; the text of the largest number overflows
    if (Math.abs(x) < 1e308)
      assert.ok(Math.abs(number(text.replaceAll("−", "-")) - x) <= 5.001e-4 * Math.abs(x), `${x} ${text}`);
    assert.ok(!/\.\d*0(e|$)/.test(text), `${text} has a needless zero`);
  }
  assert.deepEqual(
    [NaN, Infinity, -Infinity, -0].map((x) => short(x)),
    ["NaN", "∞", "−∞", "0"],
  );
  assert.equal(short(Math.PI, 10), "3.141592654");
});

test("the sign of a gradient is always said, and a negative factor stands in brackets", () => {
  assert.deepEqual([2, -2, 0, NaN].map(signed), ["+2", "−2", "0", "NaN"]);
  assert.deepEqual([2, -2].map(bracketed), ["2", "(−2)"]);
  assert.deepEqual([2, -2, 0, NaN].map(sign), ["positive", "negative", "zero", "nan"]);
});

test("what stands in a field is read back as the number, to six digits", () => {
  for (const x of NUMBERS) {
    const back = number(plain(x));
    assert.ok(Math.abs(back - x) <= 5.001e-6 * Math.abs(x) || !Number.isFinite(back), `${x} ${back}`);
  }
  for (const x of [NaN, Infinity, -Infinity]) assert.ok(Object.is(number(plain(x)), x));
});

test("numbers are read as people write them, and what is none is null", () => {
  for (const [text, x] of [
    [" 1.5 ", 1.5],
    ["1,5", 1.5],
    ["−2", -2],
    ["1e-3", 1e-3],
    ["∞", Infinity],
    ["-inf", -Infinity],
    ["Infinity", Infinity],
    ["nan", NaN],
    [".5", 0.5],
  ])
    assert.ok(Object.is(number(text), x), text);
  for (const text of ["", " ", "what", "1,2,3", "1.2,3", "--1", "1 2"]) assert.equal(number(text), null, text);
});

test("labels that are cut have as many letters as asked for, whole ones", () => {
  assert.equal(cut("weight", 6), "weight");
  assert.equal(cut("weights", 6), "weigh…");
  assert.equal(cut("𝒘𝒘𝒘𝒘", 3), "𝒘𝒘…");
});

test("letters of Chinese, Japanese and Korean are two columns wide", () => {
  assert.deepEqual(["w12", "重み", "ŷ₁", "가중치", "Ａ1", "の"].map(columns), [3, 4, 2, 6, 3, 2]);
});

test("escaped text has nothing that means something in markup, and reads as before", () => {
  const hostile = `<img src=x onerror="alert('&amp;')">`,
    safe = escape(hostile);
  assert.ok(!/[<>"']/.test(safe));
  assert.equal(
    safe.replace(/&#(\d+);/g, (_, code) => String.fromCharCode(code)),
    hostile,
  );
});

test("a signal tells its listeners in the order in which they came", () => {
  const told = [],
    changed = signal();
  changed();
  changed.hear((x) => told.push(["first", x]));
  changed.hear((x) => told.push(["second", x]));
  changed(3);
  assert.deepEqual(told, [
    ["first", 3],
    ["second", 3],
  ]);
});
