// From a folder a page may not read its neighbours, so the search there shows titles without excerpts.
if (location.protocol === "file:") DOCUMENTATION_OPTIONS.SHOW_SEARCH_SUMMARY = false;

// What is wider than the column is scrolled, also by who has no mouse.
const scrolled = document.querySelectorAll("article pre, article .formula, article .table-wrapper");
const reach = () => {
  for (const box of scrolled) {
    if (box.scrollWidth > box.clientWidth) box.tabIndex = 0;
    else box.removeAttribute("tabindex");
  }
};
addEventListener("resize", reach);
addEventListener("load", reach);
