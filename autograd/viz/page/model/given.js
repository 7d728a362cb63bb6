// Plain numbers that the graph was given: inputs and targets that are no nodes, so that no gradient reaches them.

import { engine, tape } from "./graph.js";

/** Each { kind: "inputs" or "targets", names, seats, total, users }: the constants that a number stands for, and their sum. */
export const given = tape.given ?? [];

const seats = given.flatMap((list) => list.seats.map((seats) => ({ seats, total: list.total })));
const first = numbers();

/** The place of a list's first number among all of them. */
export const offsets = given.map((_, k) => given.slice(0, k).reduce((sum, list) => sum + list.names.length, 0));

/** Their names, list after list. */
export const givenNames = given.flatMap((list) => list.names);

/** All the numbers, list after list. */
export function numbers() {
  return seats.map(({ seats: [seat] }) => engine.constant[seat]);
}

/** One of them. */
export function numberAt(k) {
  return engine.constant[seats[k].seats[0]];
}

/** Give one another value, wherever it stands. */
export function put(k, x) {
  const before = numberAt(k);
  if (Object.is(before, x)) return;
  for (const seat of seats[k].seats) engine.constant[seat] = x;
  const list = given[offsets.findLastIndex((at) => at <= k)];
  for (const seat of seats[k].total)
    engine.constant[seat] = list.seats.reduce((sum, [own]) => sum + engine.constant[own], 0);
}

/** Which of them are not as they came. */
export function moved() {
  return seats.flatMap((_, k) => (Object.is(numberAt(k), first[k]) ? [] : [k]));
}

/** All of them as they came. */
export function asTheyCame() {
  return first;
}

/** What a list is called. */
export function titleOf({ kind, names }) {
  return names.length > 1 ? `${names.length} ${kind}` : kind.slice(0, -1);
}
