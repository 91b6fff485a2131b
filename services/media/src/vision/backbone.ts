import { readFile } from "node:fs/promises";
import { createRequire } from "node:module";
import path from "node:path";
import { loadGraphModel, type GraphModel } from "@tensorflow/tfjs-converter";
import { setWasmPaths } from "@tensorflow/tfjs-backend-wasm";
import * as tf from "@tensorflow/tfjs-core";
import { Side } from "./pixels.js";

/** The layers whose mean and deviation over space make the features, in this order. */
const Layers = [6, 8, 11, 13];

/** Numbers per picture: twice 288 + 528 + 816 + 816 channels. */
export const FeatureCount = 4896;

/** Shortened by scripts/unpack-backbone.mjs, which also names the outputs. */
export const outputOf = (block: number): string => `block${block}`;

/** A general image network, cut after its middle layers; it turns pixels into features and knows nothing of waste. */
export class Backbone {
  private constructor(private readonly model: GraphModel) {}

  static async load(folder: string): Promise<Backbone> {
    const require = createRequire(import.meta.url);
    const wasm = path.dirname(require.resolve("@tensorflow/tfjs-backend-wasm/package.json"));
    setWasmPaths(path.join(wasm, "wasm-out") + path.sep);
    // The library reads its one compiled file by fetch() unless it believes in a browserless Node, and
    // the worker threads it would like to start are not available here.
    tf.env().set("WASM_HAS_MULTITHREAD_SUPPORT", false);
    await tf.setBackend("wasm");
    await tf.ready();
    const model = await loadGraphModel({
      load: async () => {
        const description = JSON.parse(await readFile(path.join(folder, "model.json"), "utf8"));
        const weights = await readFile(path.join(folder, "weights.bin"));
        return {
          modelTopology: description.modelTopology,
          weightSpecs: description.weightSpecs,
          weightData: weights.buffer.slice(weights.byteOffset, weights.byteOffset + weights.byteLength) as ArrayBuffer,
        };
      },
    });
    return new Backbone(model);
  }

  /** @param pixels Side x Side x RGB, as toNetworkPixels gives them. */
  features(pixels: Uint8Array): Float32Array {
    return tf.tidy(() => {
      const input = tf.tensor4d(Float32Array.from(pixels, (v) => v / 255), [1, Side, Side, 3]);
      const outputs = this.model.execute(input, Layers.map(outputOf)) as tf.Tensor[];
      const parts = outputs.flatMap((output) => {
        const { mean, variance } = tf.moments(output, [1, 2]);
        return [tf.reshape(mean, [-1]), tf.reshape(tf.sqrt(variance), [-1])];
      });
      return tf.concat(parts).dataSync() as Float32Array;
    });
  }
}
