// Draws the pictures of the characters, one PNG per asset of characters.json, with the sharp of services/media (npm ci there first).
// node services/character/Pictures/render.mjs [folder]
import { createRequire } from "node:module";
import path from "node:path";
import { fileURLToPath } from "node:url";

const sharp = createRequire(new URL("../../media/package.json", import.meta.url))("sharp");
const target = process.argv[2] ?? path.dirname(fileURLToPath(import.meta.url));
const Ink = "#3b2f3a";

/** Eyes, cheeks and one of three mouths. */
const face = (x, y, { gap = 24, mouth = "smile", cheek = "#ff8f8f" } = {}) => {
  const eye = (at) => `<ellipse cx="${at}" cy="${y}" rx="7.5" ry="9.5" fill="${Ink}"/><circle cx="${at + 2.5}" cy="${y - 3.5}" r="3" fill="#fff"/>`;
  const wink = (at) => `<path d="M${at - 9} ${y + 2}q9-9 18 0" fill="none" stroke="${Ink}" stroke-width="4.5" stroke-linecap="round"/>`;
  const mouths = {
    smile: `<path d="M${x - 9} ${y + 12}q9 10 18 0" fill="none" stroke="${Ink}" stroke-width="4" stroke-linecap="round"/>`,
    open: `<path d="M${x - 11} ${y + 11}h22q-1 15-11 15t-11-15z" fill="${Ink}"/><path d="M${x - 6} ${y + 22}q6-6 12 0q-2 4-6 4t-6-4z" fill="#ff7d86"/>`,
    cat: `<path d="M${x - 12} ${y + 11}q6 8 12 0q6 8 12 0" fill="none" stroke="${Ink}" stroke-width="4" stroke-linecap="round" stroke-linejoin="round"/>`,
    wink: `<path d="M${x - 10} ${y + 11}q9 12 19 0" fill="none" stroke="${Ink}" stroke-width="4" stroke-linecap="round"/>`,
  };
  const blush = (at) => `<ellipse cx="${at}" cy="${y + 13}" rx="7.5" ry="5" fill="${cheek}" opacity=".75"/>`;
  return `${eye(x - gap)}${mouth === "wink" ? wink(x + gap) : eye(x + gap)}${blush(x - gap - 10)}${blush(x + gap + 10)}${mouths[mouth]}`;
};

const limb = (d, colour) => `<path d="${d}" fill="none" stroke="${colour}" stroke-width="9" stroke-linecap="round"/>`;
const legs = (y, colour, shoe, apart = 20) =>
  [-1, 1].map((side) => `${limb(`M${128 + side * apart} ${y}V216`, colour)}<ellipse cx="${128 + side * (apart + 4)}" cy="219" rx="13" ry="8" fill="${shoe}"/>`).join("");

/** A round board in one colour, a ground, the figure. */
const badge = (board, ground, figure) => `
<svg xmlns="http://www.w3.org/2000/svg" width="256" height="256" viewBox="0 0 256 256">
  <circle cx="128" cy="128" r="122" fill="${board}"/>
  <clipPath id="round"><circle cx="128" cy="128" r="122"/></clipPath>
  <g clip-path="url(#round)"><ellipse cx="128" cy="262" rx="150" ry="52" fill="${ground}"/></g>
  ${figure}
</svg>`;

const body = (d, fill, line, width = 5) => `<path d="${d}" fill="${fill}" stroke="${line}" stroke-width="${width}" stroke-linejoin="round" stroke-linecap="round"/>`;
const shine = (d, opacity = 0.7, width = 7) => `<path d="${d}" fill="none" stroke="#fff" stroke-opacity="${opacity}" stroke-width="${width}" stroke-linecap="round"/>`;

const pictures = {
  eco: badge("#fff3c9", "#f3d98a", `
    ${legs(184, "#3f8f3c", "#7a5230")}${limb("M74 138q-22 4-26 24", "#3f8f3c")}${limb("M182 138q20-8 24-32", "#3f8f3c")}
    ${body("M128 62q-3-18 10-32", "none", "#3f8f3c", 8)}
    ${body("M138 38q4-24 36-22q-2 28-36 22z", "#a5da5f", "#3f8f3c")}${body("M136 44q-10-20-34-14q6 22 34 14z", "#8ccd55", "#3f8f3c")}
    ${body("M128 56C186 78 200 132 178 168C164 190 146 196 128 196C110 196 92 190 78 168C56 132 70 78 128 56z", "#6cc14f", "#3f8f3c")}
    <path d="M128 68V108M128 86l-20 12M128 86l20 12" fill="none" stroke="#b5e58c" stroke-width="5" stroke-linecap="round"/>
    ${shine("M86 132q2-22 18-40", 0.45)}${face(128, 140, { mouth: "open", gap: 28 })}`),

  paper: badge("#cfe6fb", "#9cc6ec", `
    ${legs(190, "#b5813f", "#4d7fb8", 22)}${limb("M82 140q-20-4-30-24", "#b5813f")}${limb("M176 144q18 4 24 22", "#b5813f")}
    ${body("M84 58q0-8 8-8H150L178 78V188q0 8-8 8H92q-8 0-8-8z", "#fff6e0", "#b5813f")}
    ${body("M150 50V70q0 8 8 8H178z", "#eecb8e", "#b5813f")}
    <path d="M100 74h32M100 90h24M104 168h52M104 181h34" fill="none" stroke="#e6c99a" stroke-width="5" stroke-linecap="round"/>
    ${face(130, 124, { mouth: "smile" })}`),

  paper_products: badge("#ffdfe4", "#f7b3bf", `
    ${legs(196, "#3c62a8", "#e2576b", 22)}${limb("M82 146q-22 2-28 20", "#3c62a8")}${limb("M174 146q22-2 26-26", "#3c62a8")}
    ${body("M100 34h56v18h-56z", "#dfeafc", "#3c62a8")}${body("M100 52h56l22 36H78z", "#5f92e6", "#3c62a8")}
    ${body("M78 88H178V194q0 6-6 6H84q-6 0-6-6z", "#fdfdff", "#3c62a8")}
    <path d="M80.500 172q12-12 24 0t24 0t24 0t23.500 0V193q0 4.500-4.500 4.500H85q-4.500 0-4.500-4.500z" fill="#5f92e6"/>
    <path d="M128 62q11 13 0 20q-11-7 0-20z" fill="#fff"/>
    ${face(128, 124, { mouth: "cat" })}`),

  pet: badge("#a9e3ea", "#6cc6d2", `
    ${legs(196, "#2b8fa3", "#2f78c4", 20)}${limb("M86 150q-22 6-24 26", "#2b8fa3")}${limb("M170 150q22-6 26-28", "#2b8fa3")}
    ${body("M108 26h40q5 0 5 5v17h-50V31q0-5 5-5z", "#2f78c4", "#1f5a98")}<path d="M116 32v12M128 32v12M140 32v12" stroke="#7db4ea" stroke-width="4" stroke-linecap="round"/>
    ${body("M110 48h36v12c4 20 28 26 28 52V190q0 12-12 12H94q-12 0-12-12V112C82 86 106 80 110 60z", "#effcfd", "#2b8fa3")}
    <path d="M84.500 160q11 8 22 0t22 0t22 0t21 0V190q0 9.500-9.500 9.500H94q-9.500 0-9.500-9.500z" fill="#bfecf3"/>
    <path d="M86 176q42 10 84 0" fill="none" stroke="#7fd0dc" stroke-width="4" stroke-linecap="round"/>
    ${shine("M98 112q2-14 14-24", 1)}${face(128, 128, { mouth: "smile" })}`),

  plastic: badge("#fff0b8", "#f6d774", `
    ${legs(190, "#c4531f", "#8a3b6b", 24)}${limb("M76 140q-20-6-26-26", "#c4531f")}${limb("M180 140q20-6 26-26", "#c4531f")}
    ${body("M66 92H190L174 186q-2 12-14 12H96q-12 0-14-12z", "#ff9a56", "#c4531f")}
    ${body("M64 70q0-10 10-10H182q10 0 10 10V84q0 10-10 10H74q-10 0-10-10z", "#ffc48f", "#c4531f")}
    ${body("M182 62q22-16 28 2q-2 14-18 14", "#ffc48f", "#c4531f")}
    <path d="M88 178h80" stroke="#e5752f" stroke-width="5" stroke-linecap="round"/>
    ${shine("M80 74h36", 0.85, 6)}${shine("M84 112l5 30", 0.5)}${face(128, 132, { mouth: "open", cheek: "#ff6363" })}`),

  vinyl: badge("#d9f2d0", "#a9d99a", `
    ${legs(192, "#c94a86", "#3f8f6c", 22)}${limb("M74 150q-20 6-26 24", "#c94a86")}${limb("M182 150q20 6 26 24", "#c94a86")}
    ${body("M84 92C82 62 86 44 96 40q12-4 14 12C112 74 118 82 128 82S144 74 146 52q2-16 14-12C170 44 174 62 172 92C178 126 188 160 184 184q-2 14-16 14H88q-14 0-16-14C68 160 78 126 84 92z", "#ffb3d4", "#c94a86")}
    <path d="M98 52q2 26 6 38M158 52q-2 26-6 38M90 168q6 10 4 20M166 168q-6 10-4 20M128 176v12" fill="none" stroke="#ef7fb2" stroke-width="4.500" stroke-linecap="round"/>
    ${shine("M88 124q-4 14-5 26", 0.75)}${face(128, 130, { mouth: "wink", cheek: "#ff5f8f" })}`),

  styrofoam: badge("#d9d3fb", "#b3a8f0", `
    ${legs(188, "#6f66b8", "#f0a23c", 28)}${limb("M66 142q-18 4-22 24", "#6f66b8")}${limb("M190 142q18-6 22-28", "#6f66b8")}
    ${body("M68 96H188V184q0 10-10 10H78q-10 0-10-10z", "#ffffff", "#6f66b8")}
    ${body("M58 76q0-10 10-10H188q10 0 10 10V92q0 10-10 10H68q-10 0-10-10z", "#f3f1ff", "#6f66b8")}
    ${[[82, 84, 5], [104, 80, 4], [126, 87, 5], [150, 80, 4], [172, 86, 5], [82, 176, 5], [100, 182, 4], [158, 182, 4], [174, 174, 5], [176, 118, 4], [80, 120, 4], [128, 180, 5]]
      .map(([x, y, r]) => `<circle cx="${x}" cy="${y}" r="${r}" fill="#dcd7f8"/>`).join("")}
    ${face(128, 136, { mouth: "cat" })}`),

  glass: badge("#fde3c4", "#f2bd84", `
    ${legs(198, "#1d6b4f", "#a8552b", 18)}${limb("M84 150q-22-4-28-26", "#1d6b4f")}${limb("M172 150q20 6 24 26", "#1d6b4f")}
    ${body("M112 38h32V72c0 18 30 26 30 54V192q0 12-12 12H94q-12 0-12-12V126C82 98 112 90 112 72z", "#3fb27f", "#1d6b4f")}
    ${body("M108 24h40l4 18q-24 8-48 0z", "#f4c542", "#a8802b")}
    <path d="M112 62q16 5 32 0" fill="none" stroke="#8fe0b8" stroke-width="5"/>
    <path d="M84.500 174h87V192q0 9.500-9.500 9.500H94q-9.500 0-9.500-9.500z" fill="#2f9468"/>
    ${shine("M96 134q0-18 14-28", 0.75)}${shine("M122 74q-2 8-6 13", 0.55, 5)}${face(128, 142, { mouth: "smile", cheek: "#ffb09c" })}`),

  metal: badge("#ffd3c7", "#f5a491", `
    ${legs(200, "#5b6772", "#3d4650", 20)}${limb("M82 142q-22-6-26-28", "#5b6772")}${limb("M174 142q22-6 26-28", "#5b6772")}
    ${body("M96 52H160L178 74V186L162 206H94L78 186V74z", "#d4dbe1", "#5b6772")}
    <path d="M80.500 88h95v84h-95z" fill="#e8503f"/><path d="M80.500 88h14v84h-14z" fill="#f47c6c"/><path d="M80.500 160q24-14 48 0t47 0v12h-95z" fill="#fff" opacity=".85"/>
    ${body("M94 54a34 9 0 0 1 68 0a34 9 0 0 1-68 0z", "#eef2f5", "#5b6772")}${body("M118 50q10-8 22 0q-10 8-22 0z", "#9aa6b0", "#5b6772", 3)}
    ${shine("M90 188q12 6 30 6", 0.8, 5)}${face(128, 118, { mouth: "open", cheek: "#ffb3a6" })}`),

  clothes: badge("#cdf0e6", "#93d6c2", `
    ${legs(188, "#6a3fa0", "#f2b63c", 22)}
    ${body("M98 60L60 82Q46 92 38 122L66 136L80 116V186q0 8 8 8H168q8 0 8-8V116L190 136L218 122Q210 92 196 82L158 60Q128 88 98 60z", "#a970e0", "#6a3fa0")}
    <path d="M98 60Q128 88 158 60L150 56Q128 72 106 56z" fill="#f6e9ff" stroke="#6a3fa0" stroke-width="5" stroke-linejoin="round"/>
    <path d="M46 112l24 12M210 112l-24 12M84 178H172" fill="none" stroke="#d7b4f7" stroke-width="5" stroke-linecap="round"/>
    <path d="M128 164l3.500 6.500l7 1l-5 5l1 7l-6.500-3.500l-6.500 3.500l1-7l-5-5l7-1z" fill="#ffd75e" transform="translate(0 -3)"/>
    ${face(128, 122, { mouth: "smile", cheek: "#ff9fc6" })}`),

  battery: badge("#d5dcf7", "#a3b1e6", `
    ${legs(198, "#2f3550", "#e0564a", 20)}${limb("M84 146q-22 2-28-20", "#2f3550")}${limb("M172 146q22 6 24 26", "#2f3550")}
    ${body("M110 34h36q4 0 4 4v14h-44V38q0-4 4-4z", "#c9ced9", "#2f3550")}
    ${body("M96 52H160q14 0 14 14V190q0 14-14 14H96q-14 0-14-14V66q0-14 14-14z", "#ffd23f", "#2f3550")}
    <path d="M84.500 92V66q0-11.500 11.500-11.500H160q11.500 0 11.500 11.500V92z" fill="#444c70"/>
    <path d="M128 63v20M118 73h20" stroke="#ffd23f" stroke-width="6" stroke-linecap="round"/>
    <path d="M132 156l-16 22h11l-3 18l17-24h-12z" fill="#fff" stroke="#d99a12" stroke-width="3" stroke-linejoin="round"/>
    ${shine("M94 108v34", 0.7)}${face(130, 118, { mouth: "open" })}`),

  lighting: badge("#b9c6f2", "#8a9be0", `
    ${legs(208, "#59606e", "#e27d2e", 14)}
    ${[[128, 12, 128, 22], [66, 34, 73, 42], [190, 34, 183, 42], [36, 88, 46, 90], [220, 88, 210, 90]].map(([a, b, c, d]) => `<path d="M${a} ${b}L${c} ${d}" stroke="#fff6b8" stroke-width="8" stroke-linecap="round"/>`).join("")}
    ${limb("M80 140q-20 4-26 24", "#c9971c")}${limb("M176 140q20-2 28-22", "#c9971c")}
    ${body("M128 34C170 34 194 64 194 98C194 128 172 140 160 168H96C84 140 62 128 62 98C62 64 86 34 128 34z", "#ffe45c", "#c9971c")}
    <path d="M114 166V148q-6-14 2-14t8 10q0-10 6-10t6 10q0-10 6-10t2 14V166" fill="none" stroke="#e39b1f" stroke-width="4" stroke-linejoin="round" stroke-linecap="round"/>
    ${body("M98 168H158V184H98z", "#c3cad6", "#59606e")}${body("M102 184H154V200H102z", "#a4adbc", "#59606e")}${body("M110 200H146L140 210H116z", "#59606e", "#59606e")}
    ${shine("M80 92q2-26 26-38", 0.85)}${face(128, 98, { mouth: "smile", gap: 28 })}`),

  monitor: badge("#e3efc4", "#bfd78a", `
    ${limb("M54 122q-16 10-16 30", "#344b5e")}${limb("M202 122q16-8 18-30", "#344b5e")}
    ${body("M114 176H142L148 204H108z", "#6f8799", "#344b5e")}${body("M84 204q0-6 8-6H164q8 0 8 6v10H84z", "#8fa6b7", "#344b5e")}
    ${body("M50 66q0-14 14-14H192q14 0 14 14V164q0 14-14 14H64q-14 0-14-14z", "#4f6b82", "#344b5e")}
    <path d="M64 74q0-8 8-8H184q8 0 8 8V148q0 8-8 8H72q-8 0-8-8z" fill="#8ff0ea"/><path d="M64 112V74q0-8 8-8H116z" fill="#c3faf6"/>
    <circle cx="128" cy="167" r="4" fill="#7ef29a"/>
    ${body("M128 52V38", "none", "#344b5e")}<circle cx="128" cy="32" r="8" fill="#ff7d5e" stroke="#344b5e" stroke-width="5"/>
    ${face(128, 106, { mouth: "cat", gap: 28 })}`),
};

for (const [asset, svg] of Object.entries(pictures)) {
  // 128 colours are more than a flat drawing has; the file is a third of the full one.
  await sharp(Buffer.from(svg)).png({ palette: true, colours: 128, dither: 0, effort: 10, compressionLevel: 9 }).toFile(path.join(target, `${asset}.png`));
}
