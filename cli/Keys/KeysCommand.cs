using System.CommandLine;
using System.Globalization;
using System.Net;
using System.Text.Json;
using Eco2.Cli.Machine;
using Eco2.Cli.Scan;

namespace Eco2.Cli.Keys;

/// <summary>The keys that sign access tokens, through the API: it works wherever the gateway is, only for admins, and leaves its entry in the audit.</summary>
internal static class KeysCommand
{
    private const string Path = "/api/v1/auth/signing-keys";

    public static Command Create() => new("keys", "The keys that sign access tokens.")
    {
        Command("rotate", "Publish a new key now. It signs as soon as everybody who verifies knows it; nobody is signed out.", RotateAsync),
        Command("list", "Which key signs, which follows, which only verifies.", ListAsync),
    };

    private static async Task RotateAsync(ApiSession session, CancellationToken ct)
    {
        using var answer = await session.SendAsync(HttpMethod.Post, Path, null, "The keys could not be rotated", ct);
        using var key = await JsonDocument.ParseAsync(await answer.Content.ReadAsStreamAsync(ct), cancellationToken: ct);
        var kid = key.RootElement.GetProperty("kid").GetString();
        Console.WriteLine(answer.StatusCode == HttpStatusCode.Created
            ? $"Key {kid} is published. It signs from {Time(key.RootElement, "active_from")} UTC."
            : $"Key {kid} is on its way already. It signs from {Time(key.RootElement, "active_from")} UTC.");
    }

    private static async Task ListAsync(ApiSession session, CancellationToken ct)
    {
        using var answer = await session.SendAsync(HttpMethod.Get, Path, null, "The keys could not be listed", ct);
        using var keys = await JsonDocument.ParseAsync(await answer.Content.ReadAsStreamAsync(ct), cancellationToken: ct);
        foreach (var key in keys.RootElement.GetProperty("keys").EnumerateArray())
        {
            Console.WriteLine($"{key.GetProperty("kid").GetString()}  {key.GetProperty("state").GetString(),-9}  from {Time(key, "active_from")}  until {Time(key, "expires_at")} UTC");
        }
    }

    private static Command Command(string name, string description, Func<ApiSession, CancellationToken, Task> run)
    {
        var url = new Option<string?>("--url") { Description = "Address of the gateway (default: the one that ./eco2 up started)." };
        var state = new Option<string?>("--state") { Description = "Folder of the run (default: .eco2)." };
        var command = new Command(name, description) { url, state };
        command.SetAction(async (parse, ct) =>
        {
            using var session = await ApiSession.OpenAsync(parse.GetValue(url), new Workspace(parse.GetValue(state)), ct);
            await run(session, ct);
        });
        return command;
    }

    private static string Time(JsonElement key, string member) =>
        key.GetProperty(member).GetDateTimeOffset().UtcDateTime.ToString("yyyy-MM-dd HH:mm:ss", CultureInfo.InvariantCulture);
}
