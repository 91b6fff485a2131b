import { createServer } from "node:http";
import { hostname } from "node:os";
import { ROOT_CONTEXT, SpanKind, SpanStatusCode, TraceFlags, type Context, trace } from "@opentelemetry/api";
import { OTLPMetricExporter } from "@opentelemetry/exporter-metrics-otlp-proto";
import { PrometheusExporter, PrometheusSerializer } from "@opentelemetry/exporter-prometheus";
import { OTLPTraceExporter } from "@opentelemetry/exporter-trace-otlp-proto";
import { resourceFromAttributes } from "@opentelemetry/resources";
import { AggregationType, MeterProvider, PeriodicExportingMetricReader, type IMetricReader, type MetricData } from "@opentelemetry/sdk-metrics";
import { BasicTracerProvider, BatchSpanProcessor } from "@opentelemetry/sdk-trace-base";
import type { Span, Telemetry } from "./telemetry.js";

/** The buckets of the apps in .NET. */
const Seconds = [0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1, 2.5, 5, 10, 30];
const FlushMs = 3_000;
const TraceParent = /^[0-9a-f]{2}-(?!0{32})([0-9a-f]{32})-(?!0{16})([0-9a-f]{16})-([0-9a-f]{2})/;

/**
 * OpenTelemetry by its official packages. Sampling and batches are set by its own variables.
 *
 * @param collector where OTLP goes, without path
 * @param metrics where `GET /metrics` is answered, such as `http://*:9464`
 */
export async function start(collector: string | undefined, metrics: string | undefined): Promise<Telemetry> {
  const base = collector?.replace(/\/+$/, "");
  const resource = resourceFromAttributes({
    "service.name": "media",
    "service.namespace": "eco2",
    "service.instance.id": `${hostname()}-${process.pid}`,
  });
  const traces = new BasicTracerProvider({
    resource,
    spanProcessors: base === undefined ? [] : [new BatchSpanProcessor(new OTLPTraceExporter({ url: `${base}/v1/traces` }))],
  });
  const readers: IMetricReader[] = [];
  if (base !== undefined) {
    readers.push(new PeriodicExportingMetricReader({ exporter: new OTLPMetricExporter({ url: `${base}/v1/metrics` }) }));
  }
  if (metrics !== undefined) {
    readers.push(await scraped(metrics));
  }
  const numbers = new MeterProvider({
    resource,
    readers,
    views: [{ instrumentName: "http.server.*", aggregation: { type: AggregationType.EXPLICIT_BUCKET_HISTOGRAM, options: { boundaries: Seconds } } }],
  });
  const tracer = traces.getTracer("eco2.media");
  const meter = numbers.getMeter("eco2.media");
  const duration = meter.createHistogram("http.server.request.duration", { unit: "s", description: "Duration of HTTP server requests" });
  const photos = meter.createCounter("eco2.media.classified", { unit: "{photo}", description: "Photos classified, by what was seen" });
  const line = meter.createObservableGauge("eco2.media.waiting", { unit: "{picture}", description: "Pictures that wait for their turn" });

  const open = (name: string, kind: SpanKind, parent: Context): Span => {
    const span = tracer.startSpan(name, { kind }, parent);
    return {
      traceId: span.spanContext().traceId,
      spanId: span.spanContext().spanId,
      end: (facts, failed) => {
        span.setAttributes(facts);
        if (failed) {
          span.setStatus({ code: SpanStatusCode.ERROR });
        }
        span.end();
      },
      step: async (step, facts, work) => {
        const inner = open(step, SpanKind.INTERNAL, trace.setSpan(ROOT_CONTEXT, span));
        let failed = true;
        try {
          const result = await work();
          failed = false;
          return result;
        } finally {
          inner.end(facts, failed);
        }
      },
    };
  };
  return {
    begin: (name, headers) => open(name, SpanKind.SERVER, callers(headers["traceparent"])),
    answered: (method, route, status, seconds) =>
      duration.record(seconds, { "http.request.method": method, "http.route": route, "http.response.status_code": status }),
    classified: (label, unsure) => photos.add(1, { label, unsure }),
    watch: (waiting) => line.addCallback((result) => result.observe(waiting())),
    stop: async () => {
      // A collector that is away must not hold up the end.
      const late = new Promise((resolve) => setTimeout(resolve, FlushMs).unref());
      await Promise.race([late, Promise.allSettled([traces.shutdown(), numbers.shutdown()])]);
    },
  };
}

function callers(header: string | string[] | undefined): Context {
  const [, traceId, spanId, flags] = TraceParent.exec(String(header)) ?? [];
  return traceId === undefined || spanId === undefined
    ? ROOT_CONTEXT
    : trace.setSpanContext(ROOT_CONTEXT, { traceId, spanId, traceFlags: Number.parseInt(flags ?? "0", 16) & TraceFlags.SAMPLED, isRemote: true });
}

// A port of its own: what the sidecar reaches never shows them. Names carry their unit, as those of the apps in .NET do.
async function scraped(url: string): Promise<PrometheusExporter> {
  const [, host, port] = /^http:\/\/([^/:]+):(\d+)\/?$/.exec(url) ?? [];
  if (host === undefined || port === undefined) {
    throw new Error("ECO2_METRICS_URL must be http://HOST:PORT");
  }
  const exporter = new PrometheusExporter({ preventServerStart: true });
  const serializer = new PrometheusSerializer("", false, undefined, true, true);
  const server = createServer(async (request, response) => {
    if (request.url !== "/metrics") {
      response.writeHead(404).end();
      return;
    }
    const { resourceMetrics } = await exporter.collect();
    const scopeMetrics = resourceMetrics.scopeMetrics.map((scope) => ({ ...scope, metrics: scope.metrics.map(named) }));
    response.writeHead(200, { "content-type": "text/plain; version=0.0.4; charset=utf-8" }).end(serializer.serialize({ ...resourceMetrics, scopeMetrics }));
  });
  await new Promise<void>((resolve, reject) => {
    server.once("error", reject);
    server.listen(Number(port), host === "*" ? undefined : host, resolve);
  });
  server.unref();
  return exporter;
}

function named<T extends MetricData>(metric: T): T {
  return metric.descriptor.unit === "s" ? { ...metric, descriptor: { ...metric.descriptor, name: `${metric.descriptor.name}.seconds` } } : metric;
}
