// The tape and its two passes. No calculus here: the primitives are written by Python from its table.
//
// A node is its index in topological order, the root the last. An edge is the place of an operand: edge e
// leads from operand[e] to its user[e]. An operand ≥ 0 is a node, one < 0 the constant −1 − operand.

/** The numbers of a graph: values, local derivatives, gradients, and what follows from them. */
export class Engine {
  constructor(tape, primitives) {
    this.n = tape.op.length;
    this.root = this.n - 1;
    this.op = tape.op; // −1 on a leaf
    this.start = tape.start;
    this.operand = tape.operand;
    this.constant = tape.constant.map(Number);
    this.code = tape.ops.map((op) => (op.code < 0 ? null : primitives[op.code]));
    this.recorded = Float64Array.from(tape.data, Number);
    this.edges = this.operand.length;
    this.user = new Int32Array(this.edges);
    this.uses = Array.from({ length: this.n }, () => []);
    for (let v = 0; v < this.n; v++)
      for (let e = this.start[v]; e < this.start[v + 1]; e++) {
        this.user[e] = v;
        if (this.operand[e] >= 0) this.uses[this.operand[e]].push(e);
      }
    this.leaves = this.nodes((v) => this.op[v] < 0);
    this.interior = this.nodes((v) => this.op[v] >= 0);
    this.value = Float64Array.from(this.recorded);
    this.local = new Float64Array(this.edges);
    this.flows = new Uint8Array(this.edges); // whether a gradient goes along the edge at all
    for (const v of this.interior)
      this.derive(v, this.value, (e, d) => (this.flows[e] = d !== null && this.operand[e] >= 0));
    // The backward pass, edge by edge in Python's order; nodes it never reaches have no gradient.
    this.reached = new Uint8Array(this.n);
    this.reached[this.root] = 1;
    this.backwardEdges = [];
    this.reports = new Int32Array(this.n); // how many terms a node's gradient is the sum of
    for (let v = this.n - 1; v >= 0; v--)
      if (this.reached[v])
        for (let e = this.start[v]; e < this.start[v + 1]; e++)
          if (this.flows[e]) {
            this.backwardEdges.push(e);
            this.reached[this.operand[e]] = 1;
            this.reports[this.operand[e]]++;
          }
    this.forward();
  }

  nodes(test) {
    const found = [];
    for (let v = 0; v < this.n; v++) if (test(v)) found.push(v);
    return found;
  }

  operands(v, value) {
    const x = [];
    for (let e = this.start[v]; e < this.start[v + 1]; e++)
      x.push(this.operand[e] < 0 ? this.constant[-1 - this.operand[e]] : value[this.operand[e]]);
    return x;
  }

  derive(v, value, tell) {
    const code = this.code[this.op[v]];
    const local = code && code[1](value[v], this.operands(v, value));
    for (let e = this.start[v]; e < this.start[v + 1]; e++) tell(e, local ? local[e - this.start[v]] : null);
  }

  /** Values and local derivatives from the leaves' values as they are. */
  forward() {
    for (const v of this.interior) {
      const code = this.code[this.op[v]];
      if (code) this.value[v] = code[0](this.operands(v, this.value));
    }
    for (const v of this.interior) this.derive(v, this.value, (e, d) => (this.local[e] = d === null ? 0 : d));
  }

  /** δ_operand += δ · ∂y/∂operand, edge by edge, the first `steps` of them; how many terms each node has by then. */
  backward(steps = this.backwardEdges.length) {
    const grad = new Float64Array(this.n),
      reported = new Int32Array(this.n);
    grad[this.root] = 1;
    for (let k = 0; k < steps; k++) {
      const e = this.backwardEdges[k];
      grad[this.operand[e]] += grad[this.user[e]] * this.local[e];
      reported[this.operand[e]]++;
    }
    return { grad, reported };
  }

  /** The operations that a node's value enters, in their order. */
  dependents(v) {
    if (this.asked === v) return this.cone;
    const on = new Uint8Array(this.n);
    on[v] = 1;
    this.asked = v;
    this.cone = this.interior.filter((u) => {
      for (let e = this.start[u]; u > v && e < this.start[u + 1]; e++)
        if (this.operand[e] >= 0 && on[this.operand[e]]) return (on[u] = 1);
      return false;
    });
    return this.cone;
  }

  /** The root's value for each of these values of v, with all else as it is. */
  respond(v, xs) {
    const cone = this.dependents(v),
      value = Float64Array.from(this.value);
    return xs.map((x) => {
      value[v] = x;
      for (const u of cone) {
        const code = this.code[this.op[u]];
        if (code) value[u] = code[0](this.operands(u, value));
      }
      return value[this.root];
    });
  }

  /** The mean of the root over samples, and of its gradient by these leaves; values are as before when it is done. */
  batch({ rows, inputs, targets }, leaves) {
    const seats = [...inputs, ...targets],
      kept = seats.map((v) => (v < 0 ? 0 : this.value[v])),
      grad = new Float64Array(this.n);
    let loss = 0;
    const put = (row) => seats.forEach((v, i) => v >= 0 && (this.value[v] = row[i]));
    for (const row of rows) {
      put(row);
      this.forward();
      loss += this.value[this.root] / rows.length;
      if (!leaves.length) continue;
      const own = this.backward().grad;
      for (const v of leaves) grad[v] += own[v] / rows.length;
    }
    put(kept);
    this.forward();
    return { loss, grad };
  }

  /** What a node is at each of these points, each a number for each of the inputs. */
  surface(inputs, points, output) {
    const on = new Uint8Array(this.n);
    for (const v of inputs) if (v >= 0) on[v] = 1;
    const cone = this.interior.filter((u) => {
      if (u > output) return false;
      for (let e = this.start[u]; e < this.start[u + 1]; e++)
        if (this.operand[e] >= 0 && on[this.operand[e]]) return (on[u] = 1);
      return false;
    });
    const value = Float64Array.from(this.value);
    return points.map((point) => {
      inputs.forEach((v, k) => v >= 0 && (value[v] = point[k]));
      for (const u of cone) {
        const code = this.code[this.op[u]];
        if (code) value[u] = code[0](this.operands(u, value));
      }
      return value[output];
    });
  }

  /** ∂root/∂v by a central difference (f(v+h) − f(v−h)) / 2h: arithmetic that knows no derivative. */
  finiteDifference(v) {
    const h = Math.cbrt(Number.EPSILON) * Math.max(1, Math.abs(this.value[v]));
    const above = this.value[v] + h,
      below = this.value[v] - h,
      [up, down] = this.respond(v, [above, below]);
    return (up - down) / (above - below);
  }

  /** The `most` paths from v to the root with the largest |product of local derivatives|, and how many there are. */
  paths(v, most = 3) {
    const best = new Map([[this.root, [{ product: 1, edge: -1, rest: null }]]]),
      count = new Float64Array(this.n);
    count[this.root] = 1;
    const size = (path) => (Number.isNaN(path.product) ? Infinity : Math.abs(path.product));
    for (let u = this.root - 1; u >= v; u--) {
      const found = [];
      for (const [e, slope] of this.slopes(u)) {
        const rest = best.get(this.user[e]);
        if (!rest) continue;
        count[u] += count[this.user[e]];
        for (const path of rest) found.push({ product: path.product * slope, slope, edge: e, rest: path });
      }
      if (found.length) best.set(u, found.sort((p, q) => size(q) - size(p)).slice(0, most));
    }
    const unrolled = (best.get(v) || []).map((path) => {
      const edges = [],
        slopes = [];
      for (let p = path; p && p.edge >= 0; p = p.rest) (edges.push(p.edge), slopes.push(p.slope));
      return { product: path.product, edges, slopes };
    });
    return { paths: unrolled, count: count[v] };
  }

  /** For each use of v an edge that leads there and ∂use/∂v; x·x answers to x with both of its edges. */
  slopes(v) {
    const found = new Map();
    for (const e of this.uses[v])
      if (this.flows[e]) {
        const seen = found.get(this.user[e]);
        found.set(this.user[e], [seen ? seen[0] : e, (seen ? seen[1] : 0) + this.local[e]]);
      }
    return found.values();
  }

  /** Why a value is not finite: "born" here, or "came" from an operand; "" if it is finite. */
  fate(v) {
    if (Number.isFinite(this.value[v])) return "";
    return this.op[v] < 0 || this.operands(v, this.value).every(Number.isFinite) ? "born" : "came";
  }

  /** The leaves after a step of gradient descent, leaf := leaf − η ∂root/∂leaf. */
  descend(rate, leaves, grad) {
    for (const v of leaves) if (this.reached[v]) this.value[v] -= rate * grad[v];
  }
}
