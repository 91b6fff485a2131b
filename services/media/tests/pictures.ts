import { crc32, deflateSync } from "node:zlib";
import sharp, { type Sharp } from "sharp";
import { random } from "../training/views.js";

/** Colours that are the same at every run, so that a picture has something in it. */
export function noise(width: number, height: number, seed = 1): Sharp {
  const next = random(seed);
  return sharp(Buffer.from(Uint8Array.from({ length: width * height * 3 }, () => next() * 256)), { raw: { width, height, channels: 3 } });
}

/** Left half red, right half blue. */
export function twoHalves(width: number, height: number): Sharp {
  const pixels = Buffer.alloc(width * height * 3);
  for (let i = 0; i < width * height; i++) {
    pixels[3 * i + (i % width < width / 2 ? 0 : 2)] = 255;
  }
  return sharp(pixels, { raw: { width, height, channels: 3 } });
}

/** Thin dark and light bars. */
export function stripes(width: number, height: number): Sharp {
  const pixels = Buffer.from(Uint8Array.from({ length: width * height * 3 }, (_, i) => (Math.floor(i / 3) % 12 < 6 ? 30 : 225)));
  return sharp(pixels, { raw: { width, height, channels: 3 } });
}

export function pngChunk(type: string, data: Buffer): Buffer {
  const body = Buffer.concat([Buffer.from(type, "latin1"), data]);
  const frame = Buffer.alloc(8);
  frame.writeUInt32BE(data.length, 0);
  frame.writeUInt32BE(crc32(body), 4);
  return Buffer.concat([frame.subarray(0, 4), body, frame.subarray(4)]);
}

/** A PNG of a few bytes that says it is this large. */
export function hugePng(width: number, height: number): Buffer {
  const head = Buffer.alloc(13);
  head.writeUInt32BE(width, 0);
  head.writeUInt32BE(height, 4);
  head.set([8, 2, 0, 0, 0], 8);
  const signature = Buffer.from([0x89, 0x50, 0x4e, 0x47, 0x0d, 0x0a, 0x1a, 0x0a]);
  return Buffer.concat([signature, pngChunk("IHDR", head), pngChunk("IDAT", deflateSync(Buffer.alloc(1000))), pngChunk("IEND", Buffer.alloc(0))]);
}

/** The same lie in the other formats: the head of a real small picture, patched. */
export async function hugeJpeg(width: number, height: number): Promise<Buffer> {
  const bytes = await noise(16, 16).jpeg().toBuffer();
  const frame = bytes.indexOf(Buffer.from([0xff, 0xc0]));
  bytes.writeUInt16BE(height, frame + 5);
  bytes.writeUInt16BE(width, frame + 7);
  return bytes;
}

export async function hugeGif(width: number, height: number): Promise<Buffer> {
  const bytes = await noise(16, 16).gif().toBuffer();
  bytes.writeUInt16LE(width, 6);
  bytes.writeUInt16LE(height, 8);
  return bytes;
}

export const gps = { IFD0: { Copyright: "somebody" }, IFD3: { GPSLatitudeRef: "N", GPSLatitude: "37/1 33/1 0/1", GPSLongitudeRef: "E", GPSLongitude: "126/1 58/1 0/1" } };
