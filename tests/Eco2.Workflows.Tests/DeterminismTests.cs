using System.Text.RegularExpressions;
using Eco2.Testing;
using Xunit;

namespace Eco2.Workflows.Tests;

/// <summary>The compiler refuses what would differ on replay, and says what to do instead.</summary>
public sealed partial class DeterminismTests : IDisposable
{
    private static readonly string Project = Path.Combine(Checkout.Root, "workflows/Eco2.Workflows/Eco2.Workflows.csproj");

    private static readonly (string Code, string Instead)[] Mistakes =
    [
        ("_ = System.DateTime.UtcNow;", "context.CurrentUtcDateTime"),
        ("_ = System.DateTime.Now;", "context.CurrentUtcDateTime"),
        ("_ = System.DateTimeOffset.UtcNow;", "context.CurrentUtcDateTime"),
        ("_ = System.TimeProvider.System;", "context.CurrentUtcDateTime"),
        ("_ = System.Guid.NewGuid();", "context.NewGuid"),
        ("_ = System.Guid.CreateVersion7();", "context.NewGuid"),
        ("_ = System.Random.Shared.Next();", "let an activity draw"),
        ("_ = System.Security.Cryptography.RandomNumberGenerator.GetInt32(3);", "let an activity draw"),
        ("_ = System.Environment.MachineName;", "pass it in with the input"),
        ("_ = new System.Net.Http.HttpClient();", "let an activity do it"),
        ("_ = System.Net.Dns.GetHostName();", "let an activity do it"),
        ("_ = System.IO.File.Exists(\"x\");", "let an activity do it"),
        ("_ = System.Diagnostics.Process.GetCurrentProcess();", "let an activity do it"),
        ("_ = System.Diagnostics.Stopwatch.GetTimestamp();", "let an activity say what it took"),
        ("System.Console.Write(1);", "context.CreateReplaySafeLogger"),
        ("_ = System.Threading.Tasks.Task.Delay(1);", "context.CreateTimer"),
        ("_ = System.Threading.Tasks.Task.Run(() => { });", "call an activity"),
        ("_ = System.Threading.Tasks.Task.Run(() => 1);", "call an activity"),
        ("_ = System.Threading.Tasks.Task.Factory.StartNew(() => 1);", "call an activity"),
        ("_ = System.Threading.Tasks.Task.FromResult(1).Result;", "await"),
        ("_ = System.Threading.Tasks.Task.CompletedTask.ConfigureAwait(false);", "take it out"),
        ("System.Threading.Thread.Sleep(1);", "it belongs to the worker"),
        ("_ = new System.Threading.Timer(_ => { });", "context.CreateTimer"),
        ("System.Threading.Monitor.Enter(Gate);", "nothing is to be kept apart"),
        ("_ = new System.Threading.CancellationTokenSource(1);", "context.CreateTimer"),
        ("System.Threading.Tasks.Task.CompletedTask.Wait(1);", "await"),
        ("System.Threading.Tasks.Task.WaitAll(System.Threading.Tasks.Task.CompletedTask);", "await Task.WhenAll"),
        ("_ = System.Threading.Tasks.Task.WaitAny(System.Threading.Tasks.Task.CompletedTask);", "await Task.WhenAny"),
        ("System.Threading.Tasks.Task.CompletedTask.GetAwaiter().GetResult();", "await"),
        ("_ = System.Threading.Tasks.Task.FromResult(1).GetAwaiter().GetResult();", "await"),
        ("_ = System.Threading.Tasks.Task.CompletedTask.WaitAsync(System.TimeSpan.Zero);", "context.CreateTimer"),
        ("_ = System.Threading.Tasks.Task.FromResult(1).ConfigureAwait(System.Threading.Tasks.ConfigureAwaitOptions.None);", "take it out"),
        ("_ = System.Threading.Tasks.Task.FromResult(1).ContinueWith(one => 2);", "await"),
        ("_ = System.Linq.ParallelEnumerable.Range(1, 2);", "start several activities"),
        ("_ = \"text\".GetHashCode();", "compare"),
        ("_ = System.HashCode.Combine(1, 2);", "compare"),
        ("_ = System.Globalization.CultureInfo.CurrentCulture;", "name one"),
    ];

    private readonly string folder = Directory.CreateTempSubdirectory("eco2-determinism-").FullName;

    [Fact]
    public async Task A_workflow_that_would_differ_on_replay_does_not_compile()
    {
        // One mistake a line, from line 3 on.
        var code = Path.Combine(folder, "Mistakes.cs");
        await File.WriteAllLinesAsync(code, ["namespace Eco2.Workflows;", "internal static class Mistakes { private static readonly object Gate = new(); internal static void Make() {", .. Mistakes.Select(mistake => mistake.Code), "} }"]);

        var output = await CompileAsync(code);
        var refused = Refusal().Matches(output).Select(match => (Line: int.Parse(match.Groups["line"].Value, System.Globalization.CultureInfo.InvariantCulture), Said: match.Groups["said"].Value)).ToList();

        Assert.All(Mistakes.Index(), one => Assert.Contains(refused, r => r.Line == one.Index + 3 && r.Said.Contains(one.Item.Instead, StringComparison.Ordinal)));
    }

    [Fact]
    public async Task What_a_workflow_does_right_compiles()
    {
        var code = Path.Combine(folder, "Right.cs");
        await File.WriteAllTextAsync(code, """
            namespace Eco2.Workflows;

            internal sealed class Right : Dapr.Workflow.Workflow<int, System.Guid>
            {
                public override async Task<System.Guid> RunAsync(Dapr.Workflow.WorkflowContext context, int input)
                {
                    await context.CreateTimer(context.CurrentUtcDateTime.AddSeconds(input), default);
                    await Task.WhenAll(context.CallActivityAsync("A"), context.CallActivityAsync("B"));
                    return context.NewGuid();
                }
            }
            """);

        Assert.Equal("", await CompileAsync(code));
    }

    public void Dispose() => Directory.Delete(folder, recursive: true);

    /// <summary>What the compiler says of the project with one more file in it; nothing is written where builds go.</summary>
    private async Task<string> CompileAsync(string code)
    {
        var also = Path.Combine(folder, "also.targets");
        await File.WriteAllTextAsync(also, $"""<Project><ItemGroup><Compile Include="{code}" /></ItemGroup></Project>""");
        var (exit, output) = await EcoRun.RunAsync(
            "dotnet", "msbuild", Project, "-t:Compile", "-nologo", "-v:q", "-p:Configuration=Release", "-p:BuildProjectReferences=false", "-p:ProduceReferenceAssembly=false", "-nodeReuse:false",
            $"-p:IntermediateOutputPath={folder}/obj/", $"-p:CustomBeforeMicrosoftCommonTargets={also}");
        return exit == 0 ? output.Trim() : output;
    }

    [GeneratedRegex(@"Mistakes\.cs\((?<line>\d+),\d+\): error RS0030: (?<said>.*)")]
    private static partial Regex Refusal();
}
