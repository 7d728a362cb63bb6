// Lighthouse on some pages: node audit.js CHROMIUM URL … prints a line of JSON for each page.

import { launch } from "chrome-launcher";
import lighthouse from "lighthouse";

const [chromePath, ...pages] = process.argv.slice(2);

/** All that takes time for the sake of speed's own audits, which are not asked for, is left out. */
const config = {
  extends: "lighthouse:default",
  settings: {
    onlyCategories: ["accessibility", "best-practices"],
    formFactor: "desktop",
    screenEmulation: { mobile: false, width: 1280, height: 900, deviceScaleFactor: 1, disabled: false },
    disableFullPageScreenshot: true,
    disableStorageReset: true,
    pauseAfterFcpMs: 0,
    pauseAfterLoadMs: 0,
    networkQuietThresholdMs: 500,
    cpuQuietThresholdMs: 100,
  },
};

const chrome = await launch({ chromePath, chromeFlags: ["--headless=new", "--no-sandbox", "--disable-gpu"] });
try {
  for (const page of pages) {
    const started = Date.now();
    const { lhr } = await lighthouse(page, { port: chrome.port, logLevel: "error" }, config);
    const scores = {};
    const wrong = [];
    for (const { id, score, auditRefs } of Object.values(lhr.categories)) {
      scores[id] = score === null ? null : Math.round(100 * score);
      for (const { id: name, weight } of auditRefs) {
        const audit = lhr.audits[name];
        const items = audit.details?.items ?? [];
        if (weight && audit.score !== null && audit.score < 1)
          wrong.push({ audit: name, where: items.slice(0, 3).map((x) => x.node?.snippet ?? x.description ?? "") });
      }
    }
    const problem = lhr.runtimeError?.message ?? "";
    process.stdout.write(
      `${JSON.stringify({ page, scores, wrong, problem, seconds: (Date.now() - started) / 1000 })}\n`,
    );
  }
} finally {
  chrome.kill();
}
