using System.CommandLine;

namespace Eco2.LoadGenerator;

/// <summary>Answers that come piece by piece.</summary>
internal static class TokensCommand
{
    private const int PerUser = 4;

    public static Command Create()
    {
        var sidecars = new SidecarAddresses();
        var count = new Option<int>("--jobs") { Description = "Jobs that stream at once.", DefaultValueFactory = _ => 100 };
        var rate = new Option<double>("--rate") { Description = "Events a second of each job.", DefaultValueFactory = _ => 20 };
        var warmUp = new Option<double>("--warm-up") { Description = "Seconds before the window.", DefaultValueFactory = _ => 10 };
        var duration = new Option<double>("--duration") { Description = "Seconds of the window.", DefaultValueFactory = _ => 30 };
        var coalesce = new Option<bool>("--coalesce") { Description = "A producer that fell behind sends what is due in one batch." };
        var gateway = new Option<string>("--url") { Description = "Address of the gateway.", Required = true };
        var result = new Option<string>("--out") { Description = "File for the report.", Required = true };
        var command = new Command("tokens", "Publishes token events of many jobs and follows each as a client.") { count, rate, warmUp, duration, coalesce, gateway, result };
        sidecars.AddTo(command);
        command.SetAction(async (parse, ct) =>
        {
            using var client = new ScanClient(new Uri(parse.GetValue(gateway)!), TimeProvider.System);
            using var jobs = sidecars.Open(parse);
            var options = new TokensOptions(
                await StreamsCommand.SignUpAsync(client, (parse.GetValue(count) + PerUser - 1) / PerUser, ct),
                parse.GetValue(count),
                parse.GetValue(rate),
                TimeSpan.FromSeconds(parse.GetValue(warmUp)),
                TimeSpan.FromSeconds(parse.GetValue(duration)),
                parse.GetValue(coalesce),
                parse.GetValue(result)!);
            return await new TokensRun(client, jobs, options, TimeProvider.System).RunAsync(ct) ? 0 : 1;
        });
        return command;
    }
}
