// Light or dark: as the system is, or as was chosen here or on the rest of the site, which keeps it by the same name.

const DARK = matchMedia("(prefers-color-scheme: dark)");

function kept() {
  try {
    const word = localStorage.getItem("theme");
    return word === "light" || word === "dark" ? word : "";
  } catch {
    return "";
  }
}

/** "light" or "dark". */
export function scheme() {
  return document.documentElement.style.colorScheme || (DARK.matches ? "dark" : "light");
}

/** Dress the page; `changed` is called now and whenever the scheme is another. */
export function dress(button, changed) {
  const show = () => {
    button.textContent = scheme() === "dark" ? "Light" : "Dark";
    changed();
  };
  document.documentElement.style.colorScheme = kept();
  DARK.addEventListener("change", show);
  button.addEventListener("click", () => {
    const other = scheme() === "dark" ? "light" : "dark";
    document.documentElement.style.colorScheme = other;
    try {
      localStorage.setItem("theme", other);
    } catch {
      // then it is forgotten
    }
    show();
  });
  show();
}
