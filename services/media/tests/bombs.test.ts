import assert from "node:assert/strict";
import { readFileSync } from "node:fs";
import { after, before, beforeEach, describe, test } from "node:test";
import sharp from "sharp";
import { App, Key, type Answer } from "./app.js";
import { gifFilm, hugeWebps, packedPngs, pngFilm, webpFilm, webpOfManyParts } from "./bombs.js";

describe("Pictures that are small as files only", () => {
  let app: App;
  before(async () => void (app = await App.start()));
  after(async () => {
    await app.stop();
    assert.deepEqual(app.lines.filter((l) => l["level"] === "error"), [], "no error was logged");
  });
  beforeEach(() => app.sidecar.objects.clear());

  const peakMb = (): number => Number(/VmHWM:\s+(\d+)/.exec(readFileSync(`/proc/${app.process.pid}/status`, "utf8"))![1]) / 1024;

  function refused(answer: Answer, status: number, kind: string): void {
    assert.equal(answer.body["type"], `urn:eco2:media:${kind}`);
    assert.equal(answer.status, status);
    assert.equal(app.sidecar.objects.size, 0, "nothing was stored");
  }

  async function isFirstFrame(answer: Answer, format: string): Promise<void> {
    assert.equal(answer.status, 200, JSON.stringify(answer.body));
    assert.deepEqual([answer.body["content_type"], answer.body["width"], answer.body["height"]], [`image/${format}`, 16, 16]);
    const { pages } = await sharp(app.sidecar.objects.get(`${Key}/original`)!.bytes).metadata();
    assert.equal(pages ?? 1, 1);
  }

  test("a WebP of 16,000 x 16,000 pixels is refused by its head, wherever it says so", async () => {
    const before = peakMb();
    for (const [what, bytes] of Object.entries(await hugeWebps(16_000, 16_000))) {
      assert.ok(bytes.length < 300, what);
      refused(await app.normalize(bytes), 422, "too-many-pixels");
    }
    assert.ok(peakMb() - before < 60, `${before} MB before, ${peakMb()} MB after`);
  });

  test("a film in WebP has so many frames, since its decoder looks for each from the first on", async () => {
    await isFirstFrame(await app.normalize(await webpFilm(900)), "webp");
    app.sidecar.objects.clear();
    refused(await app.normalize(await webpFilm(1_100)), 415, "unsupported-media");
    refused(await app.normalize(await webpFilm(150_000)), 415, "unsupported-media");
  });

  test("a WebP of a million parts is none", async () => refused(await app.normalize(await webpOfManyParts(1_000_000)), 415, "unsupported-media"));

  test("of a film in GIF with 200,000 frames the first is taken", async () => await isFirstFrame(await app.normalize(await gifFilm(200_000)), "gif"));

  test("of a film in PNG with 100,000 frames the first is taken", async () => await isFirstFrame(await app.normalize(await pngFilm(100_000)), "png"));

  test("a gigabyte packed into a PNG is never unpacked whole", async () => {
    const before = peakMb();
    for (const [what, bytes] of Object.entries(await packedPngs())) {
      const answer = await app.normalize(bytes);
      assert.ok(answer.status === 200 || answer.body["type"] === "urn:eco2:media:image-unreadable", `${what}: ${JSON.stringify(answer.body)}`);
    }
    // A profile or a text has a bound of some 60 MB.
    assert.ok(peakMb() - before < 200, `${before} MB before, ${peakMb()} MB after`);
  });
});
