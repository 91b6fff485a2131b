using Google.Protobuf;
using Eco2.Testing;
using Proto = Dapr.DurableTask.Protobuf;

namespace Eco2.Workflows.Tests;

/// <summary>The history of one instance as the runtime keeps it: a file in <c>Histories/</c> is the JSON form of what
/// <c>TaskHubSidecarService/GetInstanceHistory</c> answers, so that one from a running system can be put beside those recorded here.</summary>
internal sealed record RecordedHistory(IReadOnlyList<Proto.HistoryEvent> Events)
{
    private static readonly JsonParser Parser = new(JsonParser.Settings.Default.WithIgnoreUnknownFields(true));
    private static readonly JsonFormatter Formatter = new(JsonFormatter.Settings.Default.WithIndentation());

    public static string Folder { get; } = Path.Combine(Checkout.Root, "tests/Eco2.Workflows.Tests/Histories");

    /// <summary>Name of the workflow.</summary>
    public string Workflow => Events.First(e => e.ExecutionStarted is not null).ExecutionStarted.Name;

    public static RecordedHistory Load(string name) =>
        new([.. Parser.Parse<Proto.GetInstanceHistoryResponse>(File.ReadAllText(PathOf(name))).Events]);

    public Task SaveAsync(string name) =>
        File.WriteAllTextAsync(PathOf(name), Formatter.Format(new Proto.GetInstanceHistoryResponse { Events = { Events } }) + "\n");

    private static string PathOf(string name) => Path.Combine(Folder, name + ".json");
}
