// Light or dark.

import { $ } from "../base/dom.js";

export function theme() {
  const dark = isDark();
  document.documentElement.style.colorScheme = dark ? "light" : "dark";
  $("theme").textContent = dark ? "Dark" : "Light";
}

export function isDark() {
  const chosen = document.documentElement.style.colorScheme;
  return chosen ? chosen === "dark" : matchMedia("(prefers-color-scheme: dark)").matches;
}
