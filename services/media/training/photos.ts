import { fork } from "node:child_process";
import { mkdir, open, readdir, readFile, stat, writeFile } from "node:fs/promises";
import { availableParallelism } from "node:os";
import path from "node:path";
import { fileURLToPath } from "node:url";
import { FeatureCount } from "../src/vision/backbone.js";
import { Views } from "./views.js";

/** Features of a folder of photos, a row per photo and view: rows photo by photo, Views rows each. */
export interface Photos {
  readonly labels: readonly string[];
  readonly paths: readonly string[];
  readonly hashes: readonly string[];
  readonly features: Float32Array;
}

/** The place of each photo's label in the list of labels. */
export const labelsOf = (photos: Photos): number[] => photos.paths.map((p) => photos.labels.indexOf(p.split(path.sep)[0] as string));

interface Answer { path: string; hash: string; features: Float32Array }

async function list(folder: string, labels: readonly string[]): Promise<string[]> {
  const files = await Promise.all(labels.map(async (label) => {
    const names = (await readdir(path.join(folder, label))).filter((n) => /\.(jpe?g|png|webp)$/i.test(n));
    return names.map((n) => path.join(label, n));
  }));
  return files.flat().sort(new Intl.Collator("en", { numeric: true }).compare);
}

/** Reads <folder>/<label>/<photo> and keeps the result in the cache folder: 160 KB a photo, minutes of work. */
export async function read(folder: string, cache: string, backbone: string): Promise<Photos> {
  const entries = await readdir(folder, { withFileTypes: true });
  const labels = entries.filter((e) => e.isDirectory()).map((e) => e.name).sort();
  const paths = await list(folder, labels);
  const features = new Float32Array(paths.length * Views * FeatureCount);
  const bytes = Buffer.from(features.buffer);
  const index = path.join(cache, "features.json");
  const data = path.join(cache, "features.bin");

  const known = await readFile(index, "utf8").then((t) => JSON.parse(t) as { paths: string[]; hashes: string[] }, () => null);
  if (known !== null && known.paths.join() === paths.join() && (await stat(data)).size === bytes.length) {
    const file = await open(data);
    const step = 1 << 28;
    for (let at = 0; at < bytes.length; at += step) {
      await file.read(bytes, at, Math.min(step, bytes.length - at), at);
    }
    await file.close();
    return { labels, paths, hashes: known.hashes, features };
  }

  const hashes = await extract(folder, paths, backbone, features);
  await mkdir(cache, { recursive: true });
  const file = await open(data, "w");
  const step = 1 << 28;
  for (let at = 0; at < bytes.length; at += step) {
    await file.write(bytes, at, Math.min(step, bytes.length - at), at);
  }
  await file.close();
  await writeFile(index, JSON.stringify({ paths, hashes }));
  return { labels, paths, hashes, features };
}

async function extract(folder: string, paths: readonly string[], backbone: string, features: Float32Array): Promise<string[]> {
  const hashes = new Array<string>(paths.length);
  const program = fileURLToPath(new URL("./extract.js", import.meta.url));
  let next = 0;
  let done = 0;
  const started = Date.now();
  const work = async (): Promise<void> => {
    const child = fork(program, [backbone], { serialization: "advanced" });
    let failed: (error: Error) => void = () => undefined;
    const broken = new Promise<never>((_, reject) => (failed = reject));
    child.once("exit", (code) => failed(new Error(`A feature worker ended with code ${code}.`)));
    const answer = (): Promise<unknown> => Promise.race([new Promise((resolve) => child.once("message", resolve)), broken]);
    await answer();
    for (let i = next++; i < paths.length; i = next++) {
      child.send(path.join(folder, paths[i] as string));
      const { hash, features: rows } = (await answer()) as Answer;
      features.set(rows, i * Views * FeatureCount);
      hashes[i] = hash;
      if (++done % 100 === 0) {
        console.error(`${done} of ${paths.length} photos, ${Math.round((Date.now() - started) / 1000)} s`);
      }
    }
    child.removeAllListeners("exit").kill();
    broken.catch(() => undefined);
  };
  await Promise.all(Array.from({ length: availableParallelism() }, work));
  return hashes;
}
