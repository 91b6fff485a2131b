/** Every way this app says no, in one list; the README repeats it and a test compares the two. */
const Kinds = {
  "invalid-key": [400, "The key is not one of a picture."],
  "invalid-body": [400, "The body is not what this call takes."],
  unauthorized: [401, "This app answers its sidecar only."],
  "not-found": [404, "There is nothing here."],
  "method-not-allowed": [405, "This path takes another method."],
  "too-large": [413, "The picture is larger than 10 MB."],
  "unsupported-media": [415, "This is not a JPEG, PNG, WebP or GIF picture."],
  "image-unreadable": [422, "The picture is broken or incomplete."],
  "too-many-pixels": [422, "The picture has more than 40 megapixels."],
  overloaded: [503, "Too many pictures at once."],
  unavailable: [503, "The object store is away."],
  internal: [500, "Something went wrong here."],
} as const satisfies Record<string, readonly [number, string]>;

export type ProblemKind = keyof typeof Kinds;

export const problemKinds = Object.keys(Kinds) as ProblemKind[];

/** An expected "no". Its text goes to the caller, so it names no path, key or inner error. */
export class Problem extends Error {
  constructor(
    readonly kind: ProblemKind,
    readonly detail: string,
    readonly headers: Readonly<Record<string, string>> = {},
    options?: ErrorOptions,
  ) {
    super(`${kind}: ${detail}`, options);
  }

  get status(): number {
    return Kinds[this.kind][0];
  }

  /** As RFC 9457 has it, with the stable code that every Eco2 service adds. */
  body(traceId: string): Record<string, unknown> {
    return {
      type: `urn:eco2:media:${this.kind}`,
      title: Kinds[this.kind][1],
      status: this.status,
      detail: this.detail,
      code: this.kind.toUpperCase().replaceAll("-", "_"),
      traceId,
    };
  }
}

const retryLater = { "retry-after": "2" };

export const unavailable = (detail: string, cause?: unknown): Problem => new Problem("unavailable", detail, retryLater, { cause });
export const overloaded = (): Problem => new Problem("overloaded", "Ask again in a moment.", retryLater);
