import sharp from "sharp";

/** Side of the square the network sees. */
export const Side = 224;

/** The largest picture anybody may hand in. */
export const MaxPixels = 40_000_000;

/**
 * Pixels as the network was trained on them: EXIF turning, sRGB, transparency over white, squashed to a square.
 * Training and serving must both come through here, or the scores of the model card no longer hold.
 */
export async function toNetworkPixels(picture: Buffer): Promise<Uint8Array> {
  return await sharp(picture, { failOn: "truncated", limitInputPixels: MaxPixels, pages: 1 })
    .rotate()
    .flatten({ background: "#ffffff" })
    .toColourspace("srgb")
    .resize(Side, Side, { fit: "fill" })
    .raw()
    .toBuffer();
}
