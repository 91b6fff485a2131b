import assert from "node:assert/strict";
import { createHash } from "node:crypto";
import { after, before, beforeEach, describe, test } from "node:test";
import sharp from "sharp";
import { App, AppToken, Key, SidecarToken } from "./app.js";
import { gps, noise, twoHalves } from "./pictures.js";

describe("POST /v1/normalize", () => {
  let app: App;
  before(async () => void (app = await App.start()));
  after(() => app.stop());
  beforeEach(() => app.sidecar.objects.clear());
  const stored = (name: string, key = Key): Buffer => app.sidecar.objects.get(`${key}/${name}`)!.bytes;

  test("stores the picture, a copy for models and a thumbnail, and says what it found", async () => {
    const photo = await noise(2000, 1000).jpeg().toBuffer();

    const answer = await app.normalize(photo);

    assert.equal(answer.status, 200);
    assert.deepEqual([...app.sidecar.objects.keys()].sort(), [`${Key}/original`, `${Key}/thumbnail.webp`, `${Key}/vision.jpg`]);
    assert.deepEqual(answer.body, {
      content_type: "image/jpeg",
      width: 2000,
      height: 1000,
      bytes: stored("original").length,
      sha256: createHash("sha256").update(photo).digest("hex"),
    });
    const [vision, thumbnail] = [await sharp(stored("vision.jpg")).metadata(), await sharp(stored("thumbnail.webp")).metadata()];
    assert.deepEqual([vision.format, vision.width, vision.height], ["jpeg", 1024, 512]);
    assert.deepEqual([thumbnail.format, thumbnail.width, thumbnail.height], ["webp", 320, 160]);
  });

  test("names every object so that each kind of store finds it, and says it is base64", async () => {
    await app.normalize(await noise(40, 30).png().toBuffer());

    const { metadata } = app.sidecar.objects.get(`${Key}/original`)!;
    const name = `${Key}/original`;
    assert.deepEqual(metadata, { key: name, fileName: name, blobName: name, decodeBase64: "true", contentType: "image/png" });
    assert.deepEqual([...app.sidecar.tokens], [SidecarToken]);
  });

  for (const format of ["jpeg", "png", "webp", "gif"] as const) {
    test(`keeps ${format} as ${format}, whatever the request calls it`, async () => {
      const picture = await noise(64, 48).toFormat(format).toBuffer();

      const answer = await app.call("POST", `/v1/normalize?key=${Key}`, picture, { "dapr-api-token": AppToken, "content-type": "text/html" });

      assert.equal(answer.body["content_type"], `image/${format}`);
      const { format: found, width, height } = await sharp(stored("original")).metadata();
      assert.deepEqual([found, width, height], [format, 64, 48]);
    });
  }

  test("drops position, author, colour profile, comments and whatever hangs behind the picture", async () => {
    const photo = await noise(120, 80).withExif(gps).withIccProfile("p3").withXmp("<x:xmpmeta xmlns:x='adobe:ns:meta/'>secret</x:xmpmeta>").jpeg().toBuffer();
    assert.ok((await sharp(photo).metadata()).exif, "the upload has EXIF");

    await app.normalize(Buffer.concat([photo, Buffer.from("a film that a phone appended: secret")]));

    assert.equal(app.sidecar.objects.size, 3);
    for (const { bytes } of app.sidecar.objects.values()) {
      const { exif, icc, xmp, iptc, comments } = await sharp(bytes).metadata();
      assert.deepEqual([exif, icc, xmp, iptc, comments], [undefined, undefined, undefined, undefined, undefined]);
      assert.ok(!bytes.includes("secret"));
    }
  });

  test("turns the picture as its EXIF says", async () => {
    const photo = await twoHalves(80, 40).withMetadata({ orientation: 6 }).jpeg().toBuffer();

    const answer = await app.normalize(photo);

    assert.deepEqual([answer.body["width"], answer.body["height"]], [40, 80]);
    for (const name of ["original", "vision.jpg", "thumbnail.webp"]) {
      const { data, info } = await sharp(stored(name)).raw().toBuffer({ resolveWithObject: true });
      const [top, bottom] = [data.subarray(0, 3), data.subarray((info.height - 1) * info.width * 3)];
      assert.ok(top[0]! > 200 && top[2]! < 60, `${name}: red above`);
      assert.ok(bottom[0]! < 60 && bottom[2]! > 200, `${name}: blue below`);
    }
  });

  test("takes the first frame of a film", async () => {
    const frames = Buffer.alloc(20 * 40 * 3);
    frames.fill(255, 0, 20 * 20 * 3);
    const film = await sharp(frames, { raw: { width: 20, height: 40, channels: 3, pageHeight: 20 } }).gif().toBuffer();
    assert.equal((await sharp(film).metadata()).pages, 2);

    await app.normalize(film);

    const { pages, width, height } = await sharp(stored("original")).metadata();
    assert.deepEqual([pages ?? 1, width, height], [1, 20, 20]);
    assert.ok((await sharp(stored("vision.jpg")).stats()).channels[0]!.mean > 200, "the white frame, not the black one");
  });

  test("reads the upload from the store when it is there already", async () => {
    const photo = await noise(64, 64).jpeg().toBuffer();
    app.sidecar.objects.set("uploads/one", { bytes: photo, metadata: {} });

    const answer = await app.call("POST", `/v1/normalize?key=${Key}&source=uploads/one`);

    assert.equal(answer.status, 200);
    assert.equal(answer.body["sha256"], createHash("sha256").update(photo).digest("hex"));
    assert.ok(app.sidecar.objects.has(`${Key}/vision.jpg`));
  });

  test("gives the same bytes for the same picture, so that doing it again changes nothing", async () => {
    const photo = await noise(200, 100).jpeg().toBuffer();
    const first = await app.normalize(photo);
    const before = [...app.sidecar.objects].map(([name, { bytes }]) => [name, bytes.toString("base64")]).sort();

    const second = await app.normalize(photo);

    assert.deepEqual(second.body, first.body);
    assert.deepEqual([...app.sidecar.objects].map(([name, { bytes }]) => [name, bytes.toString("base64")]).sort(), before);
  });

  test("stores a picture of ten megabytes of noise below what fits through the sidecar", async () => {
    const photo = await noise(2600, 1250).png({ compressionLevel: 0 }).toBuffer();
    assert.ok(photo.length > 9_000_000 && photo.length <= 10 * 1024 * 1024);

    const answers = await Promise.all([1, 2, 3].map((i) => app.normalize(photo, `scan/u/${i}`)));

    assert.deepEqual(answers.map((a) => a.status), [200, 200, 200]);
    assert.ok([1, 2, 3].every((i) => stored("original", `scan/u/${i}`).length <= 11 * 1024 * 1024));
  });

  test("reads an upload of ten megabytes from the store", async () => {
    const photo = await noise(2600, 1250).png({ compressionLevel: 0 }).toBuffer();
    app.sidecar.objects.set("uploads/large", { bytes: photo, metadata: {} });

    const answer = await app.call("POST", `/v1/normalize?key=${Key}&source=uploads/large`);

    assert.equal(answer.status, 200);
  });
});
