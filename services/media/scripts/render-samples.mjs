// Renders the pictures of samples/ at the root: drawings by code, for a first scan without a photo at hand.
import { mkdir } from "node:fs/promises";
import path from "node:path";
import { fileURLToPath } from "node:url";
import sharp from "sharp";

const [Width, Height] = [1024, 768];
const target = process.argv[2] ?? path.resolve(path.dirname(fileURLToPath(import.meta.url)), "../../../samples");

/** A light board, a soft shadow, the thing, and a little grain as a camera has it. */
const scene = (defs, shadow, thing, [inner, outer] = ["#e9e5dd", "#bdb7ac"]) => `
<svg xmlns="http://www.w3.org/2000/svg" width="${Width}" height="${Height}" viewBox="0 0 1024 768">
  <defs>
    <radialGradient id="board" cx="45%" cy="40%" r="80%"><stop offset="0" stop-color="${inner}"/><stop offset="1" stop-color="${outer}"/></radialGradient>
    <filter id="soft" x="-30%" y="-30%" width="160%" height="160%"><feGaussianBlur stdDeviation="16"/></filter>
    <filter id="smooth" x="-10%" y="-10%" width="120%" height="120%"><feGaussianBlur stdDeviation="3"/></filter>
    ${defs}
  </defs>
  <rect width="1024" height="768" fill="url(#board)"/>
  <g filter="url(#soft)" fill="#3a342b" opacity="0.5">${shadow}</g>
  ${thing}
</svg>`;

const stops = (...list) => list.map(([at, colour, opacity = 1]) => `<stop offset="${at}" stop-color="${colour}" stop-opacity="${opacity}"/>`).join("");
const across = (id, ...list) => `<linearGradient id="${id}" x1="0" y1="0" x2="1" y2="0">${stops(...list)}</linearGradient>`;
const repeat = (count, draw) => Array.from({ length: count }, (_, i) => draw(i)).join("");

const flutes = (x1, y1, x2, y2) =>
  repeat(34, (i) => `<path d="M${x1 + ((x2 - x1) * i) / 34} ${y1 + ((y2 - y1) * i) / 34}v260" stroke="#7d5a35" stroke-opacity="0.13" stroke-width="3"/>`);

const pictures = {
  "rendered-cardboard-box.jpg": scene(
    `${across("left", [0, "#b98d5c"], [1, "#a97c4c"])}${across("right", [0, "#8f6639"], [1, "#9c7344"])}
     <linearGradient id="flap" x1="0" y1="0" x2="0" y2="1">${stops([0, "#d0a673"], [1, "#bd9260"])}</linearGradient>`,
    `<path d="M180 420L560 640L900 470L880 600L560 730L200 580Z"/>`,
    `<path d="M210 300L540 420V690L210 540Z" fill="url(#left)"/>
     <path d="M540 420L840 290V530L540 690Z" fill="url(#right)"/>
     ${flutes(212, 300, 538, 420)}${flutes(542, 420, 838, 290)}
     <path d="M210 300L510 190L840 290L540 420Z" fill="#6b4a28"/>
     <path d="M210 300L540 420L470 500L130 370Z" fill="url(#flap)"/>
     <path d="M540 420L840 290L905 350L610 495Z" fill="#c3986a"/>
     <path d="M210 300L510 190L455 120L150 225Z" fill="#b58a59"/>
     <path d="M510 190L840 290L890 220L570 125Z" fill="#c9a06e"/>
     <path d="M300 520l70 28v54l-70 -28z" fill="none" stroke="#5f4325" stroke-width="4" opacity="0.6"/>`,
  ),
  "rendered-plastic-bottle.jpg": scene(
    `${across("pet", [0, "#9fb6bf", 0.75], [0.12, "#eef6f8", 0.55], [0.3, "#c3d6dc", 0.45], [0.6, "#dfebee", 0.4], [0.85, "#ffffff", 0.75], [1, "#8fa7b1", 0.8])}
     ${across("cap", [0, "#1d5fae"], [0.4, "#5a9be2"], [1, "#174b8a"])}
     ${across("label", [0, "#2a7fbf"], [0.35, "#7cc3ee"], [0.7, "#3f96d3"], [1, "#1f649a"])}`,
    `<ellipse cx="560" cy="690" rx="190" ry="34"/><path d="M440 300h200l40 390h-220z" opacity="0.5"/>`,
    `<path d="M478 92h68v44h-68z" fill="url(#cap)"/>${repeat(9, (i) => `<path d="M${482 + i * 7.5} 94v40" stroke="#0f3d73" stroke-width="1.5"/>`)}
     <path d="M482 136h60v24c8 62 74 84 78 150v350c0 34-20 42-44 42H448c-24 0-44-8-44-42V310c4-66 70-88 78-150z" fill="url(#pet)" stroke="#7f99a4" stroke-width="3"/>
     <path d="M404 330h216v150H404z" fill="url(#label)" opacity="0.92"/><path d="M430 372h150v14H430zM430 404h110v10H430zM430 430h130v10H430z" fill="#f4fbff" opacity="0.85"/>
     ${repeat(5, (i) => `<path d="M406 ${516 + i * 30}q106 22 212 0" fill="none" stroke="#ffffff" stroke-width="6" opacity="0.7"/><path d="M406 ${524 + i * 30}q106 22 212 0" fill="none" stroke="#7890a0" stroke-width="3" opacity="0.5"/>`)}
     <path d="M452 240q-18 30-22 80" stroke="#fff" stroke-width="12" fill="none" opacity="0.8" filter="url(#smooth)"/>
     <path d="M598 340v320" stroke="#fff" stroke-width="9" opacity="0.75" filter="url(#smooth)"/>`,
  ),
  "rendered-drink-can.jpg": scene(
    `${across("can", [0, "#6d7175"], [0.08, "#b9bdc1"], [0.2, "#f6f7f8"], [0.34, "#a3a8ad"], [0.55, "#d9dcdf"], [0.72, "#7d8287"], [0.9, "#e2e4e6"], [1, "#5d6165"])}
     ${across("paint", [0, "#6d0d12"], [0.2, "#e0474d"], [0.36, "#a3151c"], [0.6, "#c7242c"], [0.9, "#d9636a"], [1, "#560a0e"])}`,
    `<ellipse cx="570" cy="640" rx="210" ry="40"/><path d="M430 220h240l30 420h-220z" opacity="0.4"/>`,
    `<path d="M392 190q4-34 40-44h160q36 10 40 44v400q-4 40-44 50H436q-40-10-44-50z" fill="url(#can)" stroke="#55595d" stroke-width="2"/>
     <path d="M392 230q120 34 240 0v320q-120 40-240 0z" fill="url(#paint)"/>
     <path d="M400 440q90-120 160-40t64-10v50q-60 40-110-10t-114 50z" fill="#f5f1ea" opacity="0.9"/>
     <ellipse cx="512" cy="160" rx="102" ry="26" fill="#c9cdd1" stroke="#777c81" stroke-width="5"/>
     <ellipse cx="512" cy="163" rx="84" ry="18" fill="#a9aeb3"/><ellipse cx="512" cy="168" rx="30" ry="8" fill="#e9ebed" stroke="#6f7479" stroke-width="3"/>
     <ellipse cx="502" cy="158" rx="14" ry="4" fill="#1f2123"/>
     <path d="M440 250v280" stroke="#fff" stroke-width="14" opacity="0.35" filter="url(#smooth)"/>`,
  ),
  "rendered-glass-bottle.jpg": scene(
    `${across("green", [0, "#0d3d1f"], [0.12, "#2f8a4d"], [0.3, "#14592d"], [0.55, "#1f7a3f"], [0.82, "#59b679"], [1, "#0a3118"])}`,
    `<ellipse cx="570" cy="706" rx="170" ry="30"/><path d="M450 330h180l30 370h-180z" opacity="0.45"/>`,
    `<path d="M486 50h52v26h-4v150c4 66 76 84 80 150v290c0 26-16 36-40 36H450c-24 0-40-10-40-36V376c4-66 76-84 80-150V76h-4z" fill="url(#green)" stroke="#072611" stroke-width="3"/>
     <path d="M482 50h60v18h-60z" fill="#1a6d38" stroke="#072611" stroke-width="2"/>
     <path d="M410 420h204v160H410z" fill="#efe6cd"/><path d="M440 450h144v20H440zM456 490h112v10H456zM470 515h84v10H470z" fill="#7a2b2b" opacity="0.8"/>
     <path d="M500 84v140q-6 50-50 90t-20 80" stroke="#d7ffe3" stroke-width="9" fill="none" opacity="0.7" filter="url(#smooth)"/>
     <path d="M592 400v270" stroke="#c9f7d7" stroke-width="8" opacity="0.65" filter="url(#smooth)"/>
     <path d="M430 600v70" stroke="#d7ffe3" stroke-width="8" opacity="0.6" filter="url(#smooth)"/>`,
    ["#f0eee9", "#c9c4ba"],
  ),
  "rendered-newspaper.jpg": scene(
    `<linearGradient id="sheet" x1="0" y1="0" x2="1" y2="1">${stops([0, "#f1eee6"], [0.5, "#e3dfd4"], [0.52, "#d5d0c4"], [1, "#eae6dc"])}</linearGradient>`,
    `<path d="M190 130L850 100L880 690L220 710Z"/>`,
    `<g transform="rotate(-4 512 384)"><path d="M200 90h640v590H200z" fill="url(#sheet)"/><path d="M200 384q320 14 640 0" stroke="#a9a498" stroke-width="5" fill="none" opacity="0.6"/>
     <text x="520" y="158" font-family="serif" font-size="60" font-weight="bold" text-anchor="middle" fill="#26241f">DAILY PAPER</text>
     <path d="M225 180h590" stroke="#26241f" stroke-width="3"/><path d="M225 196h380v26H225zM225 232h300v20H225z" fill="#37342e"/>
     <path d="M630 205h185v150H630z" fill="#8d897f"/><path d="M640 340l50-70 40 40 40-60 45 90z" fill="#55524b"/>
     ${repeat(4, (c) => repeat(24, (i) => (c === 3 && i < 6 ? "" : `<path d="M${225 + c * 150} ${272 + i * 16}h${i % 7 === 6 ? 70 : 132}" stroke="#4d4a43" stroke-width="5" opacity="0.75"/>`)))}</g>`,
    ["#cfc4b2", "#9d917e"],
  ),
  "rendered-cat.jpg": scene(
    `<radialGradient id="fur" cx="40%" cy="35%" r="75%">${stops([0, "#f0b56a"], [1, "#b9702a"])}</radialGradient>`,
    `<ellipse cx="540" cy="690" rx="300" ry="44"/>`,
    `<path d="M700 620q160 30 170-120t-40-130" stroke="#b9702a" stroke-width="44" stroke-linecap="round" fill="none"/>
     <ellipse cx="512" cy="540" rx="230" ry="170" fill="url(#fur)"/>
     <path d="M360 230L330 90L450 170ZM664 230L694 90L574 170Z" fill="#c67f38"/><path d="M362 200L348 122L420 168ZM662 200L676 122L604 168Z" fill="#f0b9a8"/>
     <circle cx="512" cy="300" r="170" fill="url(#fur)"/>
     ${repeat(3, (i) => `<path d="M${470 + i * 42} 140q0 40 0 60" stroke="#8a4d17" stroke-width="14" stroke-linecap="round"/>`)}
     ${repeat(4, (i) => `<path d="M${320 + i * 8} ${480 + i * 45}q60 10 90 30M${704 - i * 8} ${480 + i * 45}q-60 10-90 30" stroke="#8a4d17" stroke-width="13" fill="none" stroke-linecap="round"/>`)}
     <ellipse cx="446" cy="290" rx="34" ry="40" fill="#dfe97d"/><ellipse cx="578" cy="290" rx="34" ry="40" fill="#dfe97d"/><ellipse cx="446" cy="292" rx="11" ry="34" fill="#111"/><ellipse cx="578" cy="292" rx="11" ry="34" fill="#111"/>
     <path d="M492 352h40l-20 24z" fill="#d9757a"/><path d="M512 376q-4 32-40 28M512 376q4 32 40 28" stroke="#5a3312" stroke-width="6" fill="none"/>
     ${repeat(3, (i) => `<path d="M460 ${372 + i * 12}L300 ${350 + i * 26}M564 ${372 + i * 12}L724 ${350 + i * 26}" stroke="#fff" stroke-width="4" opacity="0.9"/>`)}
     <ellipse cx="430" cy="670" rx="60" ry="34" fill="#f3d9b5"/><ellipse cx="594" cy="670" rx="60" ry="34" fill="#f3d9b5"/>`,
    ["#b8c7a8", "#7d8f6b"],
  ),
};

/** The same grain at every run. */
function grain() {
  let state = 7;
  const bytes = Buffer.alloc(Width * Height * 3);
  for (let i = 0; i < bytes.length; i += 3) {
    state = (Math.imul(state, 1664525) + 1013904223) >>> 0;
    bytes.fill(120 + (state >>> 24) / 16, i, i + 3);
  }
  return sharp(bytes, { raw: { width: Width, height: Height, channels: 3 } }).png().toBuffer();
}

const noise = await grain();
await mkdir(target, { recursive: true });
for (const [name, svg] of Object.entries(pictures)) {
  await sharp(Buffer.from(svg)).removeAlpha().composite([{ input: noise, blend: "soft-light" }]).jpeg({ quality: 82 }).toFile(path.join(target, name));
  console.log(name);
}
