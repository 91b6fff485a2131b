/** What the server refused, by the code of its problem document. */
export class Problem extends Error {
  readonly status: number;
  readonly code: string;
  /** By field, as the server named it. */
  readonly errors: Record<string, string[]>;
  /** Seconds, if the server said when to come back. */
  readonly retryAfter: number | null;

  constructor(status: number, code: string, errors: Record<string, string[]> = {}, retryAfter: number | null = null) {
    super(code || `HTTP ${status}`);
    this.status = status;
    this.code = code;
    this.errors = errors;
    this.retryAfter = retryAfter;
  }

  static async of(response: Response): Promise<Problem> {
    const wait = Number(response.headers.get('Retry-After'));
    const retryAfter = Number.isFinite(wait) && wait > 0 ? wait : null;
    try {
      const body = (await response.json()) as { code?: string; errors?: Record<string, string[]> };
      return new Problem(response.status, body.code ?? '', body.errors ?? {}, retryAfter);
    } catch {
      return new Problem(response.status, '', {}, retryAfter);
    }
  }
}

/** No answer at all: no network, or nobody there. */
export class Unreachable extends Error {}
