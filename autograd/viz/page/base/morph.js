// Markup put in place of other markup, where only what differs is touched: the rest need not be laid out anew.

/** Make what stands in an element what the markup says. */
export function morph(place, markup) {
  const made = document.createElement("template");
  made.innerHTML = markup;
  agree(place, made.content);
}

function agree(old, made) {
  if (old.childNodes.length !== made.childNodes.length) return old.replaceChildren(...made.childNodes);
  [...made.childNodes].forEach((child, k) => {
    const now = old.childNodes[k];
    if (now.nodeName !== child.nodeName) now.replaceWith(child);
    else if (now.nodeType !== 1) {
      if (now.data !== child.data) now.data = child.data;
    } else {
      for (const { name } of [...now.attributes]) if (!child.hasAttribute(name)) now.removeAttribute(name);
      for (const { name, value } of child.attributes)
        if (now.getAttribute(name) !== value) now.setAttribute(name, value);
      agree(now, child);
    }
  });
}
