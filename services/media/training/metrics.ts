/** One scored picture: the confidence of every label, what it is, and whether the classifier would abstain. */
export interface Judged {
  readonly confidences: readonly number[];
  readonly truth: number;
  readonly unsure: boolean;
}

export interface Scores {
  readonly photos: number;
  readonly accuracy: number;
  readonly calibration_error: number;
  readonly coverage: number;
  readonly accuracy_when_sure: number;
  readonly per_class: Readonly<Record<string, { photos: number; recall: number; precision: number }>>;
  /** Rows are what it is, columns what was said, in the order of the labels. */
  readonly confusion: readonly (readonly number[])[];
  readonly reliability: readonly { from: number; photos: number; confidence: number; accuracy: number }[];
}

const Bins = 10;
const round = (v: number): number => Math.round(v * 10_000) / 10_000;
const share = (part: number, whole: number): number => (whole === 0 ? 0 : round(part / whole));

export const best = (confidences: readonly number[]): number => confidences.indexOf(Math.max(...confidences));

export function score(judged: readonly Judged[], labels: readonly string[]): Scores {
  const confusion = labels.map(() => labels.map(() => 0));
  const bins = Array.from({ length: Bins }, () => ({ photos: 0, confidence: 0, right: 0 }));
  let right = 0;
  let sure = 0;
  let rightWhenSure = 0;
  for (const { confidences, truth, unsure } of judged) {
    const said = best(confidences);
    const confidence = confidences[said] as number;
    const hit = said === truth ? 1 : 0;
    (confusion[truth]![said] as number) += 1;
    right += hit;
    if (!unsure) {
      sure++;
      rightWhenSure += hit;
    }
    const bin = bins[Math.min(Bins - 1, Math.floor(confidence * Bins))]!;
    bin.photos++;
    bin.confidence += confidence;
    bin.right += hit;
  }
  const calibration = bins.reduce((sum, b) => sum + Math.abs(b.confidence - b.right), 0) / Math.max(1, judged.length);
  const column = (c: number): number => confusion.reduce((sum, row) => sum + (row[c] as number), 0);
  const line = (c: number): number => confusion[c]!.reduce((a, b) => a + b, 0);
  return {
    photos: judged.length,
    accuracy: share(right, judged.length),
    calibration_error: round(calibration),
    coverage: share(sure, judged.length),
    accuracy_when_sure: share(rightWhenSure, sure),
    per_class: Object.fromEntries(
      labels.map((label, c) => [label, { photos: line(c), recall: share(confusion[c]![c]!, line(c)), precision: share(confusion[c]![c]!, column(c)) }]),
    ),
    confusion,
    reliability: bins.map((b, i) => ({ from: i / Bins, photos: b.photos, confidence: share(b.confidence, b.photos), accuracy: share(b.right, b.photos) })),
  };
}
