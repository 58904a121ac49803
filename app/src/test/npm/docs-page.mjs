// Opens the reference of the API in a browser, sends a request from it, and prints what was seen.
import { chromium } from "playwright-core";

const [url, executablePath, picture] = process.argv.slice(2);
const browser = await chromium.launch({
  executablePath,
  args: [
    "--no-sandbox",
    "--disable-gpu",
    "--disable-quic",
    "--no-first-run",
    "--disable-background-networking",
    "--disable-component-update",
    "--disable-sync",
  ],
});
try {
  const page = await browser.newPage({ viewport: { width: 1400, height: 900 } });
  const complaints = [];
  const origins = new Set();
  page.on("console", (message) => {
    if (message.type() === "error") complaints.push(message.text());
  });
  page.on("pageerror", (error) => complaints.push(String(error)));
  page.on("request", (request) => {
    if (!request.url().startsWith("data:")) origins.add(new URL(request.url()).origin);
  });
  await page.goto(url + "/docs#tag/operation/GET/health/live");
  const title = page.getByRole("heading", { name: "Reflow Gateway" }).first();
  await title.waitFor({ state: "attached", timeout: 60_000 });
  const operation = page.getByRole("button", { name: "Test Request (get /health/live)" });
  await operation.click({ timeout: 60_000 });
  const send = page.locator("button", { hasText: /^\s*Send Request/ }).last();
  const [answer] = await Promise.all([
    page.waitForResponse((response) => response.url().endsWith("/health/live"), { timeout: 60_000 }),
    send.click({ timeout: 60_000 }),
  ]);
  await page.getByText("200").first().waitFor({ timeout: 60_000 });
  await page.screenshot({ path: picture });
  console.log(
    JSON.stringify({
      status: answer.status(),
      body: await answer.text(),
      title: await title.innerText(),
      complaints,
      origins: [...origins],
    }),
  );
} finally {
  await browser.close();
}
