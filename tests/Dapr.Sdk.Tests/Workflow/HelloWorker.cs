using Dapr.Workflow;
using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.Hosting;

namespace Dapr.Sdk.Tests;

/// <summary>A worker as a process of its own, so that a test can kill it. It says hello in three cities; the second step waits for a file.</summary>
public static class HelloWorker
{
    public const string FolderVariable = "HELLO_FOLDER";

    public static readonly string[] Cities = ["Seoul", "Busan", "Jeju"];

    public static Task Main()
    {
        var folder = Environment.GetEnvironmentVariable(FolderVariable) ?? throw new InvalidOperationException($"{FolderVariable} is not set.");
        var builder = Host.CreateApplicationBuilder();
        builder.Services.AddSingleton(new Desk(folder));
        builder.Services.AddDaprWorkflow(options =>
        {
            options.RegisterWorkflow<HelloThreeCities>();
            options.RegisterActivity<SayHello>();
        });
        return builder.Build().RunAsync();
    }

    /// <summary>Where the worker writes what it did and finds out whether it may go on.</summary>
    public sealed record Desk(string Folder)
    {
        public string Log => Path.Combine(Folder, "said");

        public string MayGoOn => Path.Combine(Folder, "go");
    }

    public sealed class HelloThreeCities : Workflow<string[], string>
    {
        public override async Task<string> RunAsync(WorkflowContext context, string[] input)
        {
            var said = new List<string>();
            foreach (var city in input)
            {
                said.Add(await context.CallActivityAsync<string>(nameof(SayHello), city));
            }

            return string.Join(" ", said);
        }
    }

    public sealed class SayHello(Desk desk) : WorkflowActivity<string, string>
    {
        public override async Task<string> RunAsync(WorkflowActivityContext context, string input)
        {
            await File.AppendAllTextAsync(desk.Log, $"{input} {context.TaskExecutionKey}\n");
            while (input == Cities[1] && !File.Exists(desk.MayGoOn))
            {
                await Task.Delay(20);
            }

            return $"Hello {input}!";
        }
    }
}
