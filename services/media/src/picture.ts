import sharp, { type Metadata, type Sharp } from "sharp";
import { Problem } from "./problems.js";
import { MaxPixels } from "./vision/pixels.js";

export const MaxBytes = 10 * 1024 * 1024;

/** What fits through the sidecar as base64 (16 MiB a message). A picture can grow when it is written anew. */
const MaxStoredBytes = 11 * 1024 * 1024;

const DecodeSeconds = 20;
const MaxWebpParts = 1000;

// Only the four decoders that are asked for can run, whatever a file says it is: no SVG, no PDF, no TIFF.
sharp.block({ operation: ["VipsForeignLoad"] });
sharp.unblock({
  operation: ["VipsForeignLoadJpegBuffer", "VipsForeignLoadPngBuffer", "VipsForeignLoadWebpBuffer", "VipsForeignLoadNsgifBuffer"],
});
// Two pictures are worked on at once (see main.ts); more threads inside one cost memory and gain little.
sharp.concurrency(1);
sharp.cache(false);

export type Format = "jpeg" | "png" | "webp" | "gif";

const Heads: readonly (readonly [Format, RegExp])[] = [
  ["jpeg", /^\xff\xd8\xff/],
  ["png", /^\x89PNG\r\n\x1a\n/],
  ["webp", /^RIFF[^]{4}WEBP/],
  ["gif", /^GIF8[79]a/],
];

/** By content; names and headers of the request are hearsay. */
export function formatOf(bytes: Buffer): Format | undefined {
  const head = bytes.toString("latin1", 0, 16);
  return Heads.find(([, pattern]) => pattern.test(head))?.[0];
}

/** Something that is a picture and a page, script, document or archive as well. Phones append films to photos; that is fine. */
function isTwoThings(bytes: Buffer): boolean {
  const whole = bytes.toString("latin1");
  return (
    /<script|<\?php|<html[\s>]|<svg[\s>]/i.test(whole) ||
    whole.slice(0, 1024).includes("%PDF-") ||
    whole.slice(-65_557).includes("PK\x05\x06")
  );
}

/** A picture has a handful of parts, a film one or two for each frame. libwebp looks for every frame from the first on, so its time grows with the square of their number. */
function isEndless(webp: Buffer): boolean {
  let parts = 0;
  for (let at = 12; at + 8 <= webp.length; parts++) {
    const size = webp.readUInt32LE(at + 4);
    at += 8 + size + (size & 1);
  }
  return parts > MaxWebpParts;
}

export interface Picture {
  readonly format: Format;
  readonly bytes: Buffer;
  readonly width: number;
  readonly height: number;
}

const unreadable = (cause: unknown): Problem => new Problem("image-unreadable", "The picture could not be decoded to its end.", {}, { cause });

/** Everything that can be known from the head of the file; nothing is decoded yet. */
export async function inspect(bytes: Buffer): Promise<Picture> {
  if (bytes.length > MaxBytes) {
    throw new Problem("too-large", `A picture may have ${MaxBytes} bytes.`);
  }
  const format = formatOf(bytes);
  if (format === undefined) {
    throw new Problem("unsupported-media", "The content is of another type.");
  }
  if (isTwoThings(bytes)) {
    throw new Problem("unsupported-media", "The file is a picture and something else at once.");
  }
  if (format === "webp" && isEndless(bytes)) {
    throw new Problem("unsupported-media", `A picture may have ${MaxWebpParts} frames and other parts.`);
  }
  let head: Metadata;
  try {
    head = await sharp(bytes, { limitInputPixels: false, pages: 1 }).metadata();
  } catch (error) {
    throw unreadable(error);
  }
  // A GIF's frame may be smaller than the screen it claims; the decoder goes by the frame, we refuse the claim as well.
  const [screenWidth, screenHeight] = format === "gif" ? [bytes.readUInt16LE(6), bytes.readUInt16LE(8)] : [0, 0];
  const [width, height] = [Math.max(head.width, screenWidth), Math.max(head.height, screenHeight)];
  if (width * height > MaxPixels) {
    throw new Problem("too-many-pixels", `The picture has ${width} x ${height} pixels.`);
  }
  return { format, bytes, width: head.width, height: head.height };
}

/** Turned as its EXIF says, in sRGB; sharp copies no metadata unless it is told to. */
function open(picture: Picture): Sharp {
  return sharp(picture.bytes, { failOn: "warning", limitInputPixels: MaxPixels, pages: 1 })
    .timeout({ seconds: DecodeSeconds })
    .rotate()
    .toColourspace("srgb");
}

function encode(image: Sharp, format: Format, quality: number): Sharp {
  switch (format) {
    case "jpeg":
      return image.jpeg({ quality });
    case "png":
      return image.png();
    case "webp":
      return image.webp({ quality });
    case "gif":
      return image.gif();
  }
}

export interface Written {
  readonly bytes: Buffer;
  readonly width: number;
  readonly height: number;
}

/** The same picture in its own format, nothing in it but pixels. */
export async function rewrite(picture: Picture): Promise<Written> {
  for (const quality of [90, 75]) {
    const written = await write(encode(open(picture), picture.format, quality));
    if (written.bytes.length <= MaxStoredBytes) {
      return written;
    }
  }
  // Noise in a format without a quality to lower: the only way left is fewer pixels.
  const side = Math.round(Math.max(picture.width, picture.height) / 2);
  return await write(encode(open(picture).resize(side, side, { fit: "inside" }), picture.format, 75));
}

export async function forModels(picture: Picture): Promise<Written> {
  return await write(inside(open(picture), 1024).flatten({ background: "#ffffff" }).jpeg({ quality: 88 }));
}

export async function thumbnail(vision: Buffer): Promise<Written> {
  return await write(inside(sharp(vision), 320).webp({ quality: 80 }));
}

const inside = (image: Sharp, side: number): Sharp => image.resize(side, side, { fit: "inside", withoutEnlargement: true });

async function write(image: Sharp): Promise<Written> {
  try {
    const { data, info } = await image.toBuffer({ resolveWithObject: true });
    return { bytes: data, width: info.width, height: info.height };
  } catch (error) {
    throw unreadable(error);
  }
}
