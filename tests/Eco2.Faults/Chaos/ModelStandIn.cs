using System.Net.Http.Json;
using Eco2.Testing;

namespace Eco2.Faults.Chaos;

/// <summary>The model server, which thinks and fails as it is told.</summary>
internal sealed class ModelStandIn : IAsyncDisposable
{
    private readonly ChildServer server;
    private readonly HttpClient control;

    private readonly TimeSpan callLimit;

    private ModelStandIn(ChildServer server, Uri address, TimeSpan callLimit) =>
        (this.server, control, Address, this.callLimit) = (server, new HttpClient { BaseAddress = address }, address, callLimit);

    public Uri Address { get; }

    /// <summary>Settings by which the apps use it. A call is given up early, so that a model that hangs holds nobody for a minute.</summary>
    public IReadOnlyDictionary<string, string> Settings => new Dictionary<string, string>
    {
        ["Models__Vision"] = "openai",
        ["Models__Answer"] = "openai",
        ["Models__OpenAI__BaseUrl"] = $"{Address}v1",
        ["Models__OpenAI__ApiKey"] = "a-key-for-tests",
        ["Models__CallLimit"] = $"{callLimit}",
        ["Models__StepLimit"] = $"{callLimit * 3}",
        ["Models__BreakerPause"] = "00:00:02",
    };

    public static async Task<ModelStandIn> StartAsync(string folder, double visionMeanMs, double answerMeanMs)
    {
        var port = ChildServer.FreePort();
        var program = Path.Combine(Checkout.Root, "artifacts/bin/Eco2.ModelStandIn/release/Eco2.ModelStandIn.dll");
        var server = ChildServer.Start(
            FormattableString.Invariant($"exec dotnet '{program}' --port {port} --vision-mean {visionMeanMs} --answer-mean {answerMeanMs}"),
            folder,
            temporary: false);
        await ChildServer.WaitForPortAsync(port);
        // No honest answer takes that long, so what is given up is a call that hangs.
        return new ModelStandIn(server, new Uri($"http://127.0.0.1:{port}/"), TimeSpan.FromMilliseconds(visionMeanMs * 3));
    }

    /// <summary>Changes the named settings, such as <c>("hang_rate", 1)</c>.</summary>
    public async Task SetAsync(string setting, double value, CancellationToken ct)
    {
        using var answer = await control.PutAsJsonAsync("control", new Dictionary<string, double> { [setting] = value }, ct);
        answer.EnsureSuccessStatusCode();
    }

    public async ValueTask DisposeAsync()
    {
        control.Dispose();
        await server.DisposeAsync();
    }
}
