using System.Text;
using System.Text.Json;
using System.Text.Json.Nodes;
using Eco2.Contracts.Jobs;
using Eco2.Contracts.Scan;
using Eco2.Worker.Knowledge;
using Eco2.Worker.Models;
using Microsoft.Extensions.AI;

namespace Eco2.Worker.Scan;

/// <summary>Looks at a photo with a provider's model, by the taxonomy's codes and no other names.</summary>
internal sealed partial class VisionByModel
{
    private const string NoWords = "이거 어떻게 버려요?";
    private const int MostObjects = 5;

    private readonly KnowledgeBase knowledge;
    private readonly TimeProvider clock;
    private readonly ILogger<VisionByModel> logger;
    private readonly string system;
    private readonly string repair = Prompt.Read("repair");

    // Every code of the taxonomy: too large to be written again for every photo.
    private readonly ChatResponseFormat format;

    private sealed record Sights(IReadOnlyList<Seen> Objects);

    private sealed record Seen(string Major, string Middle, string? Item, string? Label, double Confidence, IReadOnlyList<SeenState> Tags);

    private sealed record SeenState(string Tag, double Confidence);

    public VisionByModel(KnowledgeBase knowledge, TimeProvider clock, ILogger<VisionByModel> logger)
    {
        (this.knowledge, this.clock, this.logger) = (knowledge, clock, logger);
        format = JsonShape.Format("sights", Schema());
        system = Prompt.Read("vision")
            .Fill("version", knowledge.Taxonomy.Version)
            .Fill("taxonomy", DescribeTaxonomy(knowledge.Taxonomy))
            .Fill("tags", string.Join('\n', knowledge.Tags.All.Select(tag => $"- {tag.Code}: {tag.En}")));
    }

    /// <exception cref="ModelException">The provider gives no answer.</exception>
    internal async Task<(VisionResult? Vision, JobError? Error)> LookAsync(ModelChoice choice, ScanRequested scan, string? words, ReadOnlyMemory<byte> jpeg, CancellationToken ct)
    {
        // The words go in as a JSON string, so that they cannot end where they stand.
        var said = JsonSerializer.Serialize(new { sender_words = words ?? NoWords });
        ChatMessage[] messages =
        [
            new(ChatRole.System, system),
            new(ChatRole.User, [new TextContent(said), new DataContent(jpeg, "image/jpeg")]),
        ];
        SettledSight? settled = null;
        var answer = await StructuredChat.AskAsync<Sights>(choice, messages, format, repair, Check, clock, ct);
        if (answer.Value is null || settled is null)
        {
            InvalidOutput(logger, scan.JobId, choice.Provider, answer.Problems.Count);
            return (null, ScanErrors.VisionInvalidOutput(scan.Language));
        }

        if (settled.UnknownTags.Count > 0)
        {
            UnknownTags(logger, scan.JobId, settled.UnknownTags.Count);
        }

        return (settled.Vision with { Model = answer.Use }, null);

        IReadOnlyList<string> Check(Sights sights)
        {
            if (sights.Objects.Count is < 1 or > MostObjects)
            {
                return [$"objects must be 1 to {MostObjects}, not {sights.Objects.Count}"];
            }

            var raw = sights.Objects.Select(o => new RawSight(o.Major, o.Middle, o.Item, o.Label is { } label && !Quotation.IsIn(label, words) ? label : null, o.Confidence, [.. o.Tags.Select(t => new RawTag(t.Tag, t.Confidence))])).ToList();
            settled = Sight.Settle(knowledge, raw[0], raw[1..], raw.Count > 1, new ModelUse(choice.Provider, choice.Model, 0));
            return settled.Problems;
        }
    }

    private JsonObject Schema()
    {
        var taxonomy = knowledge.Taxonomy;
        var state = JsonShape.Object(("tag", JsonShape.OneOf(knowledge.Tags.All.Select(t => t.Code))), ("confidence", JsonShape.Number()));
        var seen = JsonShape.Object(
            ("major", JsonShape.OneOf(taxonomy.Majors.Select(m => m.Code))),
            ("middle", JsonShape.OneOf(taxonomy.Middles.Select(m => m.Code))),
            ("item", JsonShape.OneOfOrNull(taxonomy.Items.Select(i => i.Code))),
            ("label", JsonShape.TextOrNull()),
            ("confidence", JsonShape.Number()),
            ("tags", JsonShape.List(state)));
        return JsonShape.Object(("objects", JsonShape.List(seen)));
    }

    private static string DescribeTaxonomy(Taxonomy taxonomy)
    {
        var text = new StringBuilder();
        foreach (var middle in taxonomy.Middles)
        {
            text.Append("- ").Append(middle.MajorCode).Append(" / ").Append(middle.Code).Append(" (").Append(middle.En).Append(", ").Append(middle.Ko).Append("): ");
            text.AppendJoin("; ", taxonomy.ItemsOf(middle.Code).Select(item => $"{item.Code} = {item.En}")).Append('\n');
        }

        return text.ToString();
    }

    [LoggerMessage(Level = LogLevel.Warning, Message = "Scan {JobId}: what {Provider} saw is not in the taxonomy, also after repair ({Count} problems)")]
    private static partial void InvalidOutput(ILogger logger, Guid jobId, string provider, int count);

    [LoggerMessage(Level = LogLevel.Information, Message = "Scan {JobId}: {Count} unknown tags were dropped")]
    private static partial void UnknownTags(ILogger logger, Guid jobId, int count);
}
