// Renders pictures for load: the samples turned, tinted and grained until each is a picture of its own, with the size of a phone's photo
// that was scaled down before it was sent. Usage: node render-pictures.mjs <target folder> <count>
import { mkdir, readdir } from "node:fs/promises";
import { createRequire } from "node:module";
import path from "node:path";
import { fileURLToPath } from "node:url";

const here = path.dirname(fileURLToPath(import.meta.url));
const sharp = createRequire(path.join(here, "../../services/media/package.json"))("sharp");
const samples = path.join(here, "../../samples");
const [target, count] = [process.argv[2], Number(process.argv[3] ?? 36)];
const names = (await readdir(samples)).filter((name) => name.endsWith(".jpg")).sort();

await mkdir(target, { recursive: true });
for (let n = 0; n < count; n++) {
  const grain = { create: { width: 1024, height: 768, channels: 3, background: "#808080", noise: { type: "gaussian", mean: 128, sigma: 6 + (n % 7) * 2.5 } } };
  await sharp(path.join(samples, names[n % names.length]))
    .rotate(n % 2 === 0 ? 0 : 180)
    .modulate({ hue: (n * 37) % 360, brightness: 0.9 + (n % 5) * 0.05 })
    .composite([{ input: await sharp(grain).png().toBuffer(), blend: "soft-light" }])
    .jpeg({ quality: 85 })
    .toFile(path.join(target, `${String(n).padStart(2, "0")}.jpg`));
}
