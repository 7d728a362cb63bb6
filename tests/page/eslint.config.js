// Only what the page may use of a browser is known here: a forgotten import of `length` would else be window.length.
import js from "@eslint/js";

const browser =
  "Blob Image OffscreenCanvas Path2D ResizeObserver URL XMLSerializer clearTimeout document getComputedStyle innerWidth matchMedia navigator " +
  "performance print setTimeout window";
const host = "MessageChannel MutationObserver document setTimeout";
const node = "process structuredClone";
const playground =
  "CompressionStream DOMParser DecompressionStream MessageChannel Node Option Response TextDecoder TextEncoder Worker " +
  "atob btoa fetch localStorage self";
const site =
  "DOCUMENTATION_OPTIONS MutationObserver Scorer Search Stemmer URLSearchParams addEventListener location splitQuery";
const readonly = (names) => Object.fromEntries(names.split(" ").map((name) => [name, "readonly"]));

export default [
  js.configs.recommended,
  { linterOptions: { reportUnusedDisableDirectives: "error" } },
  { files: ["autograd/viz/page/**/*.js"], languageOptions: { globals: readonly(browser) } },
  { files: ["autograd/viz/page/**/*.mjs"], languageOptions: { globals: readonly(host) } },
  { files: ["tests/page/**/*.js"], languageOptions: { globals: readonly(node) } },
  {
    files: ["docs/playground/*/*.js"],
    languageOptions: { globals: readonly(`${browser} ${playground}`) },
  },
  {
    files: ["docs/static/site.js"],
    languageOptions: {
      sourceType: "script",
      globals: readonly(`${browser} ${site}`),
    },
  },
  { files: ["docs/playground/build.js"], languageOptions: { globals: readonly("URL") } },
  // What runs in the page stands among what runs in Node.js.
  {
    files: ["tests/browser/*/*.js"],
    languageOptions: { globals: readonly(`${node} document setTimeout window`) },
  },
];
