// The state of the page in its address, so that a link shares it: what is shown and chosen, and the leaves that changed.

import { $ } from "../base/dom.js";
import { copyText } from "../base/clipboard.js";
import { say } from "../display/readouts.js";
import { openView } from "../display/view.js";
import { engine } from "../model/graph.js";
import { asTheyCame, moved, numberAt, put } from "../model/given.js";
import { groups } from "../model/groups.js";
import { samples } from "../model/samples.js";
import { changed, passes, recompute, replay, state, STEPS } from "../model/state.js";
import { rateOf } from "./descent.js";

/** A longer address is not written: browsers and mail cut it off. */
const LONGEST = 30000;

let waiting = 0,
  written = "";

/** The state as the part of an address after "#"; "" if it is as the page opens. */
export function addressed() {
  const parts = [],
    { group, depth, focus } = state.view;
  if (state.opened !== `${group} ${depth} ${focus}`)
    parts.push(`view=${[group, depth, focus].filter((x) => x !== undefined)}`);
  if (state.selected >= 0) parts.push(`node=${state.selected}`);
  else if (state.question !== "leaves") parts.push(`ask=${state.question}`);
  if (state.step < STEPS && state.mode === "passes") parts.push(`step=${state.step}`);
  if (state.sample > 0) parts.push(`sample=${state.sample}`);
  if (state.steps) parts.push(`steps=${state.steps}`);
  if ($("rate").value !== "0.1") parts.push(`rate=${encodeURIComponent($("rate").value)}`);
  const leaves = engine.leaves.filter((v) => !Object.is(engine.value[v], engine.recorded[v]));
  if (leaves.length) parts.push(`leaves=${leaves.map((v) => `${v}:${engine.value[v]}`).join(";")}`);
  const plain = moved();
  if (plain.length) parts.push(`given=${plain.map((k) => `${k}:${numberAt(k)}`).join(";")}`);
  const all = parts.join("&");
  return all.length > LONGEST ? parts.filter((part) => !part.startsWith("leaves=")).join("&") : all;
}

/** The view that is open needs no word in an address: it is the one that a page opens with. */
export function opening() {
  const { group, depth, focus } = state.view;
  state.opened = `${group} ${depth} ${focus}`;
}

/** Write the state into the address, a moment later. */
export function address() {
  clearTimeout(waiting);
  if (!state.running && !state.playing) waiting = setTimeout(write, 250);
}

function write() {
  written = addressed();
  try {
    window.history.replaceState(null, "", written ? `#${written}` : "#");
  } catch {
    // a frame of a notebook has no address of its own
  }
}

/** Bring about the state that an address says; what it says of no node here is passed over. */
export function readAddress() {
  const text = window.location.hash.slice(1);
  if (!text || text === written) return;
  const said = new Map(
    text.split("&").map((part) => [part.slice(0, part.indexOf("=")), part.slice(part.indexOf("=") + 1)]),
  );
  const index = (name, end) => {
    const k = Number(said.get(name));
    return said.has(name) && Number.isInteger(k) && k >= 0 && k < end ? k : -1;
  };
  for (const v of engine.leaves) engine.value[v] = engine.recorded[v];
  for (const pair of (said.get("leaves") ?? "").split(";")) {
    const [v, x] = pair.split(":");
    if (x !== undefined && engine.op[Number(v)] === -1 && (x === "NaN" || !Number.isNaN(Number(x)))) {
      engine.value[Number(v)] = Number(x);
      state.edited.add(Number(v));
    }
  }
  asTheyCame().forEach((x, k) => put(k, x));
  for (const pair of (said.get("given") ?? "").split(";")) {
    const [k, x] = pair.split(":");
    if (x !== undefined && Number(k) in asTheyCame() && (x === "NaN" || !Number.isNaN(Number(x))))
      put(Number(k), Number(x));
  }
  const rate = (said.get("rate") ?? "").replaceAll("%2C", ",");
  if (rate.length < 20 && rateOf(rate) !== null) $("rate").value = rate;
  if (samples) state.sample = Math.max(0, index("sample", samples.rows.length));
  state.steps = Math.max(0, index("steps", 1e9));
  state.step = index("step", STEPS) < 0 ? STEPS : index("step", STEPS);
  state.selected = index("node", engine.n);
  if (["matters", "vanish"].includes(said.get("ask"))) state.question = said.get("ask");
  passes.batch = null;
  recompute();
  replay();
  const [group, depth, focus] = (said.get("view") ?? "").split(",").map(Number);
  if (said.get("view") && group < groups.length && depth >= 0 && !(focus >= engine.n))
    openView({ group, depth, focus }, false);
  changed();
}

/** Copy a link that opens the page as it is. */
export async function copyLink() {
  clearTimeout(waiting);
  write();
  const done = await copyText(window.location.href);
  say(done ? "The link is copied: it opens the page as it is now" : "Copying is not allowed here: the address has it");
}
