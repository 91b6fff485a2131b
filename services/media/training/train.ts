// npm run train -- <folder with a folder of photos per label> [cache folder]
// Makes model/head.bin (all photos), model/head-eval.bin (without the held-out fold), trained-on.bin, scores.json, reliability.svg.
import { execFile } from "node:child_process";
import { existsSync } from "node:fs";
import { mkdir, writeFile } from "node:fs/promises";
import { availableParallelism, tmpdir } from "node:os";
import path from "node:path";
import { fileURLToPath } from "node:url";
import { promisify } from "node:util";
import { FeatureCount } from "../src/vision/backbone.js";
import { modelFolder } from "../src/vision/classifier.js";
import { Head } from "../src/vision/head.js";
import { temperatureOf } from "./fit.js";
import { score, type Judged } from "./metrics.js";
import { labelsOf, read } from "./photos.js";
import { reliabilityPlot } from "./plot.js";
import { Folds, foldOf, HeldOut } from "./split.js";
import { toBytes } from "./trained-on.js";
import { TrainingViews, Views } from "./views.js";

/** One photo in two hundred of the known kind may be called strange. */
const UsualShare = 0.995;

const folder = process.argv[2];
if (folder === undefined) {
  console.error("Usage: npm run train -- <folder with a folder of photos per label> [cache folder]");
  process.exit(2);
}
const model = modelFolder();
const backbone = path.join(model, "backbone");
const cache = process.argv[3] ?? path.join(tmpdir(), "eco2-media-features");
const photos = await read(path.resolve(folder), cache, backbone);

const labelOf = labelsOf(photos);
const folds = photos.paths.map(foldOf);
const where = (test: (fold: number) => boolean): number[] => [...folds.keys()].filter((i) => test(folds[i] as number));

const viewsOf = { plain: 0, dark: TrainingViews, blurred: TrainingViews + 1 };
const features = (photo: number, view: number): Float32Array => photos.features.subarray((photo * Views + view) * FeatureCount, (photo * Views + view + 1) * FeatureCount);

const heads = path.join(cache, "heads");
const program = fileURLToPath(new URL("./fold.js", import.meta.url));

/** Fits in a process of its own and keeps the head beside the features, so that a run that was stopped goes on where it was. */
async function fitted(without: readonly number[]): Promise<Head> {
  const target = path.join(heads, `without-${without.join("-") || "none"}.bin`);
  if (!existsSync(target)) {
    await promisify(execFile)(process.execPath, [program, path.resolve(folder as string), cache, target, without.join()]);
    console.error(path.basename(target));
  }
  return await Head.load(target);
}

/** As many at once as there are cores. */
async function train(jobs: readonly (readonly number[])[]): Promise<Head[]> {
  const done: Head[] = [];
  let next = 0;
  const worker = async (): Promise<void> => {
    for (let i = next++; i < jobs.length; i = next++) {
      done[i] = await fitted(jobs[i]!);
    }
  };
  await Promise.all(Array.from({ length: availableParallelism() }, worker));
  return done;
}

interface Raw { photo: number; view: keyof typeof viewsOf; logits: number[]; strangeness: number }

function ask(head: Head, of: readonly number[]): Raw[] {
  return of.flatMap((photo) =>
    (["plain", "dark", "blurred"] as const).map((view) => ({ photo, view, ...head.raw(features(photo, viewsOf[view])) })),
  );
}

/** Temperature and the limit of strangeness from pictures that the head was not trained on. */
function tune(head: Head, raw: readonly Raw[]): Head {
  const plain = raw.filter((r) => r.view === "plain");
  const strange = raw.map((r) => r.strangeness).sort((a, b) => a - b);
  return head.with({
    temperature: Number(temperatureOf(plain.map((r) => r.logits), plain.map((r) => labelOf[r.photo] as number)).toFixed(3)),
    maxStrangeness: Number(strange[Math.floor(strange.length * UsualShare)]!.toFixed(3)),
  });
}

const judged = (raw: readonly Raw[], view: Raw["view"], by: Head): Judged[] =>
  raw.filter((r) => r.view === view).map((r) => ({ ...by.judge(features(r.photo, viewsOf[view])), truth: labelOf[r.photo] as number }));

await mkdir(heads, { recursive: true });
const inner = (HeldOut + 1) % Folds;
const [forScoring, forTemperature, forAll] = (await train([[HeldOut], [HeldOut, inner], []])) as [Head, Head, Head];
const askedInner = ask(forTemperature, where((fold) => fold === inner));
// The set holds a few photos twice, bytes and all; one whose twin was trained on is not held out.
const trained = new Set(photos.hashes.filter((_, i) => folds[i] !== HeldOut));
const heldOut = where((fold) => fold === HeldOut).filter((i) => !trained.has(photos.hashes[i] as string));
const askedHeldOut = ask(forScoring, heldOut);

// Scored on the held-out fold, which had no part in its weights, its temperature or its limits.
const evalHead = tune(forScoring, askedInner).with({ name: `${forScoring.card.name}-eval` });
const scores = Object.fromEntries((["plain", "dark", "blurred"] as const).map((v) => [v, score(judged(askedHeldOut, v, evalHead), photos.labels)]));

// Served: all photos; temperature and limits from both folds, each asked by a head that has not seen it.
const head = tune(forAll, [...askedInner, ...askedHeldOut]);

await writeFile(path.join(model, "head.bin"), head.toBytes());
await writeFile(path.join(model, "head-eval.bin"), evalHead.toBytes());
await writeFile(path.join(model, "trained-on.bin"), toBytes(photos.hashes.map((hash, i) => ({ hash, heldOut: heldOut.includes(i) }))));
await writeFile(path.join(model, "scores.json"), `${JSON.stringify({ model: head.card.name, head: head.card, head_eval: evalHead.card, held_out: scores }, null, 1)}\n`);
await writeFile(path.join(model, "reliability.svg"), reliabilityPlot(scores["plain"]!, "Held-out blocks, photos as they are"));
for (const [view, s] of Object.entries(scores)) {
  console.log(`${view}: accuracy ${s.accuracy}, calibration error ${s.calibration_error}, coverage ${s.coverage}, accuracy when sure ${s.accuracy_when_sure}`);
}
