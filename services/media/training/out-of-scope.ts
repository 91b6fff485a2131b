// npm run out-of-scope: how often the classifier abstains on pictures that are no photo of a thing. They are made here, by code.
import path from "node:path";
import sharp from "sharp";
import { Classifier, modelFolder } from "../src/vision/classifier.js";
import { Side } from "../src/vision/pixels.js";
import { random } from "./views.js";

const PerKind = 12;

function pixels(next: () => number, colour: (x: number, y: number, next: () => number) => number[]): Uint8Array {
  return Uint8Array.from(Array.from({ length: Side * Side }, (_, i) => colour(i % Side, Math.floor(i / Side), next)).flat());
}

async function drawn(svg: string): Promise<Uint8Array> {
  return await sharp(Buffer.from(`<svg xmlns="http://www.w3.org/2000/svg" width="448" height="448"><rect width="448" height="448" fill="#fff"/>${svg}</svg>`))
    .resize(Side, Side)
    .removeAlpha()
    .raw()
    .toBuffer();
}

const hue = (next: () => number): string => `hsl(${Math.floor(next() * 360)},${30 + Math.floor(next() * 60)}%,${25 + Math.floor(next() * 55)}%)`;
const words = ["분리배출", "paper", "total 12,300", "recycle", "Monday", "병", "invoice", "thank you"];

const kinds: Record<string, (next: () => number) => Promise<Uint8Array>> = {
  noise: async (next) => pixels(next, (_x, _y, n) => [n() * 256, n() * 256, n() * 256]),
  "one colour": async (next) => {
    const colour = [next() * 256, next() * 256, next() * 256];
    return pixels(next, () => colour);
  },
  gradient: async (next) => {
    const [a, b, c] = [next(), next(), next()];
    return pixels(next, (x, y) => [((x * a + y * (1 - a)) / Side) * 255, ((x * b + y * (1 - b)) / Side) * 255, c * 255]);
  },
  stripes: async (next) => {
    const [width, slope] = [3 + next() * 20, next()];
    return pixels(next, (x, y) => Array<number>(3).fill(Math.floor((x + slope * y) / width) % 2 === 0 ? 30 : 225));
  },
  "text on a screen": (next) =>
    drawn(Array.from({ length: 18 }, (_, i) => `<text x="${10 + next() * 30}" y="${24 + i * 24}" font-size="20">${Array.from({ length: 5 }, () => words[Math.floor(next() * words.length)]).join(" ")}</text>`).join("")),
  "flat drawing": (next) =>
    drawn(Array.from({ length: 14 }, () => (next() < 0.5
      ? `<circle cx="${next() * 448}" cy="${next() * 448}" r="${10 + next() * 90}" fill="${hue(next)}"/>`
      : `<rect x="${next() * 400}" y="${next() * 400}" width="${next() * 200}" height="${next() * 200}" fill="${hue(next)}"/>`)).join("")),
  "line drawing": (next) =>
    drawn(`<path d="M224 224${Array.from({ length: 40 }, () => `L${Math.floor(next() * 448)} ${Math.floor(next() * 448)}`).join("")}" fill="none" stroke="#222" stroke-width="3"/>`),
};

const classifier = await Classifier.load(path.resolve(modelFolder()));
console.log("| kind | pictures | unsure | most often said |\n| --- | --- | --- | --- |");
for (const [kind, make] of Object.entries(kinds)) {
  const next = random(kind.length);
  const said = [];
  for (let i = 0; i < PerKind; i++) {
    said.push(classifier.judge(await make(next)));
  }
  const counts = new Map<string, number>();
  said.forEach((s) => counts.set(s.label, (counts.get(s.label) ?? 0) + 1));
  const most = [...counts].sort((a, b) => b[1] - a[1])[0]![0];
  console.log(`| ${kind} | ${PerKind} | ${said.filter((s) => s.unsure).length} | ${most} |`);
}
