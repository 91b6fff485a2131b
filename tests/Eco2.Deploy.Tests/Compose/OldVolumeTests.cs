using System.Text.RegularExpressions;
using Eco2.Deploy.Tests.Kubernetes;
using Eco2.Testing;
using Npgsql;
using Xunit;

namespace Eco2.Deploy.Tests.Compose;

/// <summary>What the README says about a volume that is older than the logins, run as it stands there: a stand-in for Docker runs the commands of the database's
/// container against a real PostgreSQL.</summary>
[Collection("logins")]
public sealed partial class OldVolumeTests : IDisposable
{
    private const string Docker =
        """
        #!/bin/sh
        set -eu
        echo "$*" >>"$FOLDER/calls"
        [ "$1 $2" = "compose exec" ] || exit 0
        set -a
        . "$FOLDER/.env"
        shift 4
        exec "$1" -eu "$2" "$(printf %s "$3" | sed "s#/docker-entrypoint-initdb.d/eco2.sh#$FOLDER/postgres.sh#")"
        """;

    private static readonly Lazy<string> Block = new(() => Fence().Match(File.ReadAllText(Path.Combine(ComposeProject.Folder, "README.md"))).Groups["script"].Value);

    private readonly string folder = Directory.CreateTempSubdirectory("eco2-volume-").FullName;

    public OldVolumeTests()
    {
        foreach (var file in (string[])[".env.example", "new-env", "postgres.sh"])
        {
            File.Copy(Path.Combine(ComposeProject.Folder, file), Path.Combine(folder, file));
        }

        File.WriteAllText(Path.Combine(folder, ".env"), "COMPOSE_PROFILES=rabbitmq\nECO2_POSTGRES_PASSWORD=kept\nOPENAI_API_KEY=mine\n");
        File.WriteAllText(Path.Combine(folder, "docker"), Docker);
        File.SetUnixFileMode(Path.Combine(folder, "docker"), UnixFileMode.UserRead | UnixFileMode.UserExecute);
    }

    [Fact]
    public async Task It_gets_the_logins_and_the_state_of_Dapr_moves()
    {
        var database = new NpgsqlConnectionStringBuilder(await PostgresCluster.CreateDatabaseAsync());
        await DatabaseTests.ReadAsync(database.ConnectionString, "create table public.state (key text primary key, value jsonb not null); insert into state values ('job:1', '{\"status\":\"queued\"}')");

        Assert.Equal((0, ""), await RunAsync(Block.Value, database));

        var lines = await File.ReadAllLinesAsync(Path.Combine(folder, ".env"));
        Assert.Equal(["COMPOSE_PROFILES=rabbitmq", "ECO2_POSTGRES_PASSWORD=kept", "OPENAI_API_KEY=mine"], lines.Take(3));
        // What is a comment in the example is a choice, not a gap.
        var example = (await File.ReadAllLinesAsync(Path.Combine(folder, ".env.example"))).Where(line => line.Contains('=', StringComparison.Ordinal) && !line.StartsWith('#'));
        Assert.Equal(example.Select(line => line.Split('=')[0]).Order(StringComparer.Ordinal), lines.Select(line => line.Split('=')[0]).Order(StringComparer.Ordinal));
        Assert.DoesNotContain(lines, line => line.EndsWith("=random", StringComparison.Ordinal));
        var state = new NpgsqlConnectionStringBuilder(database.ConnectionString) { Username = "eco2_state", Database = "eco2_state" }.ConnectionString;
        Assert.Equal(["job:1 {\"status\": \"queued\"} eco2_state"], await DatabaseTests.ReadAsync(state, "select key || ' ' || value || ' ' || tableowner from state, pg_tables where tablename = 'state'"));
        Assert.Equal(["eco2_exporter", "eco2_state"], await LoginsAsync(database));
        Assert.EndsWith("compose up -d\n", await File.ReadAllTextAsync(Path.Combine(folder, "calls")), StringComparison.Ordinal);

        // Once more changes the passwords and nothing else.
        var before = await DatabaseTests.ReadAsync(database.ConnectionString, "select rolpassword from pg_authid where rolname in ('eco2_state', 'eco2_exporter') order by rolname");
        Assert.Equal((0, ""), await RunAsync("docker compose exec -T postgres sh -c '. /docker-entrypoint-initdb.d/eco2.sh'", database));
        Assert.Empty(before.Intersect(await DatabaseTests.ReadAsync(database.ConnectionString, "select rolpassword from pg_authid where rolname in ('eco2_state', 'eco2_exporter') order by rolname")));
        Assert.Equal(["eco2_exporter", "eco2_state"], await LoginsAsync(database));
    }

    public void Dispose() => Directory.Delete(folder, recursive: true);

    private static Task<List<string>> LoginsAsync(NpgsqlConnectionStringBuilder database) =>
        DatabaseTests.ReadAsync(database.ConnectionString, "select rolname::text from pg_roles where rolname in ('eco2_state', 'eco2_exporter') and rolcanlogin and (rolname = 'eco2_state' or pg_has_role(oid, 'pg_monitor', 'member')) order by 1");

    private async Task<(int ExitCode, string Said)> RunAsync(string script, NpgsqlConnectionStringBuilder database)
    {
        var bin = Directory.GetDirectories("/usr/lib/postgresql").Select(version => Path.Combine(version, "bin")).Where(Directory.Exists).Order(StringComparer.Ordinal).Last();
        return await EcoRun.RunAsync(
            "env", $"PATH={folder}:{bin}:{Environment.GetEnvironmentVariable("PATH")}", $"FOLDER={folder}", $"PGHOST={database.Host}", $"PGPORT={database.Port}",
            $"POSTGRES_USER={database.Username}", $"POSTGRES_DB={database.Database}", "sh", "-eu", "-c", $"cd '{folder}'\n{script}");
    }

    [GeneratedRegex(@"```sh old-volume\n(?<script>[\s\S]*?)```")]
    private static partial Regex Fence();
}
