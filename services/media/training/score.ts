// npm run score -- <folder with a folder of photos per label> [--json] [--plot file.svg]
// Scores only photos that the head asked has never seen: held-out ones of the training set by head-eval.bin,
// photos from elsewhere by head.bin. Photos that were trained on are left out.
import { createHash } from "node:crypto";
import { readdir, readFile, writeFile } from "node:fs/promises";
import path from "node:path";
import { Backbone } from "../src/vision/backbone.js";
import { modelFolder } from "../src/vision/classifier.js";
import { Head } from "../src/vision/head.js";
import { toNetworkPixels } from "../src/vision/pixels.js";
import { score, type Judged, type Scores } from "./metrics.js";
import { reliabilityPlot } from "./plot.js";
import { loadTrainedOn, seen } from "./trained-on.js";
import { blurred, dark } from "./views.js";

const args = process.argv.slice(2);
const option = (name: string): string | undefined => (args.includes(name) ? args[args.indexOf(name) + 1] : undefined);
const plot = option("--plot");
const folder = args.find((a) => !a.startsWith("--") && a !== plot);
if (folder === undefined) {
  console.error("Usage: npm run score -- <folder with a folder of photos per label> [--json] [--plot file.svg]");
  process.exit(2);
}

const model = modelFolder();
const backbone = await Backbone.load(path.join(model, "backbone"));
const trainedOn = await loadTrainedOn(path.join(model, "trained-on.bin"));
const heads = { "held-out": await Head.load(path.join(model, "head-eval.bin")), new: await Head.load(path.join(model, "head.bin")) };
const labels = heads.new.card.labels;

const copies = ["plain", "dark", "blurred"] as const;
const judged: Record<(typeof copies)[number], Judged[]> = { plain: [], dark: [], blurred: [] };
const milliseconds: number[] = [];
const counts = { "held-out": 0, new: 0, "left out, trained on": 0 };

for (const [truth, label] of labels.entries()) {
  const names = await readdir(path.join(folder, label)).catch(() => []);
  for (const name of names.filter((n) => /\.(jpe?g|png|webp)$/i.test(n)).sort()) {
    const photo = await readFile(path.join(folder, label, name));
    const known = seen(trainedOn, createHash("sha256").update(photo).digest("hex"));
    if (known === "all") {
      counts["left out, trained on"]++;
      continue;
    }
    const who = known ?? "new";
    counts[who]++;
    const started = performance.now();
    const pixels = await toNetworkPixels(photo);
    judged.plain.push({ ...heads[who].judge(backbone.features(pixels)), truth });
    milliseconds.push(performance.now() - started);
    judged.dark.push({ ...heads[who].judge(backbone.features(dark(pixels))), truth });
    judged.blurred.push({ ...heads[who].judge(backbone.features(await blurred(pixels))), truth });
  }
}
if (milliseconds.length === 0) {
  console.error(`No photo in ${folder}/{${labels.join(",")}} that was not trained on.`);
  process.exit(2);
}

milliseconds.sort((a, b) => a - b);
const percentile = (p: number): number => Math.round(milliseconds[Math.min(milliseconds.length - 1, Math.floor(milliseconds.length * p))]! * 10) / 10;
const scores = Object.fromEntries(copies.map((c) => [c, score(judged[c], labels)])) as Record<(typeof copies)[number], Scores>;
const report = {
  model: heads.new.card.name,
  labels,
  counts,
  threshold: heads.new.card.threshold,
  latency_ms: { p50: percentile(0.5), p95: percentile(0.95) },
  resident_mb: Math.round(process.memoryUsage.rss() / 1_048_576),
  ...scores,
};
if (plot !== undefined) {
  await writeFile(plot, reliabilityPlot(scores.plain, `${report.model}, photos not trained on`));
}
console.log(args.includes("--json") ? JSON.stringify(report, null, 1) : table());

function table(): string {
  const { plain } = scores;
  const cell = (v: string | number): string => String(v).padStart(10);
  return [
    `${report.model}: ${counts["held-out"]} held-out photos by head-eval, ${counts.new} new ones by head, ${counts["left out, trained on"]} left out because they were trained on`,
    "",
    `${"".padEnd(10)}${["accuracy", "calib.err", "coverage", "acc.sure"].map(cell).join("")}   (sure: confidence at least ${report.threshold})`,
    ...copies.map((c) => `${c.padEnd(10)}${[scores[c].accuracy, scores[c].calibration_error, scores[c].coverage, scores[c].accuracy_when_sure].map((v) => cell(v.toFixed(3))).join("")}`),
    "",
    `${"class".padEnd(10)}${["photos", "recall", "precision"].map(cell).join("")}   said: ${labels.join(", ")}`,
    ...labels.map((l, i) => `${l.padEnd(10)}${cell(plain.per_class[l]!.photos)}${cell(plain.per_class[l]!.recall.toFixed(3))}${cell(plain.per_class[l]!.precision.toFixed(3))}   ${plain.confusion[i]!.map((n) => String(n).padStart(4)).join("")}`),
    "",
    "confidence photos   said  right",
    ...plain.reliability.filter((b) => b.photos > 0).map((b) => `${b.from.toFixed(1)} to ${(b.from + 0.1).toFixed(1)} ${String(b.photos).padStart(6)} ${b.confidence.toFixed(3).padStart(6)} ${b.accuracy.toFixed(3).padStart(6)}`),
    "",
    `latency p50 ${report.latency_ms.p50} ms, p95 ${report.latency_ms.p95} ms (decoding and network); resident ${report.resident_mb} MB`,
  ].join("\n");
}
