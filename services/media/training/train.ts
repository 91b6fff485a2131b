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

interface Raw { photo: number; view: keyof typeof viewsOf; fold: number; logits: number[]; strangeness: number }

function ask(head: Head, of: readonly number[]): Raw[] {
  return of.flatMap((photo) =>
    (["plain", "dark", "blurred"] as const).map((view) => ({ photo, view, fold: folds[photo] as number, ...head.raw(features(photo, viewsOf[view])) })),
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

const judged = (raw: readonly Raw[], view: Raw["view"], headFor: (fold: number) => Head): Judged[] =>
  raw.filter((r) => r.view === view).map((r) => ({ ...headFor(r.fold).judge(features(r.photo, viewsOf[view])), truth: labelOf[r.photo] as number }));

await mkdir(heads, { recursive: true });
const inner = (HeldOut + 1) % Folds;
const each = Array.from({ length: Folds }, (_, f) => f);
const [evalRaw, allRaw, innerHead, ...others] = (await train([[HeldOut], [], [HeldOut, inner], ...each.filter((f) => f !== HeldOut).map((f) => [f])])) as [Head, Head, Head, ...Head[]];

// 1. Each fold asked by a head that has not seen it; each fold's temperature from the other folds.
const byFold = each.map((f) => (f === HeldOut ? evalRaw : others[f < HeldOut ? f : f - 1]!));
const unseen = byFold.flatMap((h, f) => ask(h, where((fold) => fold === f)));
const tuned = byFold.map((h, f) => tune(h, unseen.filter((r) => r.fold !== f)));
const crossValidated = Object.fromEntries((["plain", "dark", "blurred"] as const).map((v) => [v, score(judged(unseen, v, (f) => tuned[f]!), photos.labels)]));

// 2. The head for scoring: weights without the held-out fold, temperature from a fold inside the rest.
const evalHead = tune(evalRaw, ask(innerHead, where((fold) => fold === inner))).with({ name: `${evalRaw.card.name}-eval` });

// 3. The head that is served: all photos.
const head = tune(allRaw, unseen);

await writeFile(path.join(model, "head.bin"), head.toBytes());
await writeFile(path.join(model, "head-eval.bin"), evalHead.toBytes());
await writeFile(path.join(model, "trained-on.bin"), toBytes(photos.hashes.map((hash, i) => ({ hash, heldOut: folds[i] === HeldOut }))));
await writeFile(path.join(model, "scores.json"), `${JSON.stringify({ model: head.card.name, head: head.card, head_eval: evalHead.card, cross_validated: crossValidated }, null, 1)}\n`);
await writeFile(path.join(model, "reliability.svg"), reliabilityPlot(crossValidated["plain"]!, "Block cross-validation, photos as they are"));
for (const [view, s] of Object.entries(crossValidated)) {
  console.log(`${view}: accuracy ${s.accuracy}, calibration error ${s.calibration_error}, coverage ${s.coverage}, accuracy when sure ${s.accuracy_when_sure}`);
}
