// A worker process: reads paths of photos from its parent, answers with the features of all their views.
import { createHash } from "node:crypto";
import { readFile } from "node:fs/promises";
import { Backbone, FeatureCount } from "../src/vision/backbone.js";
import { Views, views } from "./views.js";

const [, , backboneFolder] = process.argv;
const backbone = await Backbone.load(backboneFolder as string);

process.on("message", async (path: string) => {
  const photo = await readFile(path);
  const hash = createHash("sha256").update(photo).digest();
  const features = new Float32Array(Views * FeatureCount);
  let view = 0;
  for await (const pixels of views(photo, hash.readUInt32LE(0))) {
    features.set(backbone.features(pixels), view++ * FeatureCount);
  }
  process.send?.({ path, hash: hash.toString("hex"), features });
});
process.send?.("ready");
