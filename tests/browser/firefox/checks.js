// The page in Firefox, as people meet it there: real keystrokes, real clicks, and numbers that Python worked out.
//
// `node checks.js FOLDER FIREFOX` opens the pages of the folder and writes a line of JSON for each check: its name, and
// what is wrong, or "". What is expected stands in expected.json, which test_firefox.py writes.

import { readFileSync } from "node:fs";
import { join } from "node:path";
import { pathToFileURL } from "node:url";
import puppeteer from "puppeteer-core";

const [folder, executablePath] = process.argv.slice(2);
const expected = JSON.parse(readFileSync(join(folder, "expected.json"), "utf8"));
const DESK = { width: 1280, height: 800 },
  PHONE = { width: 390, height: 844 };

const checks = [];
const check = (name, run) => checks.push([name, run]);

function same(got, wanted, what) {
  const [a, b] = [JSON.stringify(got), JSON.stringify(wanted)];
  if (a !== b) throw new Error(`${what}: ${a}, and it should be ${b}`);
}

function holds(what, claim) {
  if (!what) throw new Error(claim);
}

/** Both engines round each operation alike; sums of many terms may be added in another order. */
function close(got, wanted, what, relative = 1e-12) {
  same(got.length, wanted.length, `${what}, how many`);
  const largest = Math.max(...wanted.map(Math.abs));
  got.forEach((x, k) => {
    if (!(Math.abs(x - wanted[k]) <= relative * Math.max(Math.abs(wanted[k]), 1e-3 * largest)))
      throw new Error(`${what}, number ${k}: ${x}, and Python has ${wanted[k]}`);
  });
}

/** What all pages of a browser have complained about, and what they asked of a network. */
const complaints = [];

async function open(browser, name, size = DESK, hash = "") {
  const page = await browser.newPage();
  page.on("console", (message) => complaints.push(`${name}: ${message.text()}`));
  page.on("pageerror", (error) => complaints.push(`${name}: ${error.message}`));
  page.on("request", (request) => {
    if (/^(https?|wss?|ftp):/.test(request.url())) complaints.push(`${name} asks for ${request.url()}`);
  });
  await page.setViewport(size);
  await page.goto(pathToFileURL(join(folder, `${name}.html`)).href + hash);
  return page;
}

const text = (page, where) => page.$eval(where, (element) => element.textContent);
const node = (page, name) => page.evaluate((name) => `#n${window.explorer.names.indexOf(name)}`, name);
const pause = (milliseconds) => new Promise((resolve) => setTimeout(resolve, milliseconds));
/** A text of Python's as a function of the page, with what it is called with. */
const ask = (page, program, ...given) => page.evaluate(`(${program})(${given.map((x) => JSON.stringify(x)).join()})`);
const numbers = (said) => (said.match(/−?\d+(\.\d+)?(e−?\d+)?/g) ?? []).map((x) => Number(x.replaceAll("−", "-")));

async function chosen(page, keys) {
  await page.keyboard.down("Control");
  await page.keyboard.press("a");
  await page.keyboard.up("Control");
  await page.keyboard.type(keys);
}

async function typed(page, field, keys) {
  await (typeof field === "string" ? await page.$(field) : field).click();
  await chosen(page, keys);
}

const PAGES = ["worked", "digits", "mesh", "playground"];

// ── every page ──────────────────────────────────────────────────────────────────────────────

const opens = async (browser, name) => {
  for (const size of [DESK, PHONE]) {
    const page = await open(browser, name, size);
    const seen = await ask(page, expected.inSight, ".node");
    holds(seen.filter(Boolean).length >= Math.min(3, seen.length), `the stage is all but empty at ${size.width} px`);
    await page.click("#fit");
    const fitted = await ask(page, expected.inSight, ".node");
    holds(fitted.length > 0 && fitted.every(Boolean), `Fit leaves boxes out of sight at ${size.width} px`);
    await page.close();
  }
};
check("the worked example opens and Fit fits", (browser) => opens(browser, "worked"));
check("the digits' network opens and Fit fits", (browser) => opens(browser, "digits"));
check("a graph of 3 000 nodes opens and Fit fits", (browser) => opens(browser, "mesh"));
check("the page of a network and its samples opens and Fit fits", (browser) => opens(browser, "playground"));

check("values and gradients are Python's on every page", async (browser) => {
  for (const name of PAGES) {
    const page = await open(browser, name);
    const { values, gradients, loss } = expected.pages[name];
    close(await page.evaluate("Array.from(explorer.engine.value)"), values, `values of ${name}`);
    close(await page.evaluate("Array.from(explorer.grad)"), gradients, `gradients of ${name}`, 1e-9);
    same(await text(page, "#loss"), loss, `loss of ${name}`);
    await page.close();
  }
});

check("no text leaves its box, whatever the numbers", async (browser) => {
  for (const name of PAGES) {
    const page = await open(browser, name);
    for (const x of ["0.5", "-1.2345e-8", "-123456789.123", "NaN", "Infinity"]) {
      await page.evaluate((x) => window.explorer.change(window.explorer.engine.leaves[0], Number(x)), x);
      same(await ask(page, expected.outside), [], `text outside its box in ${name} at ${x}`);
    }
    await page.close();
  }
});

check("every field takes what is typed key by key, and Tab leaves it", async (browser) => {
  const FIELDS = "input:not([type=range], [type=checkbox])";
  for (const name of PAGES) {
    const page = await open(browser, name);
    for (const leaf of name === "worked" ? [-1, 0] : [-1]) {
      await page.evaluate((leaf) => window.explorer.select(leaf), leaf);
      const fields = await page.$$(FIELDS);
      holds(fields.length >= 3, `${name} has no fields`);
      const many = name === "worked" ? fields.length : 4; // of ninety like ones the first
      for (let k = 0; k < Math.min(many, fields.length); k++) {
        const field = (await page.$$(FIELDS))[k]; // a search draws the list anew
        const search = await field.evaluate((f) => f.type === "search"),
          keys = search ? "w5" : "0.25";
        await typed(page, field, keys);
        same(await field.evaluate((f) => f.value), keys, `field ${k} of ${name}`);
        await page.keyboard.press("Backspace");
        same(await field.evaluate((f) => f.value), keys.slice(0, -1), `field ${k} of ${name} after Backspace`);
        if (search) await chosen(page, "");
        if (search) await page.keyboard.press("Delete");
        await page.keyboard.press("Tab");
        holds(await field.evaluate((f) => f !== document.activeElement), `Tab does not leave field ${k} of ${name}`);
      }
    }
    await page.close();
  }
});

check("a search finds and chooses, key by key", async (browser) => {
  for (const name of PAGES) {
    const page = await open(browser, name);
    const { sought } = expected.pages[name];
    await page.keyboard.press("/");
    await page.keyboard.type(sought);
    await page.keyboard.press("Enter");
    same(await page.evaluate("explorer.names[explorer.state.selected]"), sought, `found in ${name}`);
    same(await ask(page, expected.inSight, ".node.selected"), [true], `the node found in ${name} is in sight`);
    await page.close();
  }
});

// ── the worked example ──────────────────────────────────────────────────────────────────────

check("stepping through both passes shows Python's partial sums", async (browser) => {
  const page = await open(browser, "worked");
  const { partial, forward } = expected.pages.worked;
  await page.keyboard.press("Home");
  same(
    await page.$$eval(".node:not(.input, .parameter) text.value", (all) => all.map((t) => t.textContent)),
    Array(forward).fill("—"),
    "before the first step",
  );
  for (let step = 1; step <= forward + partial.length; step++) {
    await page.keyboard.press("ArrowRight");
    if (step < forward) continue;
    const wanted = step === forward ? expected.pages.worked.values : partial[step - forward - 1];
    const got = await page.evaluate(
      (forward) => Array.from(forward ? window.explorer.engine.value : window.explorer.partial),
      step === forward,
    );
    close(got, wanted, `step ${step}`);
  }
  same(await text(page, `${await node(page, "w5")} .gradient`), "+0.08217", "∂E/∂w5 in its box"); // by hand 0.08216704
  await page.keyboard.press("ArrowLeft");
  holds(
    (await text(page, `${await node(page, "b1")} .gradient`)).endsWith("+ …"),
    "a step back, a sum is partial again",
  );
  await page.close();
});

check("large graphs play by layer from start to end and back", async (browser) => {
  for (const name of ["digits", "mesh", "playground"]) {
    const page = await open(browser, name);
    await page.select("#unit", "layer");
    await page.click("#home");
    const last = await page.evaluate("Number(document.getElementById('time').max)");
    let count = 0;
    while ((await page.evaluate("explorer.state.step")) < last && count++ < 250) {
      await page.click("#on");
      if (count < 6)
        holds(
          !(await page.$(".node.lit")) || (await ask(page, expected.inSight, ".node.lit")).some(Boolean),
          `out of sight in ${name}`,
        );
    }
    same(await page.evaluate("explorer.state.step"), last, `the end of ${name}`);
    close(
      await page.evaluate("Array.from(explorer.partial)"),
      expected.pages[name].gradients,
      `walked gradients of ${name}`,
      1e-9,
    );
    await page.close();
  }
});

check("the five questions are answered in one click each", async (browser) => {
  const page = await open(browser, "worked");
  await page.click(await node(page, "w5")); // 1: why is it 0.0822?
  const lines = await page.$$eval("[data-part=why] .formula", (all) => all.map((line) => line.textContent));
  same(numbers(lines[2]), [0.7414, 0.1868, 0.5933], "the product of w5 in numbers");
  holds((await page.$$("[data-part=why] .reasons li")).length === 3, "a reason for each factor");
  await typed(page, "[aria-label='How far w5 moves']", "0.2"); // 2: what if it moves?
  const [predicted, truth] = await page.$$eval(".whatif dd", (all) => all.map((dd) => dd.textContent));
  close([numbers(predicted)[0], numbers(truth)[0]], expected.whatIf, "prediction and truth", 1e-3); // as printed
  holds(await page.$(".curve polyline.tangent"), "the curve has its tangent");
  await page.click("[data-ask=matters]"); // 3: what matters most?
  same(
    await page.$$eval(".leaves .link", (all) => all.map((link) => link.textContent)),
    expected.matters,
    "leaves by |∂|",
  );
  await page.click("[data-ask=vanish]"); // 4: where does it vanish?
  holds((await page.$$(".depthbar")).length > 3, "|∂| by depth");
  await page.close();
  const ill = await open(browser, "problems"); // 5: what is wrong?
  same(await text(ill, "#problems"), "Problems (2)", "the chip");
  await ill.click("#problems");
  holds(/Dead|Saturated/.test(await text(ill, "#panel")), "the chip leads to the first problem");
  await ill.close();
});

check("what is typed, dragged or trained is taken back by undo", async (browser) => {
  const page = await open(browser, "worked");
  const before = await page.evaluate("Array.from(explorer.engine.value)");
  await page.click(await node(page, "w5"));
  await typed(page, "#panel input.number", "0,75");
  same(await page.evaluate("explorer.engine.value[explorer.names.indexOf('w5')]"), 0.75, "typed with a comma");
  const box = await (await page.$(await node(page, "w6"))).boundingBox();
  await page.mouse.move(box.x + 20, box.y + 10);
  await page.mouse.down();
  await page.mouse.move(box.x + 120, box.y + 10, { steps: 4 });
  await page.mouse.up();
  same(await page.evaluate("explorer.engine.value[explorer.names.indexOf('w6')]"), 0.95, "dragged by 100 px");
  await typed(page, "#rate", "0.5");
  await page.keyboard.press("Enter");
  same(await text(page, "#steps"), "step 1", "a step of descent");
  for (let k = 0; k < 3; k++) await page.click("#undo");
  same(await page.evaluate("Array.from(explorer.engine.value)"), before, "after three times Undo");
  holds(await page.$eval("#undo", (button) => button.disabled), "nothing is left to undo");
  await page.close();
});

check("the address holds the state, and brings it back", async (browser) => {
  const page = await open(browser, "playground");
  await page.click("#sample-after");
  await page.click("#descend");
  const leaf = await page.evaluate("explorer.engine.leaves[5]");
  await page.evaluate((leaf) => window.explorer.select(leaf), leaf);
  await typed(page, "#panel input.number", "0.125");
  await pause(400);
  const hash = await page.evaluate("location.hash");
  holds(hash.includes("sample=1") && hash.includes(`node=${leaf}`), `the address: ${hash}`);
  const other = await open(browser, "playground", DESK, hash);
  for (const what of [
    "Array.from(explorer.engine.value)",
    "explorer.state.selected",
    "explorer.state.sample",
    "explorer.state.steps",
  ])
    same(await other.evaluate(what), await page.evaluate(what), what);
  await page.close();
  await other.close();
});

check("training moves the boundary and lowers the loss", async (browser) => {
  const page = await open(browser, "playground");
  const [first, plane] = await page.evaluate(
    "[explorer.state.frames[0].loss, document.getElementById('plane').toDataURL()]",
  );
  await page.select("#speed", "100");
  await page.click("#run");
  for (let k = 0; k < 100 && (await page.evaluate("explorer.state.steps")) < 200; k++) await pause(50);
  await page.click("#run");
  holds((await page.evaluate("explorer.state.frames.at(-1).loss")) < 0.6 * first, "the loss falls");
  holds((await page.evaluate("document.getElementById('plane').toDataURL()")) !== plane, "the plane changes");
  await page.close();
});

// ── light, dark, small ──────────────────────────────────────────────────────────────────────

const readable = async (browser, dark) => {
  for (const name of PAGES) {
    const page = await open(browser, name);
    same(await page.evaluate("matchMedia('(prefers-color-scheme: dark)').matches"), dark, "the scheme of the system");
    const background = () => page.$eval("#stage", (stage) => window.getComputedStyle(stage).backgroundColor);
    const [r] = (await background()).match(/\d+/g).map(Number);
    same(r < 128, dark, `${name} follows the scheme`);
    same(await ask(page, expected.contrast), [], `too little contrast in ${name}`);
    holds((await ask(page, expected.smallest)) >= 9, `text under 9 px in ${name}`);
    await page.evaluate("explorer.select(explorer.engine.leaves.at(-1))");
    same(await ask(page, expected.contrast), [], `too little contrast in ${name} with a node chosen`);
    await page.click("#theme");
    const [other] = (await background()).match(/\d+/g).map(Number);
    same(other < 128, !dark, "the button changes the scheme");
    await page.close();
  }
};
check("light pages can be read", (browser) => readable(browser, false));
check("dark pages can be read", (_, darkly) => readable(darkly, true));

check("on a phone nothing is wider than the screen, and controls are 44 px", async (browser) => {
  for (const name of PAGES) {
    const page = await open(browser, name, PHONE);
    for (const leaf of name === "worked" ? [-1, 0] : [-1]) {
      await page.evaluate((leaf) => window.explorer.select(leaf), leaf);
      holds(
        await page.evaluate("document.documentElement.scrollWidth <= document.documentElement.clientWidth"),
        `${name} is wider than its screen`,
      );
      const small = await page.$$eval("button:not(.link), summary, select, input", (all) =>
        all
          .filter((control) => control.checkVisibility())
          .filter((control) => control.getBoundingClientRect().height < 43.5)
          .map((control) => control.id || control.outerHTML.slice(0, 60)),
      );
      same(small, [], `too small for a finger in ${name}`);
    }
    await page.close();
  }
});

// Last, so that it speaks for all of them.
check("no page complains or asks anything of a network", () => same(complaints, [], "complaints"));

// ── running them ────────────────────────────────────────────────────────────────────────────

const launch = (dark) =>
  puppeteer.launch({
    browser: "firefox",
    executablePath,
    headless: true,
    extraPrefsFirefox: { "layout.css.prefers-color-scheme.content-override": dark ? 0 : 1 },
  });
const [light, dark] = await Promise.all([launch(false), launch(true)]);
for (const [name, run] of checks) {
  let wrong = "";
  const begun = Date.now();
  try {
    await run(light, dark);
  } catch (error) {
    wrong = error.stack;
  }
  process.stdout.write(`${JSON.stringify({ name, wrong, seconds: (Date.now() - begun) / 1000 })}\n`);
}
await Promise.all([light.close(), dark.close()]);
