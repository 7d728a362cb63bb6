// The live page, put together here: its program and its markup are the project's own (shell.html), and of what Python
// sends, which may be anybody's, only numbers, words, MathML and arithmetic come in. So code of a stranger is never a
// script of a document, which could reach the network by ways that no policy knows (WebRTC, preconnect).

/** What formulas are written with: numbers, operands (a, x[2]), names for parts (t0), functions, signs. */
const TOKEN =
  /\s*(?:(\d+(?:\.\d+)?(?:e[+-]?\d+)?|x\[\d+\])|([A-Za-z_$][\w$.]*)|(=>|===|!==|<=|>=|[-+*/()[\]{},;?:<>=]))/y;
const NAMES =
  /^(?:[a-z]|t\d+|const|return|null|NaN|Infinity|erf|erfc|power|quotient|remainder|Math\.(?:abs|acosh?|asinh?|atan[2h]?|cbrt|ceil|cosh?|exp|expm1|floor|fround|hypot|log|log10|log1p|log2|max|min|pow|round|sign|sinh?|sqrt|tanh?|trunc))$/;

/**
 * Formulas in JavaScript, as they are; null if there is anything else in them.
 *
 * Brackets only make lists and braces only bodies, nothing but parts is given a value: without an index that is not a
 * number, and without text, no formula gets at more than its operands.
 */
export function arithmetic(text) {
  if (/\/[/*]/.test(text)) return null;
  TOKEN.lastIndex = 0;
  let before = "";
  const end = text.trimEnd().length;
  while (TOKEN.lastIndex < end) {
    const found = TOKEN.exec(text);
    if (!found) return null;
    const [, number, name, sign] = found;
    if (name && !NAMES.test(name)) return null;
    if (sign === "[" && !["", "(", ",", "=>", "return"].includes(before)) return null;
    if (sign === "{" && before !== "=>") return null;
    if (sign === "=" && !/^t\d+$/.test(before)) return null;
    before = number ?? name ?? sign;
  }
  return text;
}

/** A "<" that could begin an element, unless that is one of MathML's. */
const TAG =
  /<(?!\/?(?:math|mi|mn|mo|mrow|msup|msub|msubsup|mover|munder|munderover|mfrac|msqrt|mroot|mtext|mspace|mstyle|mtable|mtr|mtd)(?: (?:(?:form|display|displaystyle)="\w+"|style="text-align: \w+"))*\/?>)(?=[a-z/!?]|$)/gi;

/** Text that is no markup but MathML: an unseen word joiner keeps any other "<" from being one. */
const harmless = (text) => text.replace(TAG, "<\u2060");

/** The numbers and names of a graph, harmless, as the page reads them. */
function harmlessData(text) {
  const data = JSON.parse(text, (key, value) => {
    if (harmless(key) !== key) throw new SyntaxError("a name in the data is markup");
    return typeof value === "string" ? harmless(value) : value;
  });
  return JSON.stringify(data).replaceAll("<", "\\u003c");
}

const escaped = (text) => text.replace(/[&<>"']/g, (letter) => `&#${letter.charCodeAt(0)};`);

/** The page of a graph, a whole document; null where what Python sent is not one. */
export function pageOf(shell, { title, data, code }) {
  if (![title, data, code].every((part) => typeof part === "string") || arithmetic(code) === null) return null;
  const nonce = Array.from(window.crypto.getRandomValues(new Uint8Array(16)), (byte) => byte.toString(16)).join("");
  try {
    const parts = { title: escaped(title), data: harmlessData(data), code, nonce };
    return shell.replace(/\{\{(\w+)\}\}/g, (_, part) => parts[part]);
  } catch {
    return null;
  }
}
