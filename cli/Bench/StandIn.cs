using System.Diagnostics;
using System.Globalization;
using Eco2.Cli.Machine;
using Eco2.Cli.Up;

namespace Eco2.Cli.Bench;

/// <summary>The model stand-in as a process of its own.</summary>
internal sealed class StandIn : IAsyncDisposable
{
    // As measured on a provider: looking takes longer than wording.
    private const double VisionShare = 6.9 / 11.7;

    private readonly Process process;

    private StandIn(Process process, int port) => (this.process, Address) = (process, new Uri($"http://127.0.0.1:{port}"));

    public Uri Address { get; }

    public int Pid => process.Id;

    /// <param name="meanMs">Mean time of a scan's two calls together.</param>
    public static async Task<StandIn> StartAsync(Workspace workspace, double meanMs, double sigma, CancellationToken ct)
    {
        var port = Ports.Free();
        string Number(double value) => value.ToString(CultureInfo.InvariantCulture);
        Directory.CreateDirectory(workspace.Logs);
        string[] command =
        [
            "dotnet", Workspace.Assembly(workspace.Root, "Eco2.ModelStandIn"), "--port", $"{port}",
            "--vision-mean", Number(meanMs * VisionShare), "--answer-mean", Number(meanMs * (1 - VisionShare)), "--sigma", Number(sigma),
        ];
        var start = new ProcessStartInfo("sh", ["-c", "exec \"$@\" >>\"$0\" 2>&1 </dev/null", Path.Combine(workspace.Logs, "model-stand-in.log"), .. command]) { UseShellExecute = false };
        var standIn = new StandIn(Process.Start(start)!, port);
        using var http = new HttpClient();
        await Until.TrueAsync(() => AnswersAsync(http, standIn.Address, ct), $"The model stand-in did not start. Its log is in {workspace.Logs}.", TimeProvider.System, ct, 20);
        return standIn;
    }

    /// <summary>Settings by which the apps take it for their provider.</summary>
    /// <param name="concurrency">Calls that one worker may have under way.</param>
    public IReadOnlyDictionary<string, string> Environment(int concurrency) => new Dictionary<string, string>
    {
        ["Models__Vision"] = "openai",
        ["Models__Answer"] = "openai",
        ["Models__OpenAI__BaseUrl"] = $"{Address}v1",
        ["Models__OpenAI__ApiKey"] = "none",
        ["Models__OpenAI__Concurrency"] = $"{concurrency}",
        ["Models__Queue"] = "10000",
    };

    public async ValueTask DisposeAsync()
    {
        ManagedProcess.Signal(process.Id, 15);
        try
        {
            await process.WaitForExitAsync().WaitAsync(TimeSpan.FromSeconds(2));
        }
        catch (TimeoutException)
        {
            // It may hold calls that hang.
            process.Kill();
        }

        process.Dispose();
    }

    private static async Task<bool> AnswersAsync(HttpClient http, Uri address, CancellationToken ct)
    {
        try
        {
            using var response = await http.GetAsync(new Uri(address, "/control"), ct);
            return response.IsSuccessStatusCode;
        }
        catch (HttpRequestException)
        {
            return false;
        }
    }
}
