import path from "node:path";
import { fileURLToPath } from "node:url";
import { existsSync } from "node:fs";
import { Problem } from "../problems.js";
import { Backbone } from "./backbone.js";
import { Head } from "./head.js";
import { Side, toNetworkPixels } from "./pixels.js";

/** The answer on the wire; its .NET twin is Eco2.Contracts.Media.PhotoClass. */
export interface PhotoClass {
  readonly label: string;
  readonly confidence: number;
  readonly runner_up: string;
  readonly runner_up_confidence: number;
  readonly unsure: boolean;
  readonly model: string;
  readonly latency_ms: number;
}

/** services/media/model, wherever the compiled file lies. */
export function modelFolder(): string {
  let folder = path.dirname(fileURLToPath(import.meta.url));
  while (!existsSync(path.join(folder, "package-lock.json"))) {
    folder = path.dirname(folder);
  }
  return path.join(folder, "model");
}

const round = (confidence: number): number => Math.round(confidence * 10_000) / 10_000;

/** Says which of six materials a photo shows. It reads pixels and nothing else. */
export class Classifier {
  private constructor(private readonly backbone: Backbone, private readonly head: Head) {}

  static async load(folder = modelFolder(), head = "head.bin"): Promise<Classifier> {
    const classifier = new Classifier(await Backbone.load(path.join(folder, "backbone")), await Head.load(path.join(folder, head)));
    // The first picture pays for compiling the network; let it be nobody's.
    classifier.backbone.features(new Uint8Array(Side * Side * 3));
    return classifier;
  }

  get name(): string {
    return this.head.card.name;
  }

  async classify(photo: Buffer): Promise<PhotoClass> {
    const started = performance.now();
    const pixels = await toNetworkPixels(photo).catch((error: unknown) => {
      throw new Problem("image-unreadable", "The stored picture could not be decoded.", {}, { cause: error });
    });
    return this.judge(pixels, started);
  }

  judge(pixels: Uint8Array, started = performance.now()): PhotoClass {
    const { labels, name } = this.head.card;
    const { confidences, unsure } = this.head.judge(this.backbone.features(pixels));
    const order = confidences.map((confidence, i) => ({ confidence, label: labels[i] as string })).sort((a, b) => b.confidence - a.confidence);
    const [first, second] = order as [(typeof order)[0], (typeof order)[0]];
    return {
      label: first.label,
      confidence: round(first.confidence),
      runner_up: second.label,
      runner_up_confidence: round(second.confidence),
      unsure,
      model: name,
      latency_ms: Math.round(performance.now() - started),
    };
  }
}
