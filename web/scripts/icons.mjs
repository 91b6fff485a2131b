// Draws the PNG icons from icon.svg with the media app's sharp. Run by hand when the drawing changes: node scripts/icons.mjs
import { readFileSync } from 'node:fs';
import { createRequire } from 'node:module';

const sharp = createRequire(new URL('../../services/media/package.json', import.meta.url))('sharp');
const here = new URL('../public/', import.meta.url);
const svg = readFileSync(new URL('icon.svg', here), 'utf8');
// A maskable icon is cut to any shape: no corners of its own, and the drawing inside the middle four fifths.
const full = svg.replace('rx="15"', '').replace('viewBox="0 0 64 64"', 'viewBox="-7 -7 78 78"').replace('<rect width="64" height="64"', '<rect x="-7" y="-7" width="78" height="78"');
for (const [name, size, source] of [['icon-192', 192, svg], ['icon-512', 512, svg], ['icon-maskable-512', 512, full]]) {
  await sharp(Buffer.from(source), { density: 600 }).resize(size, size).png({ palette: true }).toFile(new URL(`${name}.png`, here).pathname);
}
