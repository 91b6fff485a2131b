import sharp from "sharp";
import { Side, toNetworkPixels } from "../src/vision/pixels.js";

/** Mulberry32: small, seeded, the same everywhere. */
export function random(seed: number): () => number {
  let state = seed >>> 0;
  return () => {
    state = (state + 0x6d2b79f5) >>> 0;
    let t = state;
    t = Math.imul(t ^ (t >>> 15), t | 1);
    t ^= t + Math.imul(t ^ (t >>> 7), t | 61);
    return ((t ^ (t >>> 14)) >>> 0) / 4294967296;
  };
}

const shape = { width: Side, height: Side, channels: 3 as const };

async function blur(pixels: Uint8Array, sigma: number): Promise<Uint8Array> {
  return await sharp(pixels, { raw: shape }).blur(sigma).raw().toBuffer();
}

function light(pixels: Uint8Array, gains: readonly [number, number, number], offset: number): Uint8Array {
  return Uint8Array.from(pixels, (v, i) => Math.min(255, Math.max(0, Math.round(v * (gains[i % 3] as number) + offset))));
}

/** The two copies every score is also given for: a third of the light, and out of focus. */
export const dark = (pixels: Uint8Array): Uint8Array => light(pixels, [0.45, 0.45, 0.45], 0);
export const blurred = (pixels: Uint8Array): Promise<Uint8Array> => blur(pixels, 1.5);

export const flip = (pixels: Uint8Array): Promise<Uint8Array> => sharp(pixels, { raw: shape }).flop().raw().toBuffer();

async function badLight(pixels: Uint8Array, next: () => number): Promise<Uint8Array> {
  const gain = 0.4 + next();
  const lit = light(pixels, [gain * (0.8 + 0.4 * next()), gain, gain * (0.8 + 0.4 * next())], -15 + 30 * next());
  return next() < 0.4 ? await blur(lit, 0.5 + 1.8 * next()) : lit;
}

async function crop(photo: Buffer, next: () => number): Promise<Uint8Array> {
  const { width, height } = await sharp(photo).metadata();
  const scale = 0.6 + 0.4 * next();
  const [w, h] = [Math.round(width * scale), Math.round(height * scale)];
  const cut = await sharp(photo)
    .extract({ left: Math.floor(next() * (width - w + 1)), top: Math.floor(next() * (height - h + 1)), width: w, height: h })
    .removeAlpha()
    .raw()
    .toBuffer();
  const turned = sharp(cut, { raw: { width: w, height: h, channels: 3 } }).rotate([0, 90, 180, 270][Math.floor(next() * 4)] as number);
  return await sharp(await turned.png({ compressionLevel: 0 }).toBuffer()).resize(Side, Side, { fit: "fill" }).removeAlpha().raw().toBuffer();
}

/** What of a photo is trained on: as it is, mirrored, in bad light, and four random cuts in bad light. */
export const TrainingViews = 7;

/** And what is only scored: the dark and the blurred copy. */
export const Views = TrainingViews + 2;

/** One after the other, TrainingViews of them and then the two for scoring. The seed comes from the photo's bytes. */
export async function* views(photo: Buffer, seed: number): AsyncGenerator<Uint8Array> {
  const next = random(seed);
  const plain = await toNetworkPixels(photo);
  yield plain;
  yield await flip(plain);
  yield await badLight(next() < 0.5 ? plain : await flip(plain), next);
  for (let i = 3; i < TrainingViews; i++) {
    yield await badLight(await crop(photo, next), next);
  }
  yield dark(plain);
  yield await blurred(plain);
}
