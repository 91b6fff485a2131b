import { readFile } from "node:fs/promises";
import { FeatureCount } from "./backbone.js";

const Magic = "ECO2HEAD";
const Clip = 6;

/** What stands in front of the numbers of a head file, as JSON. */
export interface HeadCard {
  readonly name: string;
  readonly labels: readonly string[];
  /** Divides the logits, so that confidences mean what they say. */
  readonly temperature: number;
  /** Below this confidence the answer is "not sure". */
  readonly threshold: number;
  /** Above this strangeness too. */
  readonly maxStrangeness: number;
}

/** Confidence of each label in the order of the card, and whether to say "not sure". */
export interface Judgement {
  readonly confidences: readonly number[];
  readonly unsure: boolean;
}

/** The trained part: standardise, clip, one affine map. About 160 KB. */
export class Head {
  constructor(
    readonly card: HeadCard,
    private readonly mean: Float32Array,
    private readonly scale: Float32Array,
    private readonly weights: Float32Array,
    private readonly bias: Float32Array,
  ) {}

  static async load(path: string): Promise<Head> {
    const bytes = await readFile(path);
    const length = bytes.readUInt32LE(Magic.length);
    const start = Magic.length + 4;
    if (bytes.toString("latin1", 0, Magic.length) !== Magic) {
      throw new Error("This is not a head file.");
    }
    const card = JSON.parse(bytes.toString("utf8", start, start + length)) as HeadCard;
    // Copied, because a view of floats must start at a multiple of four.
    const numbers = new Float32Array(Uint8Array.from(bytes.subarray(start + length)).buffer);
    const classes = card.labels.length;
    if (numbers.length !== FeatureCount * (2 + classes) + classes) {
      throw new Error(`The head file has ${numbers.length} numbers.`);
    }
    const at = (index: number): Float32Array => numbers.subarray(index * FeatureCount, (index + 1) * FeatureCount);
    return new Head(card, at(0), at(1), numbers.subarray(2 * FeatureCount, (2 + classes) * FeatureCount), numbers.subarray(-classes));
  }

  toBytes(): Buffer {
    const card = Buffer.from(JSON.stringify(this.card));
    const length = Buffer.alloc(4);
    length.writeUInt32LE(card.length);
    const floats = [this.mean, this.scale, this.weights, this.bias].map((f) => Buffer.from(f.buffer, f.byteOffset, f.byteLength));
    return Buffer.concat([Buffer.from(Magic, "latin1"), length, card, ...floats]);
  }

  /** The same head with another card: temperature and thresholds are found after the weights. */
  with(card: Partial<HeadCard>): Head {
    return new Head({ ...this.card, ...card }, this.mean, this.scale, this.weights, this.bias);
  }

  /** Logits of each label, and how unlike the training photos the picture is (1 is usual). */
  raw(features: Float32Array): { logits: number[]; strangeness: number } {
    const logits = Array.from(this.bias);
    let squares = 0;
    for (let i = 0; i < FeatureCount; i++) {
      const z = Math.max(-Clip, Math.min(Clip, ((features[i] as number) - (this.mean[i] as number)) * (this.scale[i] as number)));
      squares += z * z;
      for (let c = 0; c < logits.length; c++) {
        (logits[c] as number) += z * (this.weights[c * FeatureCount + i] as number);
      }
    }
    return { logits, strangeness: Math.sqrt(squares / FeatureCount) };
  }

  judge(features: Float32Array): Judgement {
    const { logits, strangeness } = this.raw(features);
    const confidences = softmax(logits, this.card.temperature);
    return { confidences, unsure: Math.max(...confidences) < this.card.threshold || strangeness > this.card.maxStrangeness };
  }
}

export function softmax(logits: Iterable<number>, temperature: number): number[] {
  const list = [...logits];
  const highest = Math.max(...list);
  const powers = list.map((l) => Math.exp((l - highest) / temperature));
  const sum = powers.reduce((a, b) => a + b);
  return powers.map((p) => p / sum);
}
