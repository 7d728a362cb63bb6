// Light or dark.

import { $ } from "../base/dom.js";
import { changed } from "../model/state.js";

/** Light instead of dark, or the other way round. */
export function theme() {
  const dark = isDark();
  document.documentElement.style.colorScheme = dark ? "light" : "dark";
  $("theme").textContent = dark ? "Dark" : "Light";
  changed();
}

/** Whether the page is dark, chosen so or by the system. */
export function isDark() {
  const chosen = document.documentElement.style.colorScheme;
  return chosen ? chosen === "dark" : matchMedia("(prefers-color-scheme: dark)").matches;
}
