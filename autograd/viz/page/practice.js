// Practice: a gradient is asked for, and a wrong factor pointed out.

/** The form that asks for a hidden gradient. */
function question(v) {
  const field = element("input", {
    type: "text",
    inputmode: "decimal",
    class: "number",
    "aria-label": `Your answer for the gradient of ${names[v]}`,
  });
  const verdict = element("p", { role: "status", class: "verdict" }),
    form = element("form", { class: "question" });
  const hint = element("button", { type: "button" }, "Hint"),
    reveal = element("button", { type: "button" }, "Show");
  form.innerHTML = `<label>${math(`${ratio(engine.root, v)}<mo>=</mo>`)} </label>`;
  form.append(field, element("button", {}, "Check"), hint, reveal);
  form.onsubmit = (event) => {
    event.preventDefault();
    const answer = number(field.value);
    if (answer === null) verdict.textContent = "A number, please.";
    else if (near(answer, grad[v])) solved(v);
    else verdict.innerHTML = mistake(v, answer);
  };
  hint.onclick = () =>
    (verdict.innerHTML = `Sum over its uses: ${usedBy(v)
      .map((e) => `∂${escape(tape.title)}/∂${linkText(engine.user[e])} · ${localRule(e)}`)
      .join(" + ")}`);
  reveal.onclick = () => solved(v);
  return element("div", {}, form, verdict);
}

function usedBy(v) {
  return engine.uses[v].filter((e) => engine.flows[e] && engine.reached[engine.user[e]]).slice(0, 8);
}

function solved(v) {
  state.answered.add(v);
  say(`∂${tape.title}/∂${names[v]} = ${short(grad[v])}`);
  paint();
  boxAt(v)?.element.focus();
}

/** Whether an answer is right to about three digits. */
function near(answer, truth) {
  return (
    answer === truth ||
    Math.abs(answer - truth) <= 0.006 * Math.abs(truth) ||
    (Number.isNaN(answer) && Number.isNaN(truth))
  );
}

/** ∂root/∂u, with u a link. */
function behind(u) {
  return `∂${escape(tape.title)}/∂${linkText(u)}`;
}

/** Which factor a wrong answer has wrong, as far as one can tell from the number. */
function mistake(v, answer) {
  const uses = usedBy(v),
    term = (e, upstream = grad[engine.user[e]], local = engine.local[e]) => upstream * local;
  const with_ = (e, other) => uses.reduce((sum, f) => sum + (f === e ? other : term(f)), 0);
  if (near(-answer, grad[v])) {
    const negative = uses.find((e) => engine.local[e] < 0) ?? uses[0];
    const u = engine.user[negative],
      rule = `${localRule(negative)} = ${short(engine.local[negative])}`;
    return `The size is right and the <b>sign</b> is not: look at ${rule} and at ${behind(u)}.`;
  }
  for (const e of uses) {
    const u = engine.user[e],
      factor = localRule(e);
    if (uses.length > 1 && near(answer, with_(e, 0)))
      return `A term is missing: ${escape(names[v])} is also used by ${linkText(u)}, and <b>every use adds</b>.`;
    if (uses.length > 1 && near(answer, term(e)))
      return `That is only the term through ${linkText(u)}: <b>add</b> the one${uses.length > 2 ? "s" : ""} through ${uses
        .filter((f) => f !== e)
        .map((f) => linkText(engine.user[f]))
        .join(", ")}.`;
    if (engine.local[e] !== 1 && near(answer, with_(e, grad[u])))
      return `The <b>local derivative</b> is missing: multiply by ${factor} = ${short(engine.local[e])}.`;
    if (grad[u] !== 1 && near(answer, with_(e, engine.local[e])))
      return `That is the local derivative alone: <b>multiply by ${behind(u)}</b>, what comes from behind.`;
    for (const [other, what] of [
      [engine.value[v], `the value of ${escape(names[v])}`],
      [engine.value[u], `the value of ${escape(names[u])}`],
      [1 / engine.local[e], "its reciprocal"],
      [2 * engine.local[e], "twice it"],
      [engine.local[e] / 2, "half of it"],
    ])
      if (near(answer, with_(e, grad[u] * other)))
        return [
          `The wrong factor is ${ratio(u, v, "text")}: you used ${what}, ${short(other)}; `,
          `it is ${factor} = <b>${short(engine.local[e])}</b>.`,
        ].join("");
  }
  if (uses.length === 1) {
    const [e] = uses,
      u = engine.user[e];
    return [
      `With ${behind(u)} = ${short(grad[u])} your answer needs ${math(ratio(u, v))} = ${short(answer / grad[u])}; `,
      `by the rule it is ${math(localFormula(e))} = <b>${short(engine.local[e])}</b>.`,
    ].join("");
  }
  const terms = uses.map((e) => `${behind(engine.user[e])} × ${math(ratio(engine.user[e], v))}`);
  return `Not yet. It is a sum of ${uses.length} terms: ${terms.join(" + ")}.`;
}
