"""The rows of a tape, written by a function that Numba compiles: `write`, for graphs of millions of operations.

Here nodes, their operands and the steps that a primitive is made of are arrays of integers already (`tape.py` makes
them), and what is left is to go through them: forward, run by run, and back again. The rows are those of
`interpreter.py`; all that is decided here is their order, where each result goes, and which contribution to an adjoint
is the first.

Importing this module imports Numba, and compiles nothing: `compiled.py` does that, once.
"""

from __future__ import annotations

import numpy as np
from numba import njit

from autograd.compiler.interpreter import (
    ADD_TO,
    COPY,
    COS,
    DOT,
    LESS_PRODUCT,
    LINE,
    MULTIPLY,
    MULTIPLY_ADD,
    NEGATIVE,
    PRODUCT_LESS,
    PRODUCT_PLUS,
    RESULTS,
    RUN,
    SIN,
    SIN_AND_COS,
    SPREAD,
    SUBTRACT,
    VECTOR,
)

__all__ = [
    "ACTIVE", "ARENA", "BACKWARD_AT", "BATCH", "BATCHED", "CONSTANTS", "DELTA", "DETACHED", "DOTS", "DOTS_LESS",
    "FIELDS", "GIVEN", "LESS_DOTS", "OPERANDS", "PLACE", "RUN_OF", "SIGNATURE", "SIZE", "STATE", "STEP", "TOTALS",
    "USED", "write",
]  # fmt: skip

ARENA = 1 << 62
"""Where addresses begin until there is an arena; nothing else is so great."""

DOTS, TOTALS, DETACHED, LESS_DOTS, DOTS_LESS = -1, -2, -3, -4, -5
"""Kinds of nodes that have no template; the last two are of one sample alone, c − a · b and a · b − c."""

STEP = 9
"""Words of a step: its opcode, how many operands, three of them; and of its scalar row the opcode, a, b, c, each as the
number of a place among those of the node, −1 for the result."""

OPERANDS, PLACE, DELTA, ACTIVE, BATCHED, GIVEN, INSIDE, USES = FIELDS = tuple(range(8))
"""What is known of a node: where its operands begin, its place and that of its adjoint (−1 where there is none yet);
whether a gradient flows through it, whether each sample has its own, whether its adjoint has been given something or is
zero to begin with, as a parameter's; and, of the writer's own, where its places begin, and how often it is an operand.
"""

USED, RUN_OF, HEAD, SIZE, BATCH, BACKWARD_AT, ONE, MINUS_ONE, NOTHING, ZERO, SHARE = STATE = tuple(range(11))
"""What is written: how many halves, the run that is open and its head, how many doubles of the arena are taken; how
many samples there are, where the backward pass begins; and the places of `CONSTANTS`: 1, −1, −0, 0 and 1 / samples."""
CONSTANTS = ONE

SIGNATURE = "void(int64, {0}, {0}, {0}, {0}, {0}, {0}, int64[:, ::1], {0}, uint32[::1])".format("int64[::1]")

_SHORT = 2  # pairs of a sum that are added one by one, as what else is of that kind is
_TOGETHER = 8  # nodes whose derivatives are computed step by step in turn, so that none waits for another
_ARITY, _NUMBERS, _RESULTS, _FORWARD, _BACKWARD, _RESULT, _HEADER = range(7)  # of a template

_compiled = njit(nogil=True, boundscheck=True)


# ── rows ──────────────────────────────────────────────────────────────────────────────────────


@_compiled
def _word(code, state, word):  # type: ignore[no-untyped-def]
    at = state[USED]
    code[at], code[at + 1] = word & 0xFFFFFFFF, word >> 32
    state[USED], state[RUN_OF] = at + 2, -1


@_compiled
def _address(place):  # type: ignore[no-untyped-def]
    return ARENA + 8 * (place >> 1)


@_compiled
def _scalar(code, state, kind, out, a, b, c):  # type: ignore[no-untyped-def]
    """A scalar row; those of one operation, one after the other, are a run."""
    if kind == state[RUN_OF]:
        code[state[HEAD]] += 1
    else:
        head = state[USED]
        code[head], code[head + 1] = RUN + kind, 1
        state[RUN_OF], state[HEAD], state[USED] = kind, head + 1, head + 2
    at = state[USED]
    code[at], code[at + 1], code[at + 2], code[at + 3] = out, a, b, c
    state[USED] = at + 4


@_compiled
def _vector(code, state, kind, n, out, a, b, c):  # type: ignore[no-untyped-def]
    """An operation of n operands on every sample."""
    for word in (VECTOR, kind, 1, 1, state[BATCH]):
        _word(code, state, word)
    for k, place in enumerate((out, a, b, c)):
        there = k <= n
        for word in (_address(place) if there else 0, 0, 0, place & 1 if there else 0):
            _word(code, state, word)


@_compiled
def _copy(code, state, out, x):  # type: ignore[no-untyped-def]
    if out & 1:
        _vector(code, state, COPY, 1, out, x, x, x)
    else:
        _scalar(code, state, PRODUCT_PLUS, out, x, state[ONE], state[NOTHING])


@_compiled
def _spread(code, state, delta, n):  # type: ignore[no-untyped-def]
    """The beginning of the row that adds δ · factor of every sample to n targets, which follow."""
    for word in (SPREAD, 6 + 4 * n, _address(delta), 1, n, state[BATCH]):
        _word(code, state, word)


@_compiled
def _pair(code, state, a, b):  # type: ignore[no-untyped-def]
    for word in (_address(a), a & 1, _address(b), b & 1):
        _word(code, state, word)


@_compiled
def _new(state, own):  # type: ignore[no-untyped-def]
    """A place: a double for each sample if they have their own, or one for all."""
    own = int(own and state[BATCH] > 1)
    place = 2 * state[SIZE] + own
    state[SIZE] += state[BATCH] if own else 1
    return place


@_compiled
def _step(code, state, templates, at, places, begin, n, out):  # type: ignore[no-untyped-def]
    """Write a step for a node that has n places, and add those of its results: `out`, where that has places already.

    Each has a place of its own, but in `out` there may be one that others have had; −1 where there is none yet.
    """
    kind, operands, own = templates[at], templates[at + 1], 0
    for k in range(at + 2, at + 2 + operands):
        own |= places[begin + templates[k]] & 1
    results = RESULTS[kind]
    for k in range(results):
        places[begin + n + k] = _new(state, own) if out[k] < 0 else out[k] & ~1 | own
    a, y = places[begin + templates[at + 2]], places[begin + n]
    if kind == SIN_AND_COS and own:
        _vector(code, state, SIN, 1, y, a, a, a)
        _vector(code, state, COS, 1, places[begin + n + 1], a, a, a)
    elif own:
        b, c = places[begin + templates[at + 3]], places[begin + templates[at + 4]]
        _vector(code, state, kind, operands, y, a, b, c)
    elif results > 1:
        b = places[begin + templates[at + 3] if operands > 1 else begin + n + 1]
        _scalar(code, state, kind, y, a, b, places[begin + n + results - 1])
    else:
        p, q, r = templates[at + 6], templates[at + 7], templates[at + 8]
        p, q, r = n if p < 0 else p, n if q < 0 else q, n if r < 0 else r
        _scalar(code, state, templates[at + 5], y, places[begin + p], places[begin + q], places[begin + r])
    return n + results


# ── forward ───────────────────────────────────────────────────────────────────────────────────


@_compiled
def _terms(table, operands, kind, node):  # type: ignore[no-untyped-def]
    """Of a sum Σ a · b + bias: which operand is the first a, how many pairs there are, and the place of the bias.

    The bias of a total is its first operand, and every b is 1.
    """
    begin, end = table[node, OPERANDS], table[node + 1, OPERANDS]
    if kind != TOTALS:
        return begin, (end - begin) // 2, table[operands[end - 1], PLACE]
    return begin + 1, end - begin - 1, table[operands[begin], PLACE]


@_compiled
def _pair_of(state, table, operands, kind, a, n):  # type: ignore[no-untyped-def]
    """The places of an a and its b."""
    return table[operands[a], PLACE], table[operands[a + n], PLACE] if kind == DOTS else state[ONE]


@_compiled
def _compute_sums(code, state, table, operands, kind, nodes):  # type: ignore[no-untyped-def]
    """Sums, which do not depend on each other: a row each; the pairs of short ones in turn, so that none waits."""
    longest = 0
    for node in nodes:
        if kind == DETACHED:
            table[node, PLACE] = table[operands[table[node, OPERANDS]], PLACE]
            continue
        first, n, bias = _terms(table, operands, kind, node)
        out = table[node, PLACE] = _new(state, table[node, BATCHED])
        if kind in (LESS_DOTS, DOTS_LESS):
            a, b = table[operands[first], PLACE], table[operands[first + 1], PLACE]
            _scalar(code, state, LESS_PRODUCT if kind == LESS_DOTS else PRODUCT_LESS, out, a, b, bias)
        elif out & 1:
            for word in (DOT, 7 + 4 * n, _address(out), _address(bias), bias & 1, n, state[BATCH]):
                _word(code, state, word)
            for k in range(first, first + n):
                a, b = _pair_of(state, table, operands, kind, k, n)
                _pair(code, state, a, b)
        elif 0 < n <= _SHORT:
            longest = max(longest, n)
        else:
            _word(code, state, LINE | n << 32)
            _word(code, state, out | bias << 32)
            for k in range(first, first + n):
                a, b = _pair_of(state, table, operands, kind, k, n)
                _word(code, state, a | b << 32)
    for k in range(longest):  # which is 0, but for sums
        for node in nodes:
            first, n, bias = _terms(table, operands, kind, node)
            out = table[node, PLACE]
            if k < n <= _SHORT and not out & 1:
                a, b = _pair_of(state, table, operands, kind, first + k, n)
                _scalar(code, state, PRODUCT_PLUS, out, a, b, out if k else bias)


@_compiled
def _compute(code, state, table, operands, templates, at, nodes, inside):  # type: ignore[no-untyped-def]
    """Nodes of one template, which do not depend on each other, step by step."""
    n, numbers = templates[at + _ARITY], templates[at + _NUMBERS]
    for node in nodes:
        here, there = table[node, INSIDE], table[node, OPERANDS]
        for k in range(n):
            inside[here + k] = table[operands[there + k], PLACE]
        for k in range(n, n + numbers):
            inside[here + k] = templates[at + _HEADER + k]
    step, places, new = at + _HEADER + n + numbers, n + numbers, np.full(3, -1)
    for _ in range(templates[at + _FORWARD]):
        after = places
        for node in nodes:
            after = _step(code, state, templates, step, inside, table[node, INSIDE], places, new)
        step, places = step + STEP, after
    for node in nodes:
        table[node, PLACE] = inside[table[node, INSIDE] + templates[at + _RESULT]]


# ── backward ──────────────────────────────────────────────────────────────────────────────────


@_compiled
def _delta(state, table, node):  # type: ignore[no-untyped-def]
    """Where the adjoint of a node is."""
    if table[node, DELTA] < 0:
        table[node, DELTA] = _new(state, table[node, BATCHED])
    return table[node, DELTA]


@_compiled
def _contribute(code, state, table, node, delta, factor):  # type: ignore[no-untyped-def]
    """Add δ · factor to the adjoint of a node; the first contribution is what it is from then on.

    Where that is δ itself, and the only contribution, the two adjoints are one place.
    """
    first = not table[node, GIVEN]
    table[node, GIVEN] = 1
    alone = first and table[node, USES] == 1 and table[node, DELTA] < 0
    if alone and factor == state[ONE] and delta & 1 == (table[node, BATCHED] and state[BATCH] > 1):
        table[node, DELTA] = delta
        return
    target = _delta(state, table, node)
    if not delta & 1:  # then the operand is no sample's either
        _scalar(code, state, PRODUCT_PLUS, target, delta, factor, state[NOTHING] if first else target)
    elif not target & 1:  # from each sample to what is one for all
        if first:
            _copy(code, state, target, state[ZERO])
        _spread(code, state, delta, 1)
        _pair(code, state, target, factor)
    elif factor == state[ONE]:
        _vector(code, state, COPY if first else ADD_TO, 1, target, delta, delta, delta)
    elif factor == state[MINUS_ONE]:
        if first:
            _vector(code, state, NEGATIVE, 1, target, delta, delta, delta)
        else:
            _vector(code, state, SUBTRACT, 2, target, target, delta, delta)
    else:
        _vector(code, state, MULTIPLY if first else MULTIPLY_ADD, 2, target, delta, factor, factor)


@_compiled
def _take_away(code, state, table, node, delta, factor):  # type: ignore[no-untyped-def]
    """Take δ · factor from the adjoint of a node, of one sample."""
    target = _delta(state, table, node)
    _scalar(code, state, LESS_PRODUCT, target, delta, factor, target if table[node, GIVEN] else state[NOTHING])
    table[node, GIVEN] = 1


@_compiled
def _factor(state, table, operands, kind, begin, end, k):  # type: ignore[no-untyped-def]
    """The derivative of a sum by its operand k, a place."""
    n = (end - begin) // 2
    if kind == TOTALS or k == end - 1:
        return state[MINUS_ONE if kind == DOTS_LESS else ONE]
    return table[operands[k + n if k < begin + n else k - n], PLACE]


@_compiled
def _hand_on_sum(code, state, table, operands, kind, node):  # type: ignore[no-untyped-def]
    begin, end = table[node, OPERANDS], table[node + 1, OPERANDS]
    delta, wanted = table[node, DELTA], 0
    for k in range(begin, end):
        x = operands[k]
        wanted += table[x, ACTIVE]
        if delta & 1 and table[x, ACTIVE] and not table[x, GIVEN]:
            _copy(code, state, _delta(state, table, x), state[ZERO])
            table[x, GIVEN] = 1
    if delta & 1:
        _spread(code, state, delta, wanted)
    for k in range(begin, end):
        x = operands[k]
        if table[x, ACTIVE]:
            factor = _factor(state, table, operands, kind, begin, end, k)
            if delta & 1:
                _pair(code, state, _delta(state, table, x), factor)
            elif kind == LESS_DOTS and k < end - 1:
                _take_away(code, state, table, x, delta, factor)
            else:
                _contribute(code, state, table, x, delta, factor)


@_compiled
def _hand_on(code, state, table, operands, templates, at, nodes, inside, room, scratch):  # type: ignore[no-untyped-def]
    """To each operand δ · ∂y/∂operand, of some nodes of one template.

    Args:
        room: for the places of each of them.
        scratch: places for the results of each step, which all nodes use.
    """
    n, numbers, each = templates[at + _ARITY], templates[at + _NUMBERS], len(room) // _TOGETHER
    places = n + numbers + templates[at + _RESULTS]
    step = at + _HEADER + n + numbers + STEP * templates[at + _FORWARD]
    for i in range(len(nodes)):
        for k in range(places):
            room[i * each + k] = inside[table[nodes[i], INSIDE] + k]
    for number in range(templates[at + _BACKWARD]):
        if scratch[number, 0, 0] < 0:
            for i in range(_TOGETHER):
                for k in range(RESULTS[templates[step]]):
                    scratch[number, i, k] = _new(state, 1)
        after = places
        for i in range(len(nodes)):
            after = _step(code, state, templates, step, room, i * each, places, scratch[number, i])
        step, places = step + STEP, after
    for k in range(n):
        factor = templates[at + _HEADER + k]
        if factor >= 0:
            for i in range(len(nodes)):
                x = operands[table[nodes[i], OPERANDS] + k]
                _contribute(code, state, table, x, table[nodes[i], DELTA], room[i * each + factor])


def write(  # type: ignore[no-untyped-def]
    root, order, runs, kinds, operands, templates, templates_at, table, state, code
):
    """Write the forward and the backward pass of a scalar program.

    Args:
        root: what is differentiated; −1 for nothing.
        order: the nodes that are computed, run by run, so that operands come first.
        runs: for each run where in `order` it begins; and the end of the last one.
        kinds: for each run where in `templates` that of its nodes begins, or a kind that has none.
        operands: of all nodes, one after the other.
        templates: one after the other: how many operands, numbers, results of the forward pass, its steps and those of
            the backward pass; the result, a place; the factors, −1 for none; the places of the numbers; the steps.
        templates_at: where each template begins.
        table: for each node its `FIELDS`; those of leaves and parameters are given. One row more, for the end.
        state: `STATE`.
        code: takes the rows, in halves.
    """
    kept, longest, most, parameters = 0, 0, 1, 0
    for at in templates_at:
        steps = templates[at + _FORWARD] + templates[at + _BACKWARD]
        longest = max(longest, templates[at + _ARITY] + templates[at + _NUMBERS] + 3 * steps)
        most = max(most, templates[at + _BACKWARD])
    for run in range(len(kinds)):
        at = kinds[run]
        if at >= 0:
            for i in range(runs[run], runs[run + 1]):
                table[order[i], INSIDE] = kept
                kept += templates[at + _ARITY] + templates[at + _NUMBERS] + templates[at + _RESULTS]
    inside = np.empty(kept, np.int64)
    for node in order:
        for k in range(table[node, OPERANDS], table[node + 1, OPERANDS]):
            table[operands[k], USES] += 1

    for run in range(len(kinds)):
        nodes = order[runs[run] : runs[run + 1]]
        if kinds[run] >= 0:
            _compute(code, state, table, operands, templates, kinds[run], nodes, inside)
        else:
            _compute_sums(code, state, table, operands, kinds[run], nodes)
    state[BACKWARD_AT] = state[USED]
    state[RUN_OF] = -1  # the backward pass begins with a run of its own

    if root >= 0:
        for node in range(len(table)):
            parameters += table[node, GIVEN]
        if parameters:  # their adjoints are the first doubles of the arena
            for word in (VECTOR, COPY, 1, 1, parameters, ARENA, 0, 0, 1, _address(state[ZERO])):
                _word(code, state, word)
            for _ in range(11):
                _word(code, state, 0)
        if table[root, ACTIVE]:
            delta = _delta(state, table, root)
            _copy(code, state, delta, state[SHARE if delta & 1 else ONE])
            table[root, GIVEN] = 1
        room, scratch = np.empty(_TOGETHER * longest, np.int64), np.full((most, _TOGETHER, 3), -1)
        some = np.empty(_TOGETHER, np.int64)
        for run in range(len(kinds) - 1, -1, -1):
            kind, together = kinds[run], 0
            for i in range(runs[run], runs[run + 1]):
                given = table[order[i], GIVEN]
                if given and kind >= 0:
                    some[together] = order[i]
                    together += 1
                elif given and kind != DETACHED:
                    _hand_on_sum(code, state, table, operands, kind, order[i])
                if together == _TOGETHER or (together and i == runs[run + 1] - 1):
                    nodes = some[:together]
                    _hand_on(code, state, table, operands, templates, kind, nodes, inside, room, scratch)
                    together = 0
