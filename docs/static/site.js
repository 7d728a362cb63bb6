"use strict";
// What Furo and Sphinx leave to do; every page loads this before its body.

// From a folder a page may not read its neighbours, so the search there shows titles without excerpts.
if (location.protocol === "file:") DOCUMENTATION_OPTIONS.SHOW_SEARCH_SUMMARY = false;

document.documentElement.classList.add("scripted");

// ── what scrolls sideways can be scrolled by keys ──────────────────────────────────────────────────

function reach() {
  for (const box of document.querySelectorAll(
    "article pre, .table-wrapper, .formula, .cell_output .output, article p:has(math)",
  )) {
    if (box.scrollWidth > box.clientWidth && getComputedStyle(box).overflowX !== "visible") box.tabIndex = 0;
    else box.removeAttribute("tabindex");
  }
}

// ── the menu and the contents of a narrow page are opened by keys ──────────────────────────────────

function drawer(id, name, panel) {
  const box = document.getElementById(id);
  const buttons = [...document.querySelectorAll(`label[for="${id}"]:not(.overlay) > .icon`)];
  if (!box || !buttons.length || !document.querySelector(panel)) return;
  const say = () => buttons.forEach((button) => button.setAttribute("aria-expanded", box.checked));
  const turn = (open) => {
    if (box.checked === open) return;
    box.checked = open;
    say();
    const button = buttons.find((x) => x.offsetParent);
    const links = [...document.querySelectorAll(`${panel} a, ${panel} input`)];
    if (open) links.find((link) => link.getClientRects().length)?.focus();
    else button?.focus();
  };
  for (const button of buttons) {
    button.tabIndex = 0;
    button.setAttribute("role", "button");
    button.setAttribute("aria-label", name);
    button.addEventListener("keydown", (event) => {
      if (event.key !== "Enter" && event.key !== " ") return;
      event.preventDefault();
      turn(!box.checked);
    });
  }
  box.addEventListener("change", say);
  document.addEventListener("keydown", (event) => event.key === "Escape" && turn(false));
  document.querySelector(panel).addEventListener("focusout", (event) => {
    // Tab out of an open drawer closes it: what has the focus is never behind it.
    if (event.relatedTarget && !event.relatedTarget.closest(panel) && box.checked) {
      box.checked = false;
      say();
    }
  });
  say();
}

// ── the search ────────────────────────────────────────────────────────────────────────────────────

const CHINESE = /[\u3400-\u4dbf\u4e00-\u9fff]/;

/** How many letters differ: left out, put in, another, or two that changed places. */
function distance(a, b) {
  const rows = [Array.from({ length: b.length + 1 }, (_, j) => j)];
  for (let i = 1; i <= a.length; i++) {
    rows[i] = [i];
    for (let j = 1; j <= b.length; j++) {
      const other = Number(a[i - 1] !== b[j - 1]);
      rows[i][j] = Math.min(rows[i - 1][j] + 1, rows[i][j - 1] + 1, rows[i - 1][j - 1] + other);
      if (i > 1 && j > 1 && a[i - 1] === b[j - 2] && a[i - 2] === b[j - 1])
        rows[i][j] = Math.min(rows[i][j], rows[i - 2][j - 2] + 1);
    }
  }
  return rows[a.length][b.length];
}

/** The query with each word that is nowhere replaced by the nearest name, or word of a title or a text; or null. */
function meant(query, index) {
  const stemmer = new Stemmer();
  const names = Object.values(index.objects).flatMap((found) => found.map((entry) => entry[4].toLowerCase()));
  const titles = Object.keys(index.alltitles).flatMap((title) => title.toLowerCase().match(/[\p{L}_]{3,}/gu) ?? []);
  const terms = Object.keys(index.terms);
  const known = new Set([...terms, ...Object.keys(index.titleterms)]);
  const nearest = (word) => {
    let [best, least] = [null, word.length < 5 ? 2 : 3];
    for (const candidate of [...names, ...titles, ...terms]) {
      if (Math.abs(candidate.length - word.length) >= least) continue;
      const far = distance(word, candidate);
      if (far < least) [best, least] = [candidate, far];
    }
    return best;
  };
  const words = splitQuery(query.toLowerCase());
  const changed = words.map((word) => (known.has(stemmer.stemWord(word)) ? word : nearest(word)));
  if (changed.includes(null) || changed.join(" ") === words.join(" ")) return null;
  return changed.join(" ");
}

function search() {
  const results = document.getElementById("search-results");
  if (!results || typeof Search === "undefined") return;
  const query = new URLSearchParams(location.search).get("q") ?? "";
  const form = document.createElement("form");
  form.className = "search-again";
  form.setAttribute("role", "search");
  form.innerHTML =
    '<input type="search" name="q" aria-label="Search this site" placeholder="Search"><button>Search</button>';
  form.firstChild.value = query;
  results.before(form);
  if (!query) form.firstChild.focus();
  // An excerpt begins at the name that was found, which may have dots: no selector as Sphinx takes it for.
  const excerpt = Search.htmlToText;
  Search.htmlToText = (text, anchor) => excerpt(text, anchor && `[id="${decodeURIComponent(anchor.slice(1))}"]`);
  // Pages of the other language come after those of the language that is asked in.
  Scorer.score = ([page, , , , score]) => score - (page.startsWith("zh/") === CHINESE.test(query) ? 0 : 20);
  new MutationObserver((_, observer) => {
    if (!Search.hasIndex() || !Search.status?.innerText || Search.output.children.length) return;
    observer.disconnect();
    const other = CHINESE.test(query) ? null : meant(query, Search._index);
    if (!other) return;
    const line = document.createElement("p");
    line.className = "meant";
    const link = document.createElement("a");
    link.href = `?q=${encodeURIComponent(other)}`;
    link.textContent = other;
    line.append("Did you mean ", link, "?");
    Search.status.after(line);
  }).observe(results, { childList: true, subtree: true, characterData: true });
}

document.addEventListener("DOMContentLoaded", () => {
  const chinese = document.documentElement.lang.startsWith("zh");
  drawer("__navigation", chinese ? "菜单" : "Menu", ".sidebar-drawer");
  drawer("__toc", chinese ? "本页目录" : "Contents of this page", ".toc-drawer");
  search();
  reach();
  addEventListener("resize", reach);
  addEventListener("load", reach);
});
