using System.Text.Json.Nodes;
using System.Text.RegularExpressions;
using Eco2.Testing;
using Xunit;
using YamlDotNet.RepresentationModel;

namespace Eco2.Deploy.Tests.Kubernetes;

/// <summary>The commands of docs/operations.md for the password of one login, run as they stand there: the cluster is a stand-in that writes down what it is asked,
/// what it would run runs against a real PostgreSQL.</summary>
[Collection("logins")]
public sealed partial class RotationTests : IDisposable
{
    // The secret is fetched a while after it was asked for.
    private const string Kubectl =
        """
        #!/bin/sh
        case "$*" in "create "*) cat >"$FOLDER/created.json" ;; esac
        echo "$*" >>"$FOLDER/calls"
        case "$*" in
          "get externalsecret "*) if [ "$(grep -c annotate "$FOLDER/calls")" = 1 ] && [ "$(grep -c 'get externalsecret' "$FOLDER/calls")" -gt 2 ]; then echo later; else echo before; fi ;;
          "get job migrations -o json") cat "$FOLDER/job.json" ;;
          "create "*) echo job.batch/made ;;
        esac
        """;

    private readonly string folder = Directory.CreateTempSubdirectory("eco2-rotation-").FullName;

    [Fact]
    public async Task One_login_gets_its_new_password_and_the_others_keep_theirs()
    {
        var database = await PostgresCluster.CreateDatabaseAsync();
        var job = Overlay.Load("production").Find("Job", "migrations")!;
        Assert.All(await DatabaseTests.MigrateAsync(database, job.Containers), exit => Assert.Equal(0, exit));
        var before = await PasswordsAsync(database);

        var created = await RotateAsync(job);
        Assert.Empty(Schema.Complaints(created));
        Assert.Equal("eco2", created.Root["metadata/namespace"].Text);
        // The network lets the migrations job's pods to the database, by their labels; those of the job that it was are nobody else's.
        Assert.Equal(job.PodLabels, created.PodLabels);
        Assert.Equal(job.PodAnnotations, created.PodAnnotations);
        Assert.Equal(0, Assert.Single(await DatabaseTests.MigrateAsync(database, created.Containers, "-new")));

        var after = await PasswordsAsync(database);
        Assert.Equal(["eco2_scan"], before.Keys.Where(login => before[login] != after[login]));
        string[] wanted = ["get", "annotate", "get", "get", "get", "create", "wait", "delete", "rollout"];
        var calls = File.ReadAllLines(Path.Combine(folder, "calls"));
        Assert.Equal(wanted, calls.Select(call => call.Split(' ')[0]));
        Assert.Equal("rollout restart deployment/scan", calls[^1]);
        Assert.NotNull(Overlay.Load("production").Find("ExternalSecret", "postgres-scan"));
    }

    public void Dispose() => Directory.Delete(folder, recursive: true);

    private async Task<Manifest> RotateAsync(Manifest job)
    {
        var live = Json(job.Root.Yaml!)!;
        live["spec"]!["template"]!["metadata"]!["labels"]!["batch.kubernetes.io/controller-uid"] = "00000000-0000-0000-0000-000000000001";
        await File.WriteAllTextAsync(Path.Combine(folder, "job.json"), live.ToJsonString());
        await File.WriteAllTextAsync(Path.Combine(folder, "kubectl"), Kubectl);
        File.SetUnixFileMode(Path.Combine(folder, "kubectl"), UnixFileMode.UserRead | UnixFileMode.UserExecute);
        var script = Block().Match(await File.ReadAllTextAsync(Path.Combine(Checkout.Root, "docs/operations.md"))).Groups["script"].Value;

        var (exit, said) = await EcoRun.RunAsync("env", $"PATH={folder}:{Environment.GetEnvironmentVariable("PATH")}", $"FOLDER={folder}", "APP=scan", "sh", "-eu", "-c", script);
        Assert.True(exit == 0, said);
        return Manifest.Read(await File.ReadAllTextAsync(Path.Combine(folder, "created.json"))).Single();
    }

    private static async Task<Dictionary<string, string>> PasswordsAsync(string database) =>
        (await DatabaseTests.ReadAsync(database, "select rolname || ' ' || rolpassword from pg_authid where rolname like 'eco2\\_%' and rolpassword is not null")).Select(row => row.Split(' ')).ToDictionary(row => row[0], row => row[1]);

    private static JsonNode? Json(YamlNode node) => node switch
    {
        YamlMappingNode map => new JsonObject(map.Children.Select(pair => KeyValuePair.Create(((YamlScalarNode)pair.Key).Value!, Json(pair.Value)))),
        YamlSequenceNode list => new JsonArray([.. list.Children.Select(Json)]),
        _ when !new Node(node).IsText => JsonNode.Parse(((YamlScalarNode)node).Value!),
        _ => JsonValue.Create(((YamlScalarNode)node).Value),
    };

    [GeneratedRegex(@"```sh rotate-login\n(?<script>[\s\S]*?)```")]
    private static partial Regex Block();
}
