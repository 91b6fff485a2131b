import assert from "node:assert/strict";
import { readdirSync, readFileSync } from "node:fs";
import path from "node:path";
import { after, before, describe, test } from "node:test";
import sharp from "sharp";
import { modelFolder } from "../src/vision/classifier.js";
import { App, Key } from "./app.js";
import { noise, stripes } from "./pictures.js";

const samples = path.join(modelFolder(), "../../../samples");
const sample = (name: string): Buffer => readFileSync(path.join(samples, `rendered-${name}.jpg`));

describe("POST /v1/classify", () => {
  let app: App;
  before(async () => void (app = await App.start()));
  after(() => app.stop());

  async function classify(picture: Buffer): Promise<Record<string, unknown>> {
    assert.equal((await app.normalize(picture)).status, 200);
    const answer = await app.classify(Key);
    assert.equal(answer.status, 200);
    return answer.body;
  }

  test("answers with the wire's members, two labels and confidences that add up", async () => {
    const seen = await classify(sample("cardboard-box"));

    assert.deepEqual(Object.keys(seen), ["label", "confidence", "runner_up", "runner_up_confidence", "unsure", "model", "latency_ms"]);
    const [first, second] = [seen["confidence"] as number, seen["runner_up_confidence"] as number];
    assert.ok(first >= second && second >= 0 && first + second <= 1.0001);
    assert.notEqual(seen["label"], seen["runner_up"]);
    assert.match(String(seen["model"]), /^eco2-materials-\d+$/);
  });

  test("says of the rendered samples what samples/README.md says it says", async () => {
    const told = [...readFileSync(path.join(samples, "README.md"), "utf8").matchAll(/^\| `rendered-([a-z-]+)\.jpg` \|.*\| ([a-z]+)( \(not sure\))? \|$/gm)];
    const found = [];
    for (const [, name, , ] of told) {
      const seen = await classify(sample(name!));
      found.push([name, seen["label"], seen["unsure"]]);
    }

    assert.equal(found.length, readdirSync(samples).filter((f) => f.endsWith(".jpg")).length);
    assert.deepEqual(found, told.map((m) => [m[1], m[2], m[3] !== undefined]));
  });

  test("depends on pixels alone: format and metadata do not matter, nor what was asked before", async () => {
    const box = await sharp(sample("drink-can")).resize(600).png().toBuffer();
    const again = await sharp(box).withMetadata({ density: 300 }).withExif({ IFD0: { ImageDescription: "glass bottle" } }).png().toBuffer();

    const first = await classify(box);
    await classify(await noise(300, 300).png().toBuffer());
    const second = await classify(again);

    assert.deepEqual({ ...second, latency_ms: 0 }, { ...first, latency_ms: 0 });
  });

  test("is unsure of what is no photo of a thing at all", async () => {
    const pictures = {
      noise: await noise(400, 300).png().toBuffer(),
      stripes: await stripes(400, 300).png().toBuffer(),
      black: await sharp({ create: { width: 300, height: 300, channels: 3, background: "#000" } }).png().toBuffer(),
    };

    for (const [what, picture] of Object.entries(pictures)) {
      assert.equal((await classify(picture))["unsure"], true, what);
    }
  });

  test("a picture that is not there is not found", async () => {
    const answer = await app.classify("scan/nobody/nothing");

    assert.deepEqual([answer.status, answer.body["code"]], [404, "NOT_FOUND"]);
  });

  test("a stored object that is no picture is unreadable, not an error", async () => {
    app.sidecar.objects.set("scan/u/broken/vision.jpg", { bytes: Buffer.from("????"), metadata: {} });

    const answer = await app.classify("scan/u/broken");

    assert.deepEqual([answer.status, answer.body["code"]], [422, "IMAGE_UNREADABLE"]);
    assert.deepEqual(app.lines.filter((l) => l["level"] === "error"), []);
  });
});
