// The page of a report in Chromium: started by tests/browser/verify with the folder of the pages.
import assert from "node:assert/strict";
import fs from "node:fs";
import path from "node:path";
import test from "node:test";
import { chromium } from "playwright-core";

const folder = process.argv[2];
const names = fs.readdirSync(folder).filter((file) => file.endsWith(".html")).map((file) => path.basename(file, ".html"));
const axe = fs.readFileSync(path.join(folder, "node_modules/axe-core/axe.min.js"), "utf8");
const WIDTHS = [420, 900, 1400];
const LOOKS = [{ colorScheme: "light" }, { colorScheme: "dark" }, { colorScheme: "light", media: "print" }];
// All that can stand on a page, in every width and look; the others, which may be long, in each once, with axe on the narrowest.
const EVERYWHERE = ["kb914137", "of-5", "odd-cut-off"];
const FLAGS = ["--headless", "--no-sandbox", "--disable-gpu", "--disable-quic", "--no-first-run", "--disable-background-networking", "--disable-component-update", "--disable-sync"];

const browser = await chromium.launch({ executablePath: "/usr/bin/chromium", args: FLAGS });

// A page of a report, with whatever it says or asks for beside itself.
async function open(name, options = {}, html = undefined) {
  const context = await browser.newContext({ viewport: { width: 1400, height: 900 }, permissions: ["clipboard-read", "clipboard-write"], ...options });
  const page = await context.newPage();
  const heard = [];
  const stopped = [];
  page.on("requestfailed", (request) => { if (request.failure().errorText === "csp") stopped.push(request.url()); });
  page.on("console", (message) => heard.push(message.text()));
  page.on("pageerror", (error) => heard.push(String(error)));
  page.on("dialog", (dialog) => { heard.push(`dialog ${dialog.message()}`); dialog.dismiss(); });
  const file = path.join(folder, html ? "changed.html" : `${name}.html`);
  if (html) fs.writeFileSync(file, html);
  page.on("request", (request) => { if (request.url() !== `file://${file}`) heard.push(`request ${request.url()}`); });
  await page.goto(`file://${file}`);
  return { page, heard, stopped, context };
}

const report = (name) => JSON.parse(fs.readFileSync(path.join(folder, `${name}.json`), "utf8"));
// What is not seen is written out.
const printable = (text) => text.replace(/[\p{Cc}\p{Cf}\u2028\u2029\ufffe]/gu, (c) => `\\u{${c.codePointAt(0).toString(16)}}`);

// The commands of a report: to run, to take back, to verify, to get what is missing.
function commands(name) {
  const { findings, problems } = report(name);
  const remedies = findings.filter((finding) => !finding.exception).flatMap((finding) => finding.remedies);
  const changing = remedies.filter((remedy) => remedy.commands.length > 0);
  return {
    Run: changing.flatMap((remedy) => remedy.commands.map((command) => command.run)),
    Undo: changing.flatMap((remedy) => remedy.commands.map((command) => command.undo)),
    Verify: changing.flatMap((remedy) => (remedy.verify ? [remedy.verify] : [])),
    "To get it": problems.flatMap((problem) => problem.fix),
  };
}

for (const name of names) {
  test(`${name}: nothing is said, nothing is asked for, and axe finds nothing, in every width and look`, async () => {
    for (const [column, width] of WIDTHS.entries()) {
      for (const { colorScheme, media } of EVERYWHERE.includes(name) ? LOOKS : [LOOKS[column]]) {
        const about = `${width} ${colorScheme} ${media ?? "screen"}`;
        const { page, heard, context } = await open(name, { viewport: { width, height: 900 }, colorScheme, bypassCSP: true });
        await page.emulateMedia({ media: media ?? null, colorScheme });
        const overflow = await page.evaluate(() => document.documentElement.scrollWidth - innerWidth);
        assert.ok(overflow <= 0, `${about}: ${overflow} pixels too wide`);
        if (process.env.SHOTS) await page.screenshot({ path: path.join(process.env.SHOTS, `${name}-${about.replaceAll(" ", "-")}.png`), fullPage: width !== 420 });
        if (width === 420 || EVERYWHERE.includes(name)) {
          await page.evaluate(axe);
          const { violations } = await page.evaluate(() => globalThis.axe.run(document, { resultTypes: ["violations"] }));
          assert.deepEqual(violations.map(({ id, nodes }) => [id, nodes.length, nodes[0].html]), [], about);
        }
        assert.deepEqual(heard, [], about);
        await context.close();
      }
    }
  });

  test(`${name}: each command stands there once to copy, and the button copies just that`, async () => {
    const { page, heard, context } = await open(name);
    const blocks = await page.locator(".commands").evaluateAll((all) => all.map((one) => [one.querySelector("figcaption").textContent, one.querySelector("pre").textContent]));
    for (const [label, wanted] of Object.entries(commands(name))) {
      const shown = blocks.filter(([caption]) => caption === label).flatMap(([, text]) => text.split("\n"));
      assert.deepEqual(shown.sort(), wanted.map(printable).sort(), label);
    }
    await page.locator("details").evaluateAll((all) => all.forEach((one) => { one.open = true; }));
    const buttons = await page.locator("button.copy").all();
    assert.equal(buttons.length, blocks.length);
    // Of very many the first are enough.
    for (const [number, button] of buttons.slice(0, 12).entries()) {
      await button.click();
      await page.waitForFunction((one) => one.textContent === "Copied", await button.elementHandle());
      assert.equal(await page.evaluate(() => navigator.clipboard.readText()), blocks[number][1]);
    }
    assert.deepEqual(heard, []);
    await context.close();
  });

  test(`${name}: the findings and servers are those of the JSON`, async () => {
    const { page, context } = await open(name);
    const { findings, servers, problems } = report(name);
    const text = await page.locator("body").evaluate((body) => body.textContent);
    for (const { code, spn, exception, servers: of } of findings) {
      for (const told of [code, spn ?? "", ...of, ...(exception ? [`Accepted: ${exception.reason}`] : [])]) {
        assert.ok(text.includes(printable(told)), told);
      }
    }
    assert.equal(await page.locator(".rows > li").count(), findings.length);
    assert.deepEqual(await page.locator("tbody th").evaluateAll((all) => all.map((one) => one.firstChild.textContent)), servers.map((server) => printable(server.name)));
    assert.equal(await page.locator("article:has(> h3):not(:has(.rows))").count(), problems.length);
    await context.close();
  });
}

test("Tab reaches tiles, buttons and details, and the keys work there", async () => {
  const { page, context } = await open("of-5");
  const reached = new Set();
  for (let presses = 0; presses < 200; presses++) {
    await page.keyboard.press("Tab");
    const where = await page.evaluate(() => {
      const { tagName, className } = document.activeElement;
      const outline = getComputedStyle(document.activeElement).outlineStyle;
      return tagName === "BODY" ? "" : `${tagName}.${className.split(" ")[0]}${outline === "none" ? " unseen" : ""}`;
    });
    if (!where) break;
    if (!reached.has(where) && where === "SUMMARY.") {
      const isOpen = () => page.evaluate(() => document.activeElement.parentElement.open);
      const before = await isOpen();
      await page.keyboard.press("Enter");
      assert.equal(await isOpen(), !before);
    }
    if (!reached.has(where) && where === "BUTTON.copy") {
      await page.keyboard.press("Enter");
      await page.waitForFunction(() => document.activeElement.textContent === "Copied");
    }
    reached.add(where);
  }
  for (const wanted of ["A.tile", "BUTTON.copy", "SUMMARY.", "PRE.", "DIV.wide"]) assert.ok(reached.has(wanted), `${wanted} of ${[...reached]}`);
  assert.deepEqual([...reached].filter((where) => where.endsWith("unseen")), []);
  await context.close();
});

test("a tile leads to its server", async () => {
  const { page, context } = await open("of-200");
  await page.locator(".tile").nth(150).click();
  assert.match(await page.locator("tr:target th").textContent(), /^EX151/);
  await context.close();
});

test("the page's own script runs and no other does, nor a style, picture or frame", async () => {
  const html = fs.readFileSync(path.join(folder, "of-5.html"), "utf8");
  const { page, context } = await open("of-5");
  for (const button of await page.locator("button.copy").all()) assert.equal(await button.getAttribute("hidden"), null);
  await context.close();
  const injected = '<script>document.title = "run"</script><img src="https://evil.example/x.png" onerror="document.title = \'run\'"><iframe src="https://evil.example/"></iframe>'
    + '<base href="https://evil.example/"><form action="https://evil.example/"><button id="evil">x</button></form><p id="styled" style="color: rgb(1, 2, 3)">x</p>';
  const changed = await open("of-5", {}, html.replace("<main>", `<main>${injected}`));
  assert.notEqual(await changed.page.title(), "run");
  assert.notEqual(await changed.page.locator("#styled").evaluate((one) => getComputedStyle(one).color), "rgb(1, 2, 3)");
  assert.equal(await changed.page.evaluate(() => document.baseURI.startsWith("file:")), true, "no base elsewhere");
  await changed.page.evaluate(() => document.querySelector("#evil").click());
  await changed.page.waitForTimeout(300);
  // What the policy stops is heard of, too.
  const sent = changed.heard.filter((said) => said.startsWith("request")).map((said) => said.slice("request ".length));
  assert.deepEqual(sent.filter((url) => !changed.stopped.includes(url)), []);
  await changed.context.close();
  const free = await open("of-5", {}, html.replace(/<meta http-equiv="Content-Security-Policy"[^>]*>/, "").replace("<main>", '<main><script>document.title = "run"</script>'));
  assert.equal(await free.page.title(), "run", "but for the policy it would");
  await free.context.close();
});

test("on paper, what is folded away is there too", async () => {
  const { page, context } = await open("of-5");
  await page.emulateMedia({ media: "print" });
  const hidden = await page.locator("details pre").evaluateAll((all) => all.filter((one) => one.getBoundingClientRect().height === 0).length);
  assert.equal(hidden, 0);
  await context.close();
});

test.after(() => browser.close());
