import type { Scores } from "./metrics.js";

/** Confidence against accuracy: on the diagonal, 0.8 means right in 80 of 100. The bars below show how many photos stand behind a dot. */
export function reliabilityPlot(scores: Scores, title: string): string {
  const [left, top, size] = [60, 50, 320];
  const x = (v: number): string => (left + v * size).toFixed(1);
  const y = (v: number): string => (top + (1 - v) * size).toFixed(1);
  const most = Math.max(1, ...scores.reliability.map((b) => b.photos));
  const used = scores.reliability.filter((b) => b.photos > 0);
  const ticks = [0, 0.2, 0.4, 0.6, 0.8, 1].map(
    (v) =>
      `<text x="${x(v)}" y="${top + size + 18}" text-anchor="middle">${v}</text><text x="${left - 8}" y="${Number(y(v)) + 4}" text-anchor="end">${v}</text>` +
      `<path d="M${x(0)} ${y(v)}H${x(1)}M${x(v)} ${y(0)}V${y(1)}" stroke="#ddd"/>`,
  );
  const bars = used.map((b) => {
    const height = (b.photos / most) * 0.25;
    return `<rect x="${x(b.from + 0.01)}" y="${y(height)}" width="${0.08 * size}" height="${height * size}" fill="#cfe3d4"><title>${b.photos} photos</title></rect>`;
  });
  const dots = used.map((b) => `<circle cx="${x(b.confidence)}" cy="${y(b.accuracy)}" r="${b.photos < 10 ? 3 : 5}" fill="#1b7a3d"/>`);
  return (
    `<svg xmlns="http://www.w3.org/2000/svg" width="420" height="430" font-family="sans-serif" font-size="12">` +
    `<rect width="420" height="430" fill="#fff"/><text x="${left}" y="24" font-size="14">${title}</text>` +
    `<text x="${left}" y="41">${scores.photos} photos, accuracy ${scores.accuracy.toFixed(3)}, calibration error ${scores.calibration_error.toFixed(3)}</text>` +
    `${ticks.join("")}${bars.join("")}<path d="M${x(0)} ${y(0)}L${x(1)} ${y(1)}" stroke="#888" stroke-dasharray="4"/>` +
    `<path d="M${used.map((b) => `${x(b.confidence)} ${y(b.accuracy)}`).join("L")}" fill="none" stroke="#1b7a3d"/>${dots.join("")}` +
    `<text x="${left + size / 2}" y="${top + size + 40}" text-anchor="middle">confidence</text>` +
    `<text transform="translate(18 ${top + size / 2}) rotate(-90)" text-anchor="middle">share that was right</text></svg>\n`
  );
}
