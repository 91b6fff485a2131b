// Puts the pictures that the last run of the tests took of every screen on one sheet per width, for docs/images: node scripts/sheets.mjs
import { readdirSync } from 'node:fs';
import { createRequire } from 'node:module';

const sharp = createRequire(new URL('../../services/media/package.json', import.meta.url))('sharp');
const screens = new URL('../../artifacts/web-screens/', import.meta.url).pathname;
const images = new URL('../../docs/images/', import.meta.url).pathname;
const gap = 12;

// From the top, as far as a person sees without scrolling much.
for (const [run, sheet, columns, width, height] of [['phone-ko', 'screens-phone', 9, 200, 430], ['desktop-en', 'screens-desktop', 4, 420, 300]]) {
  const names = readdirSync(screens).filter((name) => name.startsWith(`${run}-`) && name.endsWith('.png')).sort();
  const tiles = await Promise.all(names.map(async (name, i) => ({
    input: await sharp(screens + name).resize({ width }).toBuffer().then((tile) => sharp(tile).metadata().then((size) =>
      sharp(tile).extract({ left: 0, top: 0, width, height: Math.min(height, size.height) }).toBuffer())),
    left: gap + (i % columns) * (width + gap),
    top: gap + Math.floor(i / columns) * (height + gap),
  })));
  const rows = Math.ceil(names.length / columns);
  await sharp({ create: { width: gap + columns * (width + gap), height: gap + rows * (height + gap), channels: 3, background: '#8a8f8c' } })
    .composite(tiles).webp({ quality: 60 }).toFile(`${images}${sheet}.webp`);
  console.log(`${sheet}.webp: ${names.length} screens`);
}
