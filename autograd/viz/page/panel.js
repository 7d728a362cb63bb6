// The panel: everything about one node, or the list of leaves when none is chosen.

class Panel {
  constructor(element) {
    this.element = element;
    this.shown = null;
    element.addEventListener("click", (event) => {
      const link = event.target.closest("[data-node]");
      if (link) select(Number(link.dataset.node), true);
      const copy = event.target.closest("[data-copy]");
      if (copy) this.copy(copy);
    });
    element.addEventListener("input", (event) => {
      const v = event.target.dataset.leaf;
      if (v !== undefined) this.typed(Number(v), event.target);
    });
    element.addEventListener("keydown", (event) => {
      if (event.key === "Escape") {
        event.stopPropagation();
        const box = boxAt(state.selected);
        if (box) box.element.focus();
        else $("graph").querySelector('[tabindex="0"]')?.focus();
      }
    });
  }

  typed(v, field) {
    const x = number(field.value);
    field.setAttribute("aria-invalid", String(x === null));
    if (x === null) return;
    change(v, x, field);
  }

  /** Show the node that is selected; fields keep their place while they are typed in. */
  refresh() {
    const key = `${state.selected} ${state.practising && hidden(state.selected)} ${state.selected < 0 ? state.view.group : ""}`;
    if (this.shown !== key) {
      this.shown = key;
      this.element.replaceChildren(...(state.selected < 0 ? this.leaves() : this.node(state.selected)));
    }
    for (const field of this.element.querySelectorAll("[data-leaf]")) {
      const v = Number(field.dataset.leaf);
      if (field !== document.activeElement || field.type === "range")
        if (field.type === "range") field.value = engine.value[v];
        else if (field.value !== plain(engine.value[v])) field.value = plain(engine.value[v]);
    }
    for (const output of this.element.querySelectorAll("[data-live]")) {
      const v = Number(output.dataset.live);
      output.textContent = gradientText(v);
      output.className = `leaf-gradient ${stage(v) === "final" && !hidden(v) ? sign(partial[v]) : "later"}`;
    }
    for (const section of this.element.querySelectorAll("[data-part]")) {
      const made = this[section.dataset.part](state.selected);
      if (section.innerHTML !== made) section.innerHTML = made;
    }
  }

  leaves() {
    const list = element("ul", { class: "leaves" });
    const inView = within(state.view.group).filter((v) => engine.op[v] < 0),
      weight = (v) => Math.abs(grad[v]) || 0;
    const many = inView.length > 60; // then the ones with the steepest gradients come first
    const shown = inView
      .sort((a, b) => (many ? weight(b) - weight(a) : tape.parameter[b] - tape.parameter[a]) || a - b)
      .slice(0, 90);
    for (const v of shown) list.append(element("li", {}, link(v), ...fields(v), live(v)));
    const more = inView.length - shown.length;
    const heading = element("h2", {}, "Inputs and parameters");
    const note = element(
      "p",
      { class: "quiet" },
      "Change one and everything follows. Choose a node in the drawing to have its gradient explained.",
      more > 0 ? ` These ${shown.length} have the steepest gradients; ${more} more are found by searching.` : "",
    );
    return [element("section", { class: "wide" }, heading, note, list)];
  }

  node(v) {
    const title = element("h2", {}, names[v]);
    title.append(
      element("small", {}, engine.op[v] < 0 ? kindOf(v) : `${opOf(v).name}${v === engine.root ? ", the root" : ""}`),
    );
    const head = element("section", { class: "about" }, title);
    if (engine.op[v] < 0) head.append(element("div", { class: "edit" }, ...fields(v)));
    head.append(part("about"));
    if (state.practising && hidden(v))
      return [head, element("section", { class: "chain" }, element("h3", {}, "Your turn"), question(v))];
    return [
      head,
      element("section", { class: "chain" }, part("chain")),
      element("section", { class: "paths" }, part("paths")),
      element("section", { class: "proof" }, part("proof")),
    ];
  }

  about(v) {
    let made = "";
    if (engine.op[v] >= 0) {
      made += `<p class="formula">${math(`${named(v, "mathml")}<mo>=</mo>${formula(v)}`)}</p>`;
      for (const right of [formula(v, "mathml", true), numeral(engine.value[v], "mathml")])
        made += `<p class="formula">${math(`<mo>=</mo>${right}`)}</p>`;
    } else made += `<p class="quiet">${engine.value[v]}</p>`.replaceAll("-", "−");
    if (!known(v)) made = '<p class="quiet">Not computed yet at this step of the walk.</p>' + made;
    if (engine.fate(v) === "born") {
      const what = Number.isNaN(engine.value[v]) ? "NaN" : "An infinity";
      const why = `every operand is finite, ${escape(opOf(v)?.name)} of them is not (Python raises here)`;
      made += `<p class="warn"><b>${what} is born here:</b> ${engine.op[v] < 0 ? "it was put in" : why}.</p>`;
    }
    if (engine.fate(v) === "came")
      made += `<p class="warn">Not finite, because of ${parentsOf(v)
        .filter((u) => !Number.isFinite(engine.value[u]))
        .slice(0, 3)
        .map(linkText)
        .join(", ")}.</p>`;
    const numb = numbness(v);
    if (numb === "dead") made += `<p class="warn">Dead: its slope is 0 here, so no change behind it is felt.</p>`;
    if (numb === "saturated")
      made += `<p class="warn">Saturated: its slope is under ${tape.nearlyFlat} here, so what lies behind it learns slowly.</p>`;
    const from = parentsOf(v),
      to = usersOf(v);
    if (from.length) made += `<p class="quiet">from ${some(from)}</p>`;
    if (to.length) made += `<p class="quiet">feeds ${some(to)}</p>`;
    return made;
  }

  /** ∂root/∂v as the sum over the uses of v. */
  chain(v) {
    const heading = `<h3>Chain rule</h3>`;
    if (v === engine.root) {
      const one = math(`${ratio(v, v)}<mo>=</mo><mn>1</mn>`);
      return `${heading}<p class="formula">${one}</p><p class="quiet">The backward pass starts here.</p>`;
    }
    const flows = engine.uses[v].filter((e) => engine.flows[e] && engine.reached[engine.user[e]]);
    if (!flows.length) {
      const why = `No gradient flows to ${escape(names[v])}: it only decides, or the root does not depend on it.`;
      return `${heading}<p>${why} That is not the same as a gradient of zero.</p>`;
    }
    const rows = flows.slice(0, 12).map((e) => this.term(e, v));
    if (flows.length > 12) {
      const rest = flows.slice(12).reduce((sum, e) => sum + grad[engine.user[e]] * engine.local[e], 0);
      rows.push(`<li class="more">… and ${flows.length - 12} more uses, together <b>${short(rest)}</b></li>`);
    }
    const L = ratio(engine.root, v);
    const sum =
      flows.length > 1
        ? `<p class="sum">${math(`${L}<mo>=</mo>`)} ${flows
            .slice(0, 4)
            .map((e, k) => `<span>${k ? "+ " : ""}${bracketed(grad[engine.user[e]] * engine.local[e])}</span>`)
            .join(" ")}${flows.length > 4 ? " + …" : ""} = <b class="${sign(grad[v])}">${short(grad[v], 6)}</b></p>`
        : `<p class="sum">${math(`${L}<mo>=</mo>`)} <b class="${sign(grad[v])}">${short(grad[v], 6)}</b></p>`;
    const used =
      flows.length > 1
        ? `<p class="quiet">${escape(names[v])} is used ${flows.length} times; every use adds a term.</p>`
        : "";
    return `${heading}${used}<ul class="terms">${rows.join("")}</ul>${sum}${stageNote(v)}`;
  }

  term(e, v) {
    const u = engine.user[e],
      direct = ratio(u, v),
      term = grad[u] * engine.local[e];
    const isNumber = (made) => /^(<mo[^>]*>−<\/mo>)?<mn>[^<]*<\/mn>$/.test(made);
    const sides = [localFormula(e), localFormula(e, "mathml", true)].filter((side, k, all) => {
      return side && !isNumber(side) && side !== all[k - 1]; // a mere number stands at the end anyway
    });
    const why = `${math([direct, ...sides].join("<mo>=</mo>"))} = <b>${short(engine.local[e])}</b>`;
    const upstream = `<button class="link" data-node="${u}" title="${escape(sentence(u))}">${short(grad[u])}</button>`;
    const product = `${upstream} × ${bracketed(engine.local[e])} = <b class="${sign(term)}">${short(term)}</b>`;
    return [
      `<li><div class="product">${math(`${ratio(engine.root, u)}<mo>·</mo>${direct}`)} = ${product}</div>`,
      `<div class="why">${why} <span class="quiet">${escape(opOf(u).name)}</span></div></li>`,
    ].join("");
  }

  paths(v) {
    const { paths, count } = engine.paths(v, 3);
    if (v === engine.root || !paths.length) return "";
    const shown = paths.map((path) => {
      const steps = path.edges.slice().reverse();
      const slopes = path.slopes.slice().reverse().map(bracketed);
      const factors = slopes.length > 9 ? [...slopes.slice(0, 4), "…", ...slopes.slice(-4)] : slopes;
      const nodes = [engine.root, ...steps.map((e) => engine.operand[e])];
      const way = (nodes.length > 9 ? [...nodes.slice(0, 4), -1, ...nodes.slice(-4)] : nodes)
        .map((u) => (u < 0 ? "…" : linkText(u)))
        .join(" ← ");
      const product = `<b class="${sign(path.product)}">${short(path.product)}</b>`;
      return `<li><div>${way}</div><div class="product">${factors.join(" × ")} = ${product}</div></li>`;
    });
    const rest = grad[v] - paths.reduce((sum, path) => sum + path.product, 0);
    const left =
      count > paths.length
        ? `<p class="quiet">The other ${short(count - paths.length)} paths carry ${short(rest)} together.</p>`
        : "";
    return `<h3>${count > 1 ? `Largest of ${short(count)} paths` : "The one path"}</h3><ul class="terms">${shown.join("")}</ul>${left}`;
  }

  proof(v) {
    if (!engine.reached[v]) return "";
    const difference = v === engine.root ? 1 : engine.finiteDifference(v);
    const gap = Math.abs(difference - grad[v]) / Math.max(1e-8, Math.abs(grad[v]), Math.abs(difference));
    const tiny = Math.abs(difference - grad[v]) < 1e-9 * Math.max(1, Math.abs(engine.value[engine.root]));
    const agrees = tiny || gap < 1e-5;
    const lost = tiny && gap > 1e-5; // both are less than the rounding of the root can show
    const verdict = lost
      ? `Too small to see: less than the rounding of ${escape(tape.title)}.`
      : agrees
        ? `<span class="good">✓ agree</span>${gap > 0 ? ` to ${short(gap, 2)}` : ""}`
        : Number.isFinite(gap)
          ? `<span class="bad">✗ differ by ${short(gap, 2)}</span>: a kink or a jump lies within the step`
          : `<span class="bad">not comparable</span>`;
    const how = "(f(v + h) − f(v − h)) / 2h, without any derivative";
    let made = [
      `<h3>Proof</h3><dl><dt>chain rule</dt><dd>${short(grad[v], 10)}</dd>`,
      `<dt title="${how}">finite difference</dt><dd>${short(difference, 10)}</dd></dl><p>${verdict}</p>`,
    ].join("");
    if (state.pinned) {
      const { value, grad: before } = state.pinned;
      const change = (from, to) => `<dd>${short(from)} → ${short(to)} (${signed(to - from)})</dd>`;
      made += `<h3>Since the pin</h3><dl><dt>value</dt>${change(value[v], engine.value[v])}`;
      made += `<dt>gradient</dt>${change(before[v], grad[v])}</dl>`;
    }
    return `${made}<p class="copies"><button data-copy="latex">Copy LaTeX</button> <button data-copy="python">Copy Python</button></p>`;
  }

  copy(button) {
    const v = state.selected,
      what = button.dataset.copy === "latex" ? `\\begin{aligned}\n${derivation(v)}\n\\end{aligned}` : pythonOf(v);
    copyText(what).then((done) => {
      button.textContent = done ? "Copied" : "Not allowed here";
      setTimeout(() => (button.textContent = button.dataset.copy === "latex" ? "Copy LaTeX" : "Copy Python"), 1500);
    });
  }
}

function part(name) {
  return element("div", { "data-part": name });
}

/** The gradient beside a leaf, kept up to date. */
function live(v) {
  return element("output", { class: "leaf-gradient", "data-live": v, "aria-label": `Gradient of ${names[v]}` });
}

function stageNote(v) {
  const at = stage(v);
  if (at === "partial")
    return `<p class="quiet">At this step of the walk: ${escape(gradientText(v))}, ${engine.reports[v] - reported[v]} more to come.</p>`;
  return at === "later" ? '<p class="quiet">The walk has not come here yet: —, which is not 0.</p>' : "";
}

function link(v) {
  return element("button", { class: "link", "data-node": v, title: names[v] }, cut(shortName(v), 24));
}

function linkText(v) {
  return `<button class="link" data-node="${v}">${escape(cut(names[v], 24))}</button>`;
}

function some(nodes) {
  return nodes.slice(0, 8).map(linkText).join(", ") + (nodes.length > 8 ? ` and ${nodes.length - 8} more` : "");
}

/** A number field and a slider for a leaf. The slider spans twice the size the leaf began with. */
function fields(v) {
  const x = engine.value[v],
    span = Math.max(1, 2 * Math.abs(Number.isFinite(x) ? x : 1));
  const field = element("input", {
    type: "text",
    inputmode: "decimal",
    class: "number",
    "data-leaf": v,
    "aria-label": `Value of ${names[v]}`,
  });
  const slider = element("input", {
    type: "range",
    min: -span,
    max: span,
    step: "any",
    "data-leaf": v,
    "aria-label": `Slider for ${names[v]}`,
  });
  field.value = plain(x);
  slider.value = x;
  return [field, slider];
}

function plain(x) {
  return Number.isFinite(x) ? String(Number(x.toPrecision(6))) : short(x);
}

/** What was typed as a number: a comma or a true minus is understood; null if it is none. */
function number(text) {
  const clean = text
    .trim()
    .replace("−", "-")
    .replace(/^([+-]?)(∞|inf(inity)?)$/i, "$1Infinity")
    .replace(/^nan$/i, "NaN");
  if (clean === "NaN") return NaN;
  const x = Number(/^[^.]*,[^.,]*$/.test(clean) ? clean.replace(",", ".") : clean);
  return clean === "" || Number.isNaN(x) ? null : x;
}

/** Python that computes this node's value and gradient from its operands. */
function pythonOf(v) {
  const needed = [];
  const seen = new Set([engine.root]);
  for (let u = engine.root; u >= 0; u--)
    if (seen.has(u)) {
      needed.unshift(u);
      for (const p of parentsOf(u)) seen.add(p);
    }
  const python = (u) =>
    /^[A-Za-z_][A-Za-z0-9_]*$/.test(names[u]) && names.indexOf(names[u]) === u ? names[u] : `v${u}`;
  const literal = (x) =>
    Number.isNaN(x) ? 'float("nan")' : Number.isFinite(x) ? String(x) : `float("${x > 0 ? "inf" : "-inf"}")`;
  const line = (u) => {
    if (engine.op[u] < 0) return `${python(u)} = Value(${literal(engine.value[u])}, label=${JSON.stringify(names[u])})`;
    const x = tape.operand
      .slice(engine.start[u], engine.start[u + 1])
      .map((p) => (p < 0 ? literal(engine.constant[-1 - p]) : python(p)));
    return `${python(u)} = table[${JSON.stringify(opOf(u).name)}](${x.join(", ")})`;
  };
  return [
    "from autograd import Value",
    "from autograd.primitives import table",
    "",
    ...needed.map(line),
    `${python(engine.root)}.backward()`,
    `print(${python(v)}.data, ${python(v)}.grad)`,
    "",
  ].join("\n");
}

async function copyText(text) {
  try {
    await navigator.clipboard.writeText(text);
    return true;
  } catch {
    const area = element("textarea", { class: "off" });
    area.value = text;
    document.body.append(area);
    area.select();
    const done = document.execCommand("copy");
    area.remove();
    return done;
  }
}
