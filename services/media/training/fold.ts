// A worker process: fits the head of all photos that are not in the folds given, and writes it.
// node fold.js <folder of photos> <cache folder> <head file> <fold>,<fold>...
import path from "node:path";
import { Backbone, FeatureCount } from "../src/vision/backbone.js";
import { modelFolder } from "../src/vision/classifier.js";
import { writeFile } from "node:fs/promises";
import { prepare, regress, type Rows } from "./fit.js";
import { labelsOf, read } from "./photos.js";
import { foldOf } from "./split.js";
import { TrainingViews, Views } from "./views.js";

export const Name = "eco2-materials-1";
export const Threshold = 0.7;

/** Weight of the photos against that of small weights; chosen on fold 0, which is not the one held out for scoring. */
const Strength = 0.005;

const [folder, cache, target, without] = process.argv.slice(2) as [string, string, string, string];
const backbone = path.join(modelFolder(), "backbone");
const photos = await read(folder, cache, backbone);
await Backbone.load(backbone);

const labels = labelsOf(photos);
const excluded = without.split(",").filter((f) => f !== "").map(Number);
const used = [...labels.keys()].filter((i) => !excluded.includes(foldOf(photos.paths[i] as string, i)));

function rows(views: readonly number[]): Rows {
  const places = used.flatMap((photo) => views.map((view) => photo * Views + view));
  return {
    row: (r) => photos.features.subarray((places[r] as number) * FeatureCount, ((places[r] as number) + 1) * FeatureCount),
    labels: used.flatMap((photo) => views.map(() => labels[photo] as number)),
  };
}

const all = rows(Array.from({ length: TrainingViews }, (_, v) => v));
// The directions need no mirrored copies and no second cut of the same photo.
const prepared = prepare(all, rows([0, 3]));
const head = regress(prepared, all.labels, { name: Name, labels: photos.labels, temperature: 1, threshold: Threshold, maxStrangeness: 1e9 }, Strength);
await writeFile(target, head.toBytes());
console.error(`${path.basename(target)}: ${used.length} photos`);
