import * as tf from "@tensorflow/tfjs-core";
import { FeatureCount } from "../src/vision/backbone.js";
import { Head, softmax, type HeadCard } from "../src/vision/head.js";
import { minimise } from "./lbfgs.js";
import { random } from "./views.js";

const Clip = 6;
const Components = 400;
const Oversampling = 40;
const Rounds = 2;
const ChunkRows = 1024;

/** Rows of features and, per row, the index of its label. */
export interface Rows {
  readonly row: (index: number) => Float32Array;
  readonly labels: readonly number[];
}

function standardiser(rows: Rows): { mean: Float32Array; scale: Float32Array } {
  const sum = new Float64Array(FeatureCount);
  const squares = new Float64Array(FeatureCount);
  const n = rows.labels.length;
  for (let r = 0; r < n; r++) {
    const x = rows.row(r);
    for (let i = 0; i < FeatureCount; i++) {
      const v = x[i] as number;
      (sum[i] as number) += v;
      (squares[i] as number) += v * v;
    }
  }
  const mean = Float32Array.from(sum, (s) => s / n);
  const scale = Float32Array.from(squares, (q, i) => 1 / Math.max(1e-4, Math.sqrt(Math.max(0, q / n - (mean[i] as number) ** 2))));
  return { mean, scale };
}

/** Orthonormal columns by modified Gram-Schmidt, done twice because once loses digits. */
function orthonormal(columns: Float64Array[]): void {
  for (let j = 0; j < columns.length; j++) {
    const a = columns[j] as Float64Array;
    for (let pass = 0; pass < 2; pass++) {
      for (let k = 0; k < j; k++) {
        const b = columns[k] as Float64Array;
        let dot = 0;
        for (let i = 0; i < a.length; i++) dot += (a[i] as number) * (b[i] as number);
        for (let i = 0; i < a.length; i++) (a[i] as number) -= dot * (b[i] as number);
      }
    }
    const length = Math.sqrt(a.reduce((s, v) => s + v * v, 0)) || 1;
    for (let i = 0; i < a.length; i++) (a[i] as number) /= length;
  }
}

const asTensor = (columns: readonly Float64Array[]): tf.Tensor2D =>
  tf.tidy(() => tf.transpose(tf.tensor2d(Float32Array.from(columns.flatMap((c) => Array.from(c))), [columns.length, FeatureCount])));

/** The directions in which the rows differ most: subspace iteration, which needs neither the covariance nor its eigenvectors. */
function principal(rows: Rows, standard: (x: Float32Array, into: Float32Array, at: number) => void): Float64Array[] {
  const next = random(1);
  const width = Components + Oversampling;
  let columns = Array.from({ length: width }, () => Float64Array.from({ length: FeatureCount }, () => next() + next() + next() - 1.5));
  for (let round = 0; round < Rounds; round++) {
    orthonormal(columns);
    const basis = asTensor(columns);
    let product = tf.zeros([FeatureCount, width]);
    eachChunk(rows, standard, (chunk) => {
      const more = tf.tidy(() => tf.add(product, tf.matMul(chunk, tf.matMul(chunk, basis), true, false)));
      product.dispose();
      product = more;
    });
    const flat = tf.tidy(() => tf.transpose(product).dataSync() as Float32Array);
    columns = columns.map((_, j) => Float64Array.from(flat.subarray(j * FeatureCount, (j + 1) * FeatureCount)));
    tf.dispose([basis, product]);
  }
  // The last product has the strongest directions first, as the first start column has been drawn to the strongest one.
  orthonormal(columns);
  return columns.slice(0, Components);
}

function eachChunk(
  rows: Rows,
  standard: (x: Float32Array, into: Float32Array, at: number) => void,
  use: (chunk: tf.Tensor2D, first: number) => void,
): void {
  for (let first = 0; first < rows.labels.length; first += ChunkRows) {
    const count = Math.min(ChunkRows, rows.labels.length - first);
    const data = new Float32Array(count * FeatureCount);
    for (let r = 0; r < count; r++) {
      standard(rows.row(first + r), data, r * FeatureCount);
    }
    const chunk = tf.tensor2d(data, [count, FeatureCount]);
    use(chunk, first);
    chunk.dispose();
  }
}

/** Rows standardised and turned onto their principal components. */
export interface Prepared {
  readonly mean: Float32Array;
  readonly scale: Float32Array;
  readonly directions: readonly Float64Array[];
  readonly scores: Float32Array;
}

export function prepare(rows: Rows, forDirections: Rows): Prepared {
  const { mean, scale } = standardiser(rows);
  const standard = (x: Float32Array, into: Float32Array, at: number): void => {
    for (let i = 0; i < FeatureCount; i++) {
      const z = ((x[i] as number) - (mean[i] as number)) * (scale[i] as number);
      into[at + i] = Math.max(-Clip, Math.min(Clip, z));
    }
  };
  const directions = principal(forDirections, standard);
  const scores = new Float32Array(rows.labels.length * Components);
  const basis = asTensor(directions);
  eachChunk(rows, standard, (chunk, first) => {
    scores.set(tf.tidy(() => tf.matMul(chunk, basis).dataSync() as Float32Array), first * Components);
  });
  basis.dispose();
  return { mean, scale, directions, scores };
}

/** Multinomial logistic regression on the principal components, folded back into one map of the features. */
export function regress({ mean, scale, directions, scores }: Prepared, labels: readonly number[], card: HeadCard, strength: number): Head {
  const classes = card.labels.length;
  const solution = minimise(new Float64Array(classes * (Components + 1)), regression(scores, labels, classes, strength));
  const weights = new Float32Array(classes * FeatureCount);
  for (let c = 0; c < classes; c++) {
    const sum = new Float64Array(FeatureCount);
    directions.forEach((d, k) => {
      const w = solution[c * (Components + 1) + k] as number;
      for (let i = 0; i < FeatureCount; i++) (sum[i] as number) += w * (d[i] as number);
    });
    weights.set(sum, c * FeatureCount);
  }
  const bias = Float32Array.from({ length: classes }, (_, c) => solution[c * (Components + 1) + Components] as number);
  return new Head(card, mean, scale, weights, bias);
}

/** Value and gradient of the regularised negative log likelihood; the constant term is not regularised. */
function regression(scores: Float32Array, labels: readonly number[], classes: number, strength: number) {
  const width = Components + 1;
  const logits = new Float64Array(classes);
  return (w: Float64Array, gradient: Float64Array): number => {
    gradient.fill(0);
    let value = 0;
    for (let r = 0; r < labels.length; r++) {
      const at = r * Components;
      for (let c = 0; c < classes; c++) {
        let sum = w[c * width + Components] as number;
        const from = c * width;
        for (let k = 0; k < Components; k++) sum += (w[from + k] as number) * (scores[at + k] as number);
        logits[c] = sum;
      }
      const p = softmax(logits, 1);
      value -= strength * Math.log(Math.max(1e-300, p[labels[r] as number] as number));
      for (let c = 0; c < classes; c++) {
        const error = strength * ((p[c] as number) - (labels[r] === c ? 1 : 0));
        const from = c * width;
        for (let k = 0; k < Components; k++) (gradient[from + k] as number) += error * (scores[at + k] as number);
        (gradient[from + Components] as number) += error;
      }
    }
    for (let i = 0; i < w.length; i++) {
      if (i % width !== Components) {
        value += 0.5 * (w[i] as number) ** 2;
        (gradient[i] as number) += w[i] as number;
      }
    }
    return value;
  };
}

/** The temperature under which the logits are most likely, between a third and ten, by golden-section search. */
export function temperatureOf(logits: readonly (readonly number[])[], labels: readonly number[]): number {
  const loss = (log: number): number =>
    logits.reduce((sum, l, i) => sum - Math.log(Math.max(1e-300, softmax(l, Math.exp(log))[labels[i] as number] as number)), 0);
  const ratio = (Math.sqrt(5) - 1) / 2;
  let [low, high] = [Math.log(1 / 3), Math.log(10)];
  while (high - low > 1e-4) {
    const [a, b] = [high - ratio * (high - low), low + ratio * (high - low)];
    if (loss(a) < loss(b)) high = b;
    else low = a;
  }
  return Math.exp((low + high) / 2);
}
