import { deflateSync } from "node:zlib";
import sharp from "sharp";
import { pngChunk } from "./pictures.js";

/** Small files that cost much to whoever believes them, made of a real picture of 16 x 16 pixels. */
const red = sharp({ create: { width: 16, height: 16, channels: 3, background: "red" } });
const PngHead = 33;

function u24(number: number): Buffer {
  const bytes = Buffer.alloc(3);
  bytes.writeUIntLE(number, 0, 3);
  return bytes;
}

function riffChunk(name: string, data: Buffer): Buffer {
  const head = Buffer.alloc(8);
  head.write(name, "latin1");
  head.writeUInt32LE(data.length, 4);
  return Buffer.concat([head, data, Buffer.alloc(data.length & 1)]);
}

function webp(...chunks: Buffer[]): Buffer {
  const body = Buffer.concat([Buffer.from("WEBP", "latin1"), ...chunks]);
  const head = Buffer.from("RIFF\0\0\0\0", "latin1");
  head.writeUInt32LE(body.length, 4);
  return Buffer.concat([head, body]);
}

const canvas = (animated: boolean, width: number, height: number): Buffer =>
  riffChunk("VP8X", Buffer.concat([Buffer.from([animated ? 2 : 0, 0, 0, 0]), u24(width - 1), u24(height - 1)]));

/** A WebP that says in each of the three places where it can that it is this large: the frame, lossless or not, and the canvas. */
export async function hugeWebps(width: number, height: number): Promise<Record<string, Buffer>> {
  const lossless = await red.clone().webp({ lossless: true }).toBuffer();
  const signature = lossless.indexOf(0x2f, 20);
  lossless.writeUInt32LE(((width - 1) | ((height - 1) << 14)) >>> 0, signature + 1);
  const lossy = await red.clone().webp().toBuffer();
  const start = lossy.indexOf(Buffer.from([0x9d, 0x01, 0x2a]));
  lossy.writeUInt16LE(width, start + 3);
  lossy.writeUInt16LE(height, start + 5);
  return { "a lossless WebP": lossless, "a lossy WebP": lossy, "the canvas of a WebP film": await webpFilm(3, width, height) };
}

export async function webpFilm(frames: number, width = 16, height = 16): Promise<Buffer> {
  const picture = (await red.clone().webp({ lossless: true }).toBuffer()).subarray(12);
  const frame = riffChunk("ANMF", Buffer.concat([u24(0), u24(0), u24(15), u24(15), u24(100), Buffer.from([0]), picture]));
  return webp(canvas(true, width, height), riffChunk("ANIM", Buffer.alloc(6)), Buffer.concat(Array<Buffer>(frames).fill(frame)));
}

export async function webpOfManyParts(parts: number): Promise<Buffer> {
  const picture = (await red.clone().webp({ lossless: true }).toBuffer()).subarray(12);
  return webp(canvas(false, 16, 16), Buffer.concat(Array<Buffer>(parts).fill(riffChunk("JUNK", Buffer.alloc(0)))), picture);
}

export async function gifFilm(frames: number): Promise<Buffer> {
  const gif = await red.clone().gif().toBuffer();
  const start = 13 + ((gif[10]! & 0x80) === 0 ? 0 : 3 << ((gif[10]! & 7) + 1));
  return Buffer.concat([gif.subarray(0, start), Buffer.concat(Array<Buffer>(frames).fill(gif.subarray(start, -1))), gif.subarray(-1)]);
}

export async function pngFilm(frames: number): Promise<Buffer> {
  const png = await red.clone().png().toBuffer();
  const at = png.indexOf("IDAT", 0, "latin1");
  const pixels = png.subarray(at + 4, at + 4 + png.readUInt32BE(at - 4));
  const more: Buffer[] = [];
  for (let n = 1; n < frames; n++) {
    const sequence = Buffer.alloc(4);
    sequence.writeUInt32BE(2 * n);
    more.push(control(2 * n - 1), pngChunk("fdAT", Buffer.concat([sequence, pixels])));
  }
  const count = Buffer.alloc(8);
  count.writeUInt32BE(frames);
  return Buffer.concat([
    png.subarray(0, PngHead), pngChunk("acTL", count), control(0), pngChunk("IDAT", pixels), ...more, pngChunk("IEND", Buffer.alloc(0)),
  ]);
}

function control(sequence: number): Buffer {
  const bytes = Buffer.alloc(26);
  bytes.writeUInt32BE(sequence, 0);
  bytes.writeUInt32BE(16, 4);
  bytes.writeUInt32BE(16, 8);
  bytes.writeUInt16BE(1, 20);
  bytes.writeUInt16BE(10, 22);
  return pngChunk("fcTL", bytes);
}

/** A gigabyte that is packed into one, in each part of a PNG that is packed. */
export async function packedPngs(): Promise<Record<string, Buffer>> {
  const packed = deflateSync(Buffer.alloc(1 << 30));
  const png = await red.clone().png().toBuffer();
  const behindHead = (chunk: Buffer): Buffer => Buffer.concat([png.subarray(0, PngHead), chunk, png.subarray(PngHead)]);
  return {
    text: behindHead(pngChunk("zTXt", Buffer.concat([Buffer.from("a\0\0", "latin1"), packed]))),
    "text in a language": behindHead(pngChunk("iTXt", Buffer.concat([Buffer.from("a\0\x01\0\0\0", "latin1"), packed]))),
    "a colour profile": behindHead(pngChunk("iCCP", Buffer.concat([Buffer.from("a\0\0", "latin1"), packed]))),
    pixels: Buffer.concat([png.subarray(0, PngHead), pngChunk("IDAT", packed), pngChunk("IEND", Buffer.alloc(0))]),
  };
}
