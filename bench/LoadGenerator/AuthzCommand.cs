using System.CommandLine;

namespace Eco2.LoadGenerator;

/// <summary>Decisions about callers, as a mesh asks for them.</summary>
internal static class AuthzCommand
{
    public static Command Create()
    {
        var gateway = new Option<string>("--url") { Description = "Address of the gateway, where the users sign up.", Required = true };
        var auth = new Option<string>("--auth-url") { Description = "Address of the app auth. Its token comes by APP_API_TOKEN: arguments can be seen by everybody.", Required = true };
        var users = new Option<int>("--users") { Description = "Users that the decisions are about.", DefaultValueFactory = _ => 100 };
        var connections = new Option<int>("--connections") { Description = "Questions under way at once.", DefaultValueFactory = _ => 8 };
        var warmUp = new Option<double>("--warm-up") { Description = "Seconds before each window.", DefaultValueFactory = _ => 5 };
        var duration = new Option<double>("--duration") { Description = "Seconds of each window.", DefaultValueFactory = _ => 20 };
        var result = new Option<string>("--out") { Description = "File for the report.", Required = true };
        var command = new Command("authz", "Asks auth's ext-authz about requests of many users, and a bare endpoint of the same app beside it.") { gateway, auth, users, connections, warmUp, duration, result };
        command.SetAction(async (parse, ct) =>
        {
            using var client = new ScanClient(new Uri(parse.GetValue(gateway)!), TimeProvider.System);
            var options = new AuthzOptions(
                new Uri(parse.GetValue(auth)!),
                Environment.GetEnvironmentVariable("APP_API_TOKEN") ?? "",
                await StreamsCommand.SignUpAsync(client, parse.GetValue(users), ct),
                parse.GetValue(connections),
                TimeSpan.FromSeconds(parse.GetValue(warmUp)),
                TimeSpan.FromSeconds(parse.GetValue(duration)),
                parse.GetValue(result)!);
            using var run = new AuthzRun(options, TimeProvider.System);
            return await run.RunAsync(ct) ? 0 : 1;
        });
        return command;
    }
}
