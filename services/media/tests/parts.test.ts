import assert from "node:assert/strict";
import { readFileSync } from "node:fs";
import path from "node:path";
import { describe, test } from "node:test";
import { formatOf } from "../src/picture.js";
import { Problem, problemKinds } from "../src/problems.js";
import { Slots } from "../src/slots.js";
import { Head, softmax } from "../src/vision/head.js";
import { FeatureCount } from "../src/vision/backbone.js";
import { modelFolder } from "../src/vision/classifier.js";
import { temperatureOf } from "../training/fit.js";
import { minimise } from "../training/lbfgs.js";
import { score } from "../training/metrics.js";
import { foldOf } from "../training/split.js";

describe("Parts", () => {
  test("the README lists every problem with its status, and no other", () => {
    const readme = readFileSync(path.join(modelFolder(), "../README.md"), "utf8");
    const listed = [...readme.matchAll(/^\| (\d{3}) \| `urn:eco2:media:([a-z-]+)`/gm)].map((m) => `${m[1]} ${m[2]}`);

    assert.deepEqual(listed.sort(), problemKinds.map((k) => `${new Problem(k, "").status} ${k}`).sort());
  });

  test("a picture is known by its first bytes", () => {
    assert.equal(formatOf(Buffer.from([0xff, 0xd8, 0xff, 0xe0])), "jpeg");
    assert.equal(formatOf(Buffer.from("RIFF\0\0\0\0WEBPVP8 ")), "webp");
    assert.equal(formatOf(Buffer.from("RIFF\0\0\0\0WAVEfmt ")), undefined);
    assert.equal(formatOf(Buffer.from("GIF88a")), undefined);
    assert.equal(formatOf(Buffer.from(" GIF89a")), undefined);
  });

  test("slots let two run, one wait, and refuse the fourth", async () => {
    const slots = new Slots(2, 1);
    let open = (): void => undefined;
    const gate = new Promise<void>((resolve) => (open = resolve));
    const three = [1, 2, 3].map((n) => slots.use(() => gate.then(() => n)));

    await assert.rejects(slots.use(() => gate), { kind: "overloaded" });

    open();
    assert.deepEqual(await Promise.all(three), [1, 2, 3]);
    assert.equal(await slots.use(async () => 4), 4);
  });

  test("a head that was written reads back the same", async (t) => {
    const numbers = (n: number, f: (i: number) => number): Float32Array => Float32Array.from({ length: n }, (_, i) => f(i));
    const card = { name: "of two", labels: ["a", "b"], temperature: 2, threshold: 0.7, maxStrangeness: 3 };
    const head = new Head(card, numbers(FeatureCount, () => 0), numbers(FeatureCount, () => 1), numbers(2 * FeatureCount, (i) => (i === 0 ? 1 : 0)), numbers(2, (i) => i));
    const file = path.join(modelFolder(), `test-${process.pid}.bin`);
    const { rmSync, writeFileSync } = await import("node:fs");
    t.after(() => rmSync(file));
    writeFileSync(file, head.toBytes());

    const again = await Head.load(file);

    assert.deepEqual(again.card, card);
    assert.deepEqual(again.raw(numbers(FeatureCount, () => 2)), { logits: [2, 1], strangeness: 2 });
  });

  test("a picture unlike all training photos is unsure however confident it is", () => {
    const numbers = (n: number, v: number): Float32Array => new Float32Array(n).fill(v);
    const card = { name: "", labels: ["a", "b"], temperature: 1, threshold: 0.7, maxStrangeness: 3 };
    const head = new Head(card, numbers(FeatureCount, 0), numbers(FeatureCount, 1), numbers(2 * FeatureCount, 0), Float32Array.from([9, 0]));

    assert.equal(head.judge(numbers(FeatureCount, 1)).unsure, false);
    assert.equal(head.judge(numbers(FeatureCount, 4)).unsure, true);
  });

  test("calibration error is the gap between what was said and what was right", () => {
    const said = (confidence: number, right: boolean) => ({ confidences: right ? [confidence, 1 - confidence] : [1 - confidence, confidence], truth: 0, unsure: confidence < 0.7 });
    const photos = [...Array(8).fill(said(0.9, true)), ...Array(2).fill(said(0.9, false)), said(0.6, true)];

    const scores = score(photos, ["a", "b"]);

    assert.equal(scores.accuracy, 0.8182);
    assert.equal(scores.calibration_error, Math.round((Math.abs(10 * 0.9 - 8) + 0.4) / 11 * 10_000) / 10_000);
    assert.deepEqual(scores.confusion, [[9, 2], [0, 0]]);
    assert.deepEqual([scores.coverage, scores.accuracy_when_sure], [0.9091, 0.8]);
  });

  test("the temperature makes overconfident logits honest", () => {
    // Says 4 to 0, which is 98 %, and is right three times in four: log 3 is what it should have said.
    const logits = Array.from({ length: 400 }, () => [4, 0]);
    const labels = logits.map((_, i) => (i % 4 === 0 ? 1 : 0));

    const temperature = temperatureOf(logits, labels);

    assert.ok(Math.abs(softmax([4, 0], temperature)[0]! - 0.75) < 0.001);
  });

  test("minimising finds the bottom of a bent valley", () => {
    const bottom = minimise(new Float64Array([-1, 2]), (x, g) => {
      const [a, b] = [x[0]!, x[1]!];
      g.set([4 * (a - 3) ** 3 + 0.2 * (a - b), 20 * (b - 3) - 0.2 * (a - b)]);
      return (a - 3) ** 4 + 10 * (b - 3) ** 2 + 0.1 * (a - b) ** 2;
    });

    assert.ok(Math.abs(bottom[0]! - 3) < 0.1 && Math.abs(bottom[1]! - 3) < 0.01, bottom.join());
  });

  test("neighbours in number are in one fold, and names without numbers go by place", () => {
    const folds = Array.from({ length: 100 }, (_, n) => foldOf(`glass/glass${n}.jpg`, 0));

    assert.deepEqual([...new Set(folds.slice(20, 40))], [1]);
    assert.deepEqual([...new Set(folds)], [0, 1, 2, 3, 4]);
    assert.equal(foldOf("glass/bottle.jpg", 45), 2);
  });
});
