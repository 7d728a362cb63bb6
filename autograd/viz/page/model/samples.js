// The samples that Python gave along.

import { tape } from "./graph.js";

/** { inputs, targets, outputs, rows }, the first three nodes and the last numbers; null if there are none. */
export const samples = tape.samples ? { ...tape.samples, rows: tape.samples.rows.map((row) => row.map(Number)) } : null;

/** The leaves that a row's numbers belong to, −1 where the graph does not use one. */
export const places = samples ? [...samples.inputs, ...samples.targets] : [];
