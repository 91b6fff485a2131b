using System.CommandLine;

namespace Eco2.Cli.Bench;

/// <summary>Very many idle streams on one gateway: memory, and how soon an event reaches each.</summary>
internal static class StreamsCommand
{
    public static Command Create()
    {
        var streams = new Option<int>("--streams") { Description = "Streams, one on each of so many jobs.", DefaultValueFactory = _ => 10_000 };
        var idle = new Option<int>("--idle") { Description = "Seconds in which nothing happens.", DefaultValueFactory = _ => 30 };
        var whole = new Option<bool>("--through-gateway") { Description = "Through gateway and sidecar, not at the app itself. Each needs two open files per stream." };
        var run = new LineRun();
        var command = new Command("streams", "Many idle streams: memory, and how soon an event reaches each.") { streams, idle, whole };
        run.AddTo(command);
        command.SetAction((parse, ct) => run.RunAsync(
            parse,
            "streams",
            // Few accounts with many streams each: it is the streams that are measured.
            parse.GetValue(whole) ? ["Sse__MaxPerUser=1000"] : [],
            system =>
            [
                "--streams", $"{parse.GetValue(streams)}", "--idle", $"{parse.GetValue(idle)}",
                .. parse.GetValue(whole)
                    ? (string[])["--url", $"{system.Url}", "--accounts", $"{Math.Max(1, (parse.GetValue(streams) + 999) / 1000)}"]
                    : ["--app", $"http://127.0.0.1:{system.App("sse-gateway").AppPort}"],
            ],
            ct));
        return command;
    }
}
