using System.IO.Compression;
using System.Text.Json;
using Dapr.Workflow;
using Eco2.Contracts.Image;
using Eco2.Contracts.Privacy;
using Eco2.ServiceDefaults;
using Eco2.Workflows.Privacy;

namespace Eco2.Worker.Privacy;

/// <summary>Makes one zip file of what was collected: a JSON file for each step and the pictures. Done again, it writes the same parts again.</summary>
internal sealed class PackArchiveActivity(Apps apps, ObjectStore objects, WireJson json) : WorkflowActivity<PackArchive, Packed>
{
    private const string ReadMe =
        """
        Everything that Eco² keeps about you. One JSON file for each part of the service, rows by table; pictures/ holds your pictures.
        Passwords and keys are kept as hashes only and are not in here.

        """;

    public override async Task<Packed> RunAsync(WorkflowActivityContext context, PackArchive input)
    {
        var (request, ct) = (input.Request, CancellationToken.None);
        await apps.TellAsync(request.RequestId, PrivacySteps.Archive, new PrivacyProgress("running"), ct);
        await using var parts = new ArchiveParts(objects, request.RequestId);
        var steps = PrivacySteps.Export.Where(step => step != PrivacySteps.Archive).Zip(input.Pages).ToList();
        using (var zip = new ZipArchive(parts, ZipArchiveMode.Create, leaveOpen: true))
        {
            await AddAsync(zip, "README.txt", System.Text.Encoding.UTF8.GetBytes(ReadMe), parts, ct);
            foreach (var (step, pages) in steps)
            {
                var tables = new SortedDictionary<string, List<JsonElement>>(StringComparer.Ordinal);
                for (var number = 1; number <= pages; number++)
                {
                    var bytes = await objects.GetAsync(ExportObjects.Page(request.RequestId, step, number), ct) ?? throw new IOException($"Page {number} of {step} is gone.");
                    var page = JsonSerializer.Deserialize<UserDataPage>(bytes.Span, json.Options)!;
                    tables.TryAdd(page.Table, []);
                    tables[page.Table].AddRange(page.Rows);
                }

                await AddAsync(zip, $"{step}.json", JsonSerializer.SerializeToUtf8Bytes(tables, Readable), parts, ct);
                foreach (var row in tables.GetValueOrDefault("images") ?? [])
                {
                    await AddPictureAsync(zip, row, parts, ct);
                }
            }
        }

        await parts.StoreAsync(isEnd: true, ct);
        foreach (var (step, pages) in steps)
        {
            // From the last, so that what is left after a crash has no gap.
            for (var number = pages; number > 0; number--)
            {
                await objects.DeleteAsync(ExportObjects.Page(request.RequestId, step, number), ct);
            }
        }

        await apps.TellAsync(request.RequestId, PrivacySteps.Archive, new PrivacyProgress("succeeded"), ct);
        return new Packed(parts.Parts, parts.Position);
    }

    private static readonly JsonSerializerOptions Readable = new() { WriteIndented = true, Encoder = System.Text.Encodings.Web.JavaScriptEncoder.UnsafeRelaxedJsonEscaping };

    private async Task AddPictureAsync(ZipArchive zip, JsonElement row, ArchiveParts parts, CancellationToken ct)
    {
        var key = row.GetProperty("key").GetString()!;
        if (await objects.GetAsync(ImageObjects.Original(key), ct) is { } picture)
        {
            var type = row.TryGetProperty("content_type", out var told) && told.ValueKind == JsonValueKind.String ? told.GetString()!.Split('/')[^1] : "bin";
            await AddAsync(zip, $"pictures/{key.Split('/')[0]}-{key.Split('/')[^1]}.{type}", picture, parts, ct);
        }
    }

    private static async Task AddAsync(ZipArchive zip, string name, ReadOnlyMemory<byte> content, ArchiveParts parts, CancellationToken ct)
    {
        // One time for all, so that the same content is the same archive.
        var entry = zip.CreateEntry(name, CompressionLevel.Fastest);
        entry.LastWriteTime = new DateTimeOffset(2026, 1, 1, 0, 0, 0, TimeSpan.Zero);
        await using (var stream = entry.Open())
        {
            await stream.WriteAsync(content, ct);
        }

        await parts.StoreAsync(isEnd: false, ct);
    }
}
