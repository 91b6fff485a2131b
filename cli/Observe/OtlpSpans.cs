using System.Globalization;
using System.Text;
using Google.Protobuf;

namespace Eco2.Cli.Observe;

/// <summary>One span of one app.</summary>
/// <param name="Start">Milliseconds since 1970, UTC, with fractions.</param>
/// <param name="Tags">Only those that <see cref="OtlpSpans"/> lets through: none holds what a person wrote.</param>
internal sealed record Span(
    string TraceId,
    string SpanId,
    string ParentId,
    string Service,
    string Name,
    int Kind,
    double Start,
    double End,
    bool Failed,
    IReadOnlyDictionary<string, string> Tags,
    IReadOnlyList<JobNews> News);

/// <summary>What a job's log says at one moment.</summary>
internal sealed record JobNews(double At, string Stage, string Status, string? Code);

/// <summary>Reads what an app exports (OTLP, an ExportTraceServiceRequest in protobuf), as far as the page shows it.</summary>
internal static class OtlpSpans
{
    private static readonly HashSet<string> Shown = new(StringComparer.Ordinal)
    {
        "http.request.method", "http.route", "http.response.status_code", "server.port", "messaging.destination.name", "error.type", "db.system.name",
        "gen_ai.request.model", "eco2.job.id", "eco2.job.kind",
    };

    /// <exception cref="InvalidProtocolBufferException">It is something else.</exception>
    public static IEnumerable<Span> Read(byte[] request)
    {
        // request { resource_spans=1 { resource=1 { attributes=1 } scope_spans=2 { spans=2 } } }
        foreach (var resourceSpans in Fields(request).Where(field => field.Number == 1))
        {
            var parts = Fields(resourceSpans.Bytes);
            var resource = parts.Where(part => part.Number == 1).SelectMany(one => Tags(Fields(one.Bytes), 1)).DistinctBy(tag => tag.Key).ToDictionary(StringComparer.Ordinal);
            var service = resource.GetValueOrDefault("service.name", "?");
            // A sidecar speaks under its app's name.
            service = resource.GetValueOrDefault("service.instance.id", "").EndsWith("-sidecar", StringComparison.Ordinal) ? $"{service}'s sidecar" : service;
            foreach (var span in parts.Where(part => part.Number == 2).SelectMany(scope => Fields(scope.Bytes)).Where(part => part.Number == 2))
            {
                yield return ReadSpan(service, Fields(span.Bytes));
            }
        }
    }

    private static Span ReadSpan(string service, List<Field> fields) => new(
        Hex(fields, 1),
        Hex(fields, 2),
        Hex(fields, 4),
        service,
        Text(fields, 5),
        (int)Number(fields, 6),
        Number(fields, 7) / 1e6,
        Number(fields, 8) / 1e6,
        // Status { code=3 }, 2 is an error.
        fields.Where(field => field.Number == 15).Any(status => Number(Fields(status.Bytes), 3) == 2),
        Tags(fields, 9).Where(tag => Shown.Contains(tag.Key)).DistinctBy(tag => tag.Key).ToDictionary(StringComparer.Ordinal),
        [.. fields.Where(field => field.Number == 11).Select(news => Fields(news.Bytes)).Where(news => Text(news, 2) == "eco2.job").Select(ReadNews)]);

    private static JobNews ReadNews(List<Field> news)
    {
        var tags = Tags(news, 3).ToDictionary(StringComparer.Ordinal);
        return new JobNews(Number(news, 1) / 1e6, tags.GetValueOrDefault("eco2.job.stage", "?"), tags.GetValueOrDefault("eco2.job.status", "?"), tags.GetValueOrDefault("eco2.job.code"));
    }

    /// <summary>KeyValue { key=1 value=2 { string=1, bool=2, int=3 } }.</summary>
    private static IEnumerable<KeyValuePair<string, string>> Tags(List<Field> message, int number)
    {
        foreach (var pair in message.Where(field => field.Number == number).Select(field => Fields(field.Bytes)))
        {
            if (pair.Find(field => field.Number == 2) is { Bytes: { } bytes } && Fields(bytes) is [var value, ..])
            {
                yield return KeyValuePair.Create(Text(pair, 1), value.Number == 1 ? Encoding.UTF8.GetString(value.Bytes) : value.Value.ToString(CultureInfo.InvariantCulture));
            }
        }
    }

    private static string Text(List<Field> fields, int number) => fields.Find(field => field.Number == number) is { Bytes: { } bytes } ? Encoding.UTF8.GetString(bytes) : "";

    private static string Hex(List<Field> fields, int number) => fields.Find(field => field.Number == number) is { Bytes: { } bytes } ? Convert.ToHexStringLower(bytes) : "";

    private static double Number(List<Field> fields, int number) => fields.Find(field => field.Number == number).Value;

    private static List<Field> Fields(byte[] message)
    {
        var input = new CodedInputStream(message);
        var fields = new List<Field>();
        while (input.ReadTag() is var tag and not 0)
        {
            var number = WireFormat.GetTagFieldNumber(tag);
            switch (WireFormat.GetTagWireType(tag))
            {
                case WireFormat.WireType.LengthDelimited:
                    fields.Add(new Field(number, input.ReadBytes().ToByteArray(), 0));
                    break;
                case WireFormat.WireType.Varint:
                    fields.Add(new Field(number, [], input.ReadInt64()));
                    break;
                case WireFormat.WireType.Fixed64:
                    fields.Add(new Field(number, [], (long)input.ReadFixed64()));
                    break;
                default:
                    input.SkipLastField();
                    break;
            }
        }

        return fields;
    }

    private readonly record struct Field(int Number, byte[] Bytes, long Value);
}
