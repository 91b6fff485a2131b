using System.Buffers.Text;
using System.Text.Json;
using Eco2.Testing;
using Xunit;

namespace Eco2.Services.Tests.Auth;

public sealed class AdminTests
{
    private const string Password = "correct horse";

    [Fact]
    public async Task Whoever_the_setting_names_is_an_admin_and_nobody_else_is()
    {
        var (host, db) = await AuthApp.StartAsync(null, "Auth:Admins:0=Boss@Example.com", "Auth:Admins:local=operator@example.com");
        await using var _ = host;
        await using var __ = db;

        var boss = await SignAsync(host, "sign-up", "boss@example.com");
        var again = await SignAsync(host, "sign-in", "BOSS@example.com");
        var operatorOf = await SignAsync(host, "sign-up", "operator@example.com");
        var user = await SignAsync(host, "sign-up", "boss@example.com.evil.example");
        var refreshed = await (await host.PostAsync("refresh", new { refresh_token = again.GetProperty("refresh_token").GetString() })).JsonAsync();

        Assert.Equal(["user", "admin"], Roles(boss));
        Assert.Equal(["user", "admin"], Roles(again));
        Assert.Equal(["user", "admin"], Roles(operatorOf));
        Assert.Equal(["user", "admin"], Roles(refreshed));
        Assert.Equal(["user"], Roles(user));
    }

    [Fact]
    public async Task Who_is_taken_off_the_list_is_an_admin_no_more_with_the_next_token()
    {
        var postgres = await PostgresCluster.CreateDatabaseAsync();
        JsonElement before;
        await using (var host = await ServiceHost.StartAsync(Eco2.Auth.Program.Build, postgres, null, "Auth:PasswordIterations=1000", "Auth:Admins:0=boss@example.com"))
        {
            before = await SignAsync(host, "sign-up", "boss@example.com");
        }

        await using var later = await ServiceHost.StartAsync(Eco2.Auth.Program.Build, postgres, null, "Auth:PasswordIterations=1000");
        var refreshed = await (await later.PostAsync("refresh", new { refresh_token = before.GetProperty("refresh_token").GetString() })).JsonAsync();

        Assert.Equal(["user"], Roles(refreshed));
    }

    private static async Task<JsonElement> SignAsync(ServiceHost host, string how, string email) =>
        await (await host.PostAsync(how, new { email, password = Password })).JsonAsync();

    private static IEnumerable<string?> Roles(JsonElement signedIn)
    {
        var claims = JsonDocument.Parse(Base64Url.DecodeFromChars(signedIn.GetProperty("access_token").GetString()!.Split('.')[1]));
        return claims.RootElement.GetProperty("roles").EnumerateArray().Select(r => r.GetString());
    }
}
