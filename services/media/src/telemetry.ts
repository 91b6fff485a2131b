import { randomBytes } from "node:crypto";

/** What is told of a call: names and numbers, never keys, for keys name users. */
export type Facts = Readonly<Record<string, string | number | boolean>>;

/** A span that is open. */
export interface Span {
  readonly traceId: string;
  readonly spanId: string;
  /** Ends it. */
  end(facts: Facts, failed: boolean): void;
  /** A step inside it, told when the work is over. */
  step<T>(name: string, facts: Facts, work: () => Promise<T>): Promise<T>;
}

/** Spans and numbers of this process. */
export interface Telemetry {
  /** A request begins, in the trace of the caller if it names one. */
  begin(name: string, headers: Readonly<Record<string, string | string[] | undefined>>): Span;
  /** A request was answered. */
  answered(method: string, route: string, status: number, seconds: number): void;
  /** A photo was classified. */
  classified(label: string, unsure: boolean): void;
  /** Work that waits for its turn, asked when somebody looks. */
  watch(waiting: () => number): void;
  stop(): Promise<void>;
}

/** Nobody looks: ids for the logs and nothing else. */
export const off: Telemetry = {
  begin: (_, headers) => ({
    traceId: traceOf(headers) ?? randomBytes(16).toString("hex"),
    spanId: randomBytes(8).toString("hex"),
    end: () => undefined,
    step: (_name, _facts, work) => work(),
  }),
  answered: () => undefined,
  classified: () => undefined,
  watch: () => undefined,
  stop: async () => undefined,
};

function traceOf(headers: Readonly<Record<string, string | string[] | undefined>>): string | undefined {
  return /^[0-9a-f]{2}-([0-9a-f]{32})-/.exec(String(headers["traceparent"]))?.[1];
}

/**
 * As the environment asks, by the same variables as the apps in .NET: `OTEL_EXPORTER_OTLP_ENDPOINT` sends spans and numbers, `ECO2_METRICS_URL`
 * shows the numbers. Without either no code of OpenTelemetry is loaded.
 */
export async function telemetry(environment: Readonly<Record<string, string | undefined>>): Promise<Telemetry> {
  const collector = environment["OTEL_EXPORTER_OTLP_ENDPOINT"] || undefined;
  const metrics = environment["ECO2_METRICS_URL"] || undefined;
  return collector === undefined && metrics === undefined ? off : (await import("./otel.js")).start(collector, metrics);
}
