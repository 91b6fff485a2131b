using System.CommandLine;

namespace Eco2.Cli.Bench;

/// <summary>How quickly it is decided who calls and whether they may, as a mesh asks for it.</summary>
internal static class AuthzCommand
{
    public static Command Create()
    {
        var users = new Option<int>("--users") { Description = "Users that the decisions are about.", DefaultValueFactory = _ => 100 };
        var connections = new Option<int>("--connections") { Description = "Questions under way at once.", DefaultValueFactory = _ => 8 };
        var warmUp = new Option<int>("--warm-up") { Description = "Seconds before each window.", DefaultValueFactory = _ => 5 };
        var duration = new Option<int>("--duration") { Description = "Seconds of the measured window.", DefaultValueFactory = _ => 20 };
        var run = new LineRun();
        var command = new Command("authz", "Decisions of ext-authz a second and how long each takes, beside a bare endpoint of the same app.") { users, connections, warmUp, duration };
        run.AddTo(command);
        command.SetAction((parse, ct) => run.RunAsync(
            parse,
            "authz",
            // Signing up is not what is measured.
            ["Auth__PasswordIterations=1000"],
            system =>
            [
                "--url", $"{system.Url}", "--auth-url", $"http://127.0.0.1:{system.App("auth").AppPort}", "--users", $"{parse.GetValue(users)}",
                "--connections", $"{parse.GetValue(connections)}", "--warm-up", $"{parse.GetValue(warmUp)}", "--duration", $"{parse.GetValue(duration)}",
            ],
            ct,
            isLine: false));
        return command;
    }
}
