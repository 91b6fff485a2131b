using System.Text.Json;
using Eco2.Testing;
using Npgsql;
using Xunit;

namespace Eco2.EndToEnd.Tests;

/// <summary>What each process was told, as the system keeps it: an app can give away no secret that it does not have.</summary>
[Collection(SharedSystem.Name)]
public sealed class OwnSecretsTests(EcoSystem system)
{
    private IEnumerable<string> Apps => system.Processes.Where(name => Directory.Exists(Path.Combine(EcoSystem.Root, "services", name)) || name == "worker");

    [Fact]
    public void No_app_has_the_password_of_a_server_and_auth_alone_what_it_encrypts_with()
    {
        var secrets = JsonElement.Parse(File.ReadAllText(Path.Combine(system.State, "secrets.json"))).EnumerateObject().ToDictionary(pair => pair.Name, pair => pair.Value.GetString()!);

        Assert.Equal(10, Apps.Count());
        Assert.Equal(["Encryption", "Postgres", "RabbitMq", "Redis"], secrets.Keys.Order(StringComparer.Ordinal));
        Assert.All(secrets, secret => Assert.Equal(secret.Key == "Encryption" ? ["auth"] : [], Apps.Where(app => Environment(app).Exists(entry => entry.Contains(secret.Value, StringComparison.Ordinal)))));
        // Who speaks to the broker has what the others have not.
        var sidecar = system.Processes.First(name => name is "sidecar" or "daprd-scan");
        Assert.Contains(Environment(sidecar), entry => entry.Contains(secrets[EcoRun.Broker == "rabbitmq" ? "RabbitMq" : "Redis"], StringComparison.Ordinal));
    }

    [Fact]
    public void Who_has_a_database_enters_it_as_itself()
    {
        var logins = Apps.Select(app => (app, Login: Environment(app).Find(entry => entry.StartsWith("ECO2_POSTGRES", StringComparison.Ordinal))))
            .Where(pair => pair.Login is not null).ToDictionary(pair => pair.app, pair => new NpgsqlConnectionStringBuilder(pair.Login!.Split('=', 2)[1]));

        Assert.Equal(["auth", "character", "image", "my", "scan"], logins.Keys.Order(StringComparer.Ordinal));
        Assert.All(logins, pair => Assert.Equal($"eco2_{pair.Key}", pair.Value.Username));
        Assert.Equal(logins.Count, logins.Values.Select(login => login.Password).Distinct().Count());
    }

    private List<string> Environment(string process) => [.. File.ReadAllText($"/proc/{system.Pid(process)}/environ").Split('\0')];
}
