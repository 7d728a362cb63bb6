// Light or dark.

import { $ } from "../base/dom.js";
import { changed } from "../model/state.js";

/** Light instead of dark, or the other way round. */
export function theme() {
  dress(isDark() ? "light" : "dark");
}

/** "light", "dark", or "" for what the system says. */
export function dress(scheme) {
  document.documentElement.style.colorScheme = scheme;
  $("theme").textContent = isDark() ? "Light" : "Dark";
  changed();
}

/** Whether the page is dark, chosen so or by the system. */
export function isDark() {
  const chosen = document.documentElement.style.colorScheme;
  return chosen ? chosen === "dark" : matchMedia("(prefers-color-scheme: dark)").matches;
}
