using Eco2.Testing;
using EmbeddedSidecar.Apps;
using Xunit;
using static EmbeddedSidecar.Tests.Workflows.Wire.Script;

namespace EmbeddedSidecar.Tests.Workflows;

/// <summary>The limits of a Configuration on what is out at workers.</summary>
public sealed class ConcurrencyTests(InMemoryWorkflows store) : WorkflowTests(store), IClassFixture<InMemoryWorkflows>
{
    private const string Limits = """

        ---
        apiVersion: dapr.io/v1alpha1
        kind: Configuration
        metadata: { name: c }
        spec: { workflow: { maxConcurrentWorkflowInvocations: 2, maxConcurrentActivityInvocations: 3 } }
        """;

    private protected override IEnumerable<AppSettings> Apps => [Settings(AppId) with { InlineResources = Component + Limits }];

    [Fact]
    public async Task No_more_activities_are_out_than_the_configuration_allows()
    {
        var goOn = new TaskCompletionSource();
        var worker = Worker(turn => turn.InstanceId == "fence" ? Answer(Complete(0, "0")) : Sequence("A")(turn), w => w.OnActivity = async activity =>
        {
            await goOn.Task;
            return Done(activity, "0");
        });
        foreach (var id in Enumerable.Range(0, 6))
        {
            await Hub.StartAsync($"{id}", "Any");
        }

        await Eventually.TrueAsync(() => worker.Activities.Count >= 3, "three are out");
        await Hub.StartAsync("fence", "Any");
        await Hub.CompletedAsync("fence");
        var atOnce = worker.Activities.Count;
        goOn.SetResult();

        Assert.Equal(3, atOnce);
        await Task.WhenAll(Enumerable.Range(0, 6).Select(id => Hub.CompletedAsync($"{id}")));
    }

    [Fact]
    public async Task No_more_turns_are_out_than_the_configuration_allows()
    {
        var worker = Worker(_ => null);
        var starts = Enumerable.Range(0, 4).Select(id => Hub.StartAsync($"{id}", "Any")).ToList();
        for (var answered = 0; answered < 4; answered++)
        {
            var expected = Math.Min(4, answered + 2);
            await Eventually.TrueAsync(() => worker.Turns.Count == expected, $"{expected} turns have come");
            var answer = Answer(Complete(0, "0"));
            answer.InstanceId = worker.Turns.ElementAt(answered).InstanceId;
            await worker.AnswerAsync(answer);
        }

        await Task.WhenAll(starts);
        await Task.WhenAll(Enumerable.Range(0, 4).Select(id => Hub.CompletedAsync($"{id}")));
    }
}
