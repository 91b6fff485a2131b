using System.Collections.Concurrent;
using Google.Protobuf;
using Microsoft.AspNetCore.Builder;
using Microsoft.AspNetCore.Hosting;
using Microsoft.AspNetCore.Http;
using Microsoft.Extensions.Logging;

namespace Eco2.Testing;

/// <summary>A span as a collector sees it.</summary>
/// <param name="Service">service.name: the app, or the app whose sidecar it is.</param>
/// <param name="Scope">Who made it.</param>
/// <param name="Attributes">Those whose value is a text.</param>
public sealed record CollectedSpan(string Service, string Scope, string TraceId, string SpanId, string ParentId, string Name, IReadOnlyDictionary<string, string> Attributes)
{
    /// <summary>Told by a sidecar and not by an app.</summary>
    public bool IsSidecars => Scope.StartsWith("dapr-diagnostics", StringComparison.Ordinal);
}

/// <summary>A collector on loopback: takes OTLP over HTTP in protobuf and keeps the spans. It reads the few fields it needs from the wire itself.</summary>
public sealed class TraceCollector : IAsyncDisposable
{
    private WebApplication? app;

    public ConcurrentQueue<CollectedSpan> Spans { get; } = new();

    /// <summary>Settings by which the apps send here what a client asked to be traced, and nothing else.</summary>
    public IReadOnlyDictionary<string, string> Environment => new Dictionary<string, string>
    {
        ["OTEL_EXPORTER_OTLP_ENDPOINT"] = app!.Urls.First(),
        ["OTEL_TRACES_SAMPLER"] = "parentbased_always_off",
        ["OTEL_BSP_SCHEDULE_DELAY"] = "200",
    };

    public async Task StartAsync()
    {
        var builder = WebApplication.CreateSlimBuilder();
        builder.Logging.ClearProviders();
        builder.WebHost.UseUrls("http://127.0.0.1:0");
        app = builder.Build();
        app.MapPost("/v1/traces", async (HttpRequest request) =>
        {
            using var body = new MemoryStream();
            await request.Body.CopyToAsync(body);
            Read(body.ToArray());
            return Results.Bytes([], "application/x-protobuf");
        });
        app.MapPost("/v1/{other}", () => Results.Bytes([], "application/x-protobuf"));
        await app.StartAsync();
    }

    public async ValueTask DisposeAsync()
    {
        if (app is not null)
        {
            await app.DisposeAsync();
        }
    }

    // ExportTraceServiceRequest { resource_spans=1 { resource=1 { attributes=1 { key=1 value=2 { string_value=1 } } } scope_spans=2 { scope=1 { name=1 } spans=2 } } }
    private void Read(byte[] request)
    {
        foreach (var resourceSpans in Fields(request).Where(f => f.Number == 1))
        {
            var parts = Fields(resourceSpans.Bytes).ToList();
            var service = parts.Where(f => f.Number == 1)
                .SelectMany(resource => Fields(resource.Bytes).Where(f => f.Number == 1))
                .Select(attribute => Fields(attribute.Bytes).ToList())
                .Where(attribute => Text(attribute, 1) == "service.name")
                .Select(attribute => Text([.. Fields(attribute.First(f => f.Number == 2).Bytes)], 1))
                .FirstOrDefault() ?? "";
            foreach (var scopeSpans in parts.Where(f => f.Number == 2).Select(scope => Fields(scope.Bytes).ToList()))
            {
                var scope = scopeSpans.Where(f => f.Number == 1).Select(one => Text([.. Fields(one.Bytes)], 1)).FirstOrDefault() ?? "";
                foreach (var span in scopeSpans.Where(f => f.Number == 2))
                {
                    var fields = Fields(span.Bytes).ToList();
                    Spans.Enqueue(new CollectedSpan(service, scope, Hex(fields, 1), Hex(fields, 2), Hex(fields, 4), Text(fields, 5), Attributes(fields)));
                }
            }
        }
    }

    private static Dictionary<string, string> Attributes(List<(int Number, byte[] Bytes)> span) =>
        span.Where(f => f.Number == 9).Select(attribute => Fields(attribute.Bytes).ToList())
            .ToDictionary(attribute => Text(attribute, 1), attribute => Text([.. Fields(attribute.First(f => f.Number == 2).Bytes)], 1), StringComparer.Ordinal);

    private static string Text(List<(int Number, byte[] Bytes)> fields, int number) =>
        System.Text.Encoding.UTF8.GetString(fields.FirstOrDefault(f => f.Number == number).Bytes ?? []);

    private static string Hex(List<(int Number, byte[] Bytes)> fields, int number) =>
        Convert.ToHexStringLower(fields.FirstOrDefault(f => f.Number == number).Bytes ?? []);

    private static IEnumerable<(int Number, byte[] Bytes)> Fields(byte[] message)
    {
        var input = new CodedInputStream(message);
        while (input.ReadTag() is var tag and not 0)
        {
            if (WireFormat.GetTagWireType(tag) == WireFormat.WireType.LengthDelimited)
            {
                yield return (WireFormat.GetTagFieldNumber(tag), input.ReadBytes().ToByteArray());
            }
            else
            {
                input.SkipLastField();
            }
        }
    }
}
