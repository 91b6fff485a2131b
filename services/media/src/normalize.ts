import { createHash } from "node:crypto";
import type { Objects } from "./objects.js";
import { forModels, inspect, rewrite, thumbnail } from "./picture.js";

/** The answer on the wire; its .NET twin is Eco2.Contracts.Media.NormalizedImage. */
export interface NormalizedImage {
  readonly content_type: string;
  readonly width: number;
  readonly height: number;
  readonly bytes: number;
  readonly sha256: string;
}

/** Checks what was uploaded and stores the three objects of the picture. Doing it again writes the same objects again. */
export async function normalize(key: string, upload: Buffer, objects: Objects): Promise<NormalizedImage> {
  const picture = await inspect(upload);
  const original = await rewrite(picture);
  const vision = await forModels(picture);
  const small = await thumbnail(vision.bytes);

  const contentType = `image/${picture.format}`;
  await Promise.all([
    objects.put(`${key}/original`, original.bytes, contentType),
    objects.put(visionObject(key), vision.bytes, "image/jpeg"),
    objects.put(`${key}/thumbnail.webp`, small.bytes, "image/webp"),
  ]);
  return {
    content_type: contentType,
    width: original.width,
    height: original.height,
    bytes: original.bytes.length,
    sha256: createHash("sha256").update(upload).digest("hex"),
  };
}

export const visionObject = (key: string): string => `${key}/vision.jpg`;
