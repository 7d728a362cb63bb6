// What is said of a node: its caption, its gradient as the walk has it, and the sentence that is read aloud.

/** What a box says a node does: its symbol, with a constant operand in its place. */
function caption(v) {
  const op = opOf(v);
  if (!op) return engine.operands.length && tape.parameter[v] ? "" : "";
  const operands = tape.operand.slice(engine.start[v], engine.start[v + 1]);
  if (operands.length === 2 && operands.some((x) => x < 0)) {
    const [a, b] = operands.map((x) => (x < 0 ? short(engine.constant[-1 - x]) : ""));
    const infix = op.name === "pow" ? "^" : op.symbol;
    return `${a} ${infix} ${b}`.trim();
  }
  return op.symbol;
}

function kindOf(v) {
  if (v === engine.root) return "root";
  return engine.op[v] >= 0 ? "operation" : tape.parameter[v] ? "parameter" : "input";
}

/** The gradient of a node as the walk has it, in a word. */
function gradientText(v) {
  if (hidden(v)) return "?";
  switch (stage(v)) {
    case "none":
      return "no flow";
    case "later":
      return "—";
    case "partial":
      return `${signed(partial[v])} + …`;
  }
  const just = state.step > FORWARD && state.step < STEPS && lit().operand === v;
  return just && engine.reports[v] > 1 ? `= ${signed(partial[v])}` : signed(partial[v]);
}

function hidden(v) {
  return state.practising && v !== engine.root && engine.reached[v] && !state.answered.has(v);
}

function known(v) {
  return engine.op[v] < 0 || rank[v] <= state.step;
}

/** A node's name for ears: "h3, tanh of z3, value 0.62, gradient −0.018". */
function sentence(v) {
  const op = opOf(v);
  const from = op ? parentsOf(v).map((u) => names[u]) : [];
  const what = op
    ? `${op.name} of ${from.slice(0, 4).join(", ")}${from.length > 4 ? ` and ${from.length - 4} more` : ""}`
    : kindOf(v);
  const value = known(v) ? short(engine.value[v]) : "not computed yet";
  const fate =
    known(v) && engine.fate(v) === "born" ? `, ${Number.isNaN(engine.value[v]) ? "NaN" : "infinity"} arises here` : "";
  const gradient = hidden(v)
    ? "hidden"
    : {
        none: "none flows here",
        later: "not computed yet",
        partial: `so far ${short(partial[v])}`,
        final: short(partial[v]),
      }[stage(v)];
  const numb = numbness(v);
  return `${names[v]}, ${v === engine.root ? "the root, " : ""}${what}, value ${value}${fate}, gradient ${gradient}${numb ? `, ${numb}` : ""}`;
}

function parentsOf(v) {
  if (v < 0) return [];
  return [...new Set(tape.operand.slice(engine.start[v], engine.start[v + 1]).filter((x) => x >= 0))];
}

function usersOf(v) {
  return [...new Set(engine.uses[v].map((e) => engine.user[e]))];
}
