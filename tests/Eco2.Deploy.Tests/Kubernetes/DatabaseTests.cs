using System.Diagnostics;
using System.Text.RegularExpressions;
using Eco2.Testing;
using Npgsql;
using Xunit;

namespace Eco2.Deploy.Tests.Kubernetes;

/// <summary>The migrations job and the commands of <c>deploy/backup.md</c>, against a real PostgreSQL.</summary>
// Logins belong to the whole server, and migrations give each its password anew: one test at a time.
[Collection("logins")]
public sealed partial class DatabaseTests
{
    private static readonly Manifest Job = Overlay.Load("aws").Find("Job", "migrations")!;

    /// <summary>Just the containers of the job, run as it runs them; a second time, as before the next rollout.</summary>
    [Fact]
    public async Task The_migrations_job_brings_up_every_schema_and_ends()
    {
        var database = await PostgresCluster.CreateDatabaseAsync();
        for (var run = 0; run < 2; run++)
        {
            Assert.All(await MigrateAsync(database), exit => Assert.Equal(0, exit));
        }

        Assert.Equal(["auth", "character", "image", "my", "scan"], await ReadAsync(database, "select table_schema from information_schema.tables where table_name = 'schema_history' order by 1"));
    }

    [Fact]
    public async Task A_schema_that_is_not_ours_fails_the_job()
    {
        var database = await PostgresCluster.CreateDatabaseAsync();
        await ReadAsync(database, "create schema auth; create table auth.schema_history (nothing int)");

        Assert.Contains(await MigrateAsync(database), exit => exit != 0);
    }

    /// <summary>Every app with a database is in the job, and no other.</summary>
    [Fact]
    public void The_job_has_all_apps_with_a_database() => Assert.Equal(
        DaprFile.Apps.Where(app => DaprFile.Source(app.Folder).Contains(".AddEco2Database(", StringComparison.Ordinal)).Select(app => app.Id).Order(StringComparer.Ordinal),
        Job.Containers.Select(container => container["name"].Text).Order(StringComparer.Ordinal));

    /// <summary>The owner's login is the job's alone; every app enters as itself, by the secret whose password the job sets.</summary>
    [Theory]
    [InlineData("local")]
    [InlineData("aws")]
    [InlineData("azure")]
    [InlineData("gcp")]
    [InlineData("production")]
    [InlineData("rabbitmq")]
    public void No_app_has_the_owners_login(string name)
    {
        var overlay = Overlay.Load(name);
        var job = overlay.Find("Job", "migrations")!.Containers.ToDictionary(container => container["name"].Text, container => Secret(container, "ECO2_POSTGRES"));

        Assert.Equal(job, overlay.Apps.Select(app => (app.Name, Own: Secret(app.Containers.First(), "ECO2_POSTGRES"))).Where(app => app.Own != "").ToDictionary(app => app.Name, app => app.Own));
        Assert.All(job, pair => Assert.Equal($"postgres-{pair.Key}", pair.Value));
        Assert.DoesNotContain(overlay.Apps.SelectMany(app => app.Containers).SelectMany(container => container["env"].Items), variable => variable["valueFrom/secretKeyRef/name"].Text == "postgres");
    }

    private static string Secret(Node container, string variable) => container["env"].Items.FirstOrDefault(item => item["name"].Text == variable)["valueFrom/secretKeyRef/name"].Text;

    [Fact]
    public async Task What_was_backed_up_can_be_restored()
    {
        var database = await PostgresCluster.CreateDatabaseAsync();
        Assert.All(await MigrateAsync(database), exit => Assert.Equal(0, exit));
        await ReadAsync(database, "insert into scan.outbox (event_id, component, topic, key, payload) values (gen_random_uuid(), 'pubsub', 'scan.requested', 'k', '{\"물\":1}')");
        var folder = Directory.CreateTempSubdirectory("eco2-backup-");
        try
        {
            await RunAsync("backup", database, folder.FullName);
            var restored = new NpgsqlConnectionStringBuilder(database) { Database = new NpgsqlConnectionStringBuilder(database).Database + "_restored" }.ConnectionString;
            await RunAsync("restore", restored, folder.FullName);

            const string Everything = "select table_schema || '.' || table_name || ' ' || (xpath('/row/c/text()', query_to_xml(format('select count(*) as c from %I.%I', table_schema, table_name), false, true, '')))[1]::text "
                + "from information_schema.tables where table_schema not in ('pg_catalog', 'information_schema') and table_type = 'BASE TABLE' order by 1";
            var before = await ReadAsync(database, Everything);
            Assert.Contains("scan.outbox 1", before);
            Assert.Equal(before, await ReadAsync(restored, Everything));
            // Also the rights of the apps' roles, and what keeps users apart.
            Assert.Equal(["{\"물\":1}"], await ReadAsync(restored, "set role eco2_scan; select payload from scan.outbox"));
            const string Guards = "select schemaname || '.' || tablename || ' ' || policyname from pg_policies order by 1";
            Assert.NotEmpty(await ReadAsync(database, Guards));
            Assert.Equal(await ReadAsync(database, Guards), await ReadAsync(restored, Guards));
        }
        finally
        {
            folder.Delete(recursive: true);
        }
    }

    private static Task<int[]> MigrateAsync(string database) => MigrateAsync(database, Job.Containers);

    /// <param name="database">Connection string of its owner.</param>
    /// <param name="containers">Of the job.</param>
    /// <param name="version">Another one means other passwords.</param>
    internal static async Task<int[]> MigrateAsync(string database, IEnumerable<Node> containers, string version = "") => await Task.WhenAll(containers.Select(async container =>
    {
        var app = container["name"].Text;
        var project = Path.GetFileNameWithoutExtension(Directory.GetFiles(Path.Combine(Checkout.Root, "services", app), "*.csproj").Single());
        var start = new ProcessStartInfo("dotnet", [Path.Combine(Checkout.Root, "artifacts/bin", project, "release", project + ".dll")]) { RedirectStandardOutput = true, WorkingDirectory = Path.GetTempPath() };
        foreach (var variable in container["env"].Items)
        {
            start.Environment[variable["name"].Text] = variable["valueFrom/secretKeyRef/name"].Text switch
            {
                "" => variable["value"].Text,
                "postgres" => database,
                var own => new NpgsqlConnectionStringBuilder(database) { Username = own.Replace("postgres-", "eco2_", StringComparison.Ordinal), Password = own + version }.ConnectionString,
            };
        }

        using var process = Process.Start(start)!;
        using var limit = new CancellationTokenSource(TimeSpan.FromSeconds(90));
        try
        {
            await Task.WhenAll(process.StandardOutput.ReadToEndAsync(limit.Token), process.WaitForExitAsync(limit.Token));
        }
        finally
        {
            process.Kill();
        }

        return process.ExitCode;
    }));

    private static async Task RunAsync(string block, string database, string folder)
    {
        var script = Block().Matches(await File.ReadAllTextAsync(Path.Combine(Checkout.Root, "deploy/backup.md"))).Single(match => match.Groups["name"].Value == block).Groups["script"].Value;
        var target = new NpgsqlConnectionStringBuilder(database);
        var start = new ProcessStartInfo("sh", ["-eu", "-c", script]) { RedirectStandardError = true };
        var bin = Directory.GetDirectories("/usr/lib/postgresql").Select(version => Path.Combine(version, "bin")).Where(Directory.Exists).Order(StringComparer.Ordinal).Last();
        foreach (var (name, value) in new Dictionary<string, string?>
        {
            ["PATH"] = $"{bin}:{Environment.GetEnvironmentVariable("PATH")}",
            ["PGHOST"] = target.Host,
            ["PGPORT"] = $"{target.Port}",
            ["PGUSER"] = target.Username,
            ["DATABASE"] = target.Database,
            ["FOLDER"] = folder,
        })
        {
            start.Environment[name] = value;
        }

        using var process = Process.Start(start)!;
        var errors = await process.StandardError.ReadToEndAsync();
        await process.WaitForExitAsync();
        Assert.True(process.ExitCode == 0, errors);
    }

    internal static async Task<List<string>> ReadAsync(string database, string sql)
    {
        await using var source = NpgsqlDataSource.Create(database);
        await using var command = source.CreateCommand(sql);
        await using var row = await command.ExecuteReaderAsync();
        var found = new List<string>();
        do
        {
            while (await row.ReadAsync())
            {
                found.Add(row.GetString(0));
            }
        }
        while (await row.NextResultAsync());
        return found;
    }

    [GeneratedRegex(@"```sh (?<name>\w+)\n(?<script>[\s\S]*?)```")]
    private static partial Regex Block();
}
