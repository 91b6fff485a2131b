using System.CommandLine;
using System.Globalization;

namespace Eco2.Cli.Bench;

/// <summary>Answers that come piece by piece: how far a client is behind the producer.</summary>
internal static class TokensCommand
{
    public static Command Create()
    {
        var jobs = new Option<int>("--jobs") { Description = "Jobs that stream at once, each with one client.", DefaultValueFactory = _ => 100 };
        var rate = new Option<double>("--rate") { Description = "Events a second of each job.", DefaultValueFactory = _ => 20 };
        var duration = new Option<int>("--duration") { Description = "Seconds of the measured window.", DefaultValueFactory = _ => 30 };
        var coalesce = new Option<bool>("--coalesce") { Description = "A producer that fell behind sends what is due in one batch." };
        var run = new LineRun();
        var command = new Command("tokens", "Token events of many jobs: how far a client is behind the producer.") { jobs, rate, duration, coalesce };
        run.AddTo(command);
        command.SetAction((parse, ct) => run.RunAsync(
            parse,
            "tokens",
            [],
            system =>
            [
                "--url", $"{system.Url}", "--jobs", $"{parse.GetValue(jobs)}", "--rate", parse.GetValue(rate).ToString(CultureInfo.InvariantCulture),
                "--duration", $"{parse.GetValue(duration)}", .. parse.GetValue(coalesce) ? (string[])["--coalesce"] : [],
            ],
            ct));
        return command;
    }
}
