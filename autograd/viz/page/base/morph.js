// Markup put in place of other markup, where only what differs is touched: the rest need not be laid out anew.

const PIECE = /<[^>]*>|[^<]+/g; // a tag, or the text up to the next one; `>` in a label is escaped

/** What was last written into an element: its pieces, and the node that each text and each opening tag has made. */
const known = new WeakMap();

/** Make what stands in an element what the markup says. */
export function morph(place, markup) {
  const pieces = markup.match(PIECE) ?? [],
    last = known.get(place);
  if (last && last.pieces.length === pieces.length && last.nodes && alike(last.pieces, pieces)) {
    for (let k = 0; k < pieces.length; k++)
      if (pieces[k] !== last.pieces[k]) rewrite(last.nodes[k], last.pieces[k], pieces[k]);
    last.pieces = pieces;
    return;
  }
  const made = document.createElement("template");
  made.innerHTML = markup;
  agree(place, made.content);
  known.set(place, { pieces, nodes: seats(place, pieces) });
}

/** Whether texts stand where texts stood, and tags of one name with the same attributes where such tags stood. */
function alike(before, after) {
  return after.every((piece, k) => {
    const old = before[k];
    return piece === old || (piece[0] === "<" ? shape(piece) === shape(old) : old[0] !== "<");
  });
}

const shape = (tag) => tag.replace(/"[^"]*"/g, '""');

/** The node of each piece, undefined for closing tags; null where the document has other nodes than the markup. */
function seats(place, pieces) {
  const walker = document.createTreeWalker(place, 5); // elements and texts
  const nodes = pieces.map((piece) => (piece.startsWith("</") ? undefined : walker.nextNode()));
  const agreed = nodes.every(
    (node, k) => node === undefined || (node && (node.nodeType === 3) === (pieces[k][0] !== "<")),
  );
  return agreed && !walker.nextNode() ? nodes : null;
}

function rewrite(node, before, after) {
  if (after[0] !== "<") node.data = plainText(after);
  else {
    const [old, now] = [before, after].map((tag) => [...tag.matchAll(/([\w:-]+)="([^"]*)"/g)]);
    now.forEach(([, name, value], k) => value !== old[k][2] && node.setAttribute(name, plainText(value)));
  }
}

const reader = document.createElement("textarea");

/** Text that was escaped, as it was before. */
function plainText(text) {
  if (!text.includes("&")) return text;
  reader.innerHTML = text;
  return reader.value;
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
