import { readFile } from "node:fs/promises";

const HashBytes = 8;

/** Which photos the committed heads have seen, by the hash of their bytes, so that a renamed file is still recognised. */
export type TrainedOn = ReadonlyMap<string, "all" | "held-out">;

const short = (hash: string): string => hash.slice(0, 2 * HashBytes);

export function toBytes(photos: readonly { hash: string; heldOut: boolean }[]): Buffer {
  const rows = new Set(photos.map(({ hash, heldOut }) => short(hash) + (heldOut ? "01" : "00")));
  return Buffer.from([...rows].sort().join(""), "hex");
}

export async function loadTrainedOn(path: string): Promise<TrainedOn> {
  const bytes = await readFile(path);
  const photos = new Map<string, "all" | "held-out">();
  for (let at = 0; at < bytes.length; at += HashBytes + 1) {
    photos.set(bytes.toString("hex", at, at + HashBytes), bytes[at + HashBytes] === 1 ? "held-out" : "all");
  }
  return photos;
}

/** "all": head.bin and head-eval.bin know it. "held-out": only head.bin does. undefined: neither. */
export const seen = (photos: TrainedOn, hash: string): "all" | "held-out" | undefined => photos.get(short(hash));
