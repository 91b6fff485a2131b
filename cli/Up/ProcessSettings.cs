using System.Collections.Concurrent;
using Eco2.Cli.Machine;

namespace Eco2.Cli.Up;

/// <summary>Where the private servers are; a port is null when the target does not want that server.</summary>
/// <param name="Postgres">Connection string of the database's owner.</param>
internal sealed record PrivateServers(string Postgres, int? RedisPort, int? RabbitMqPort);

/// <summary>What the processes of a run are told by environment variables: all of them the same, the sidecars also how to reach messages and state,
/// an app also its own secrets. Nobody else's are among them, and the database owner's are nobody's but the migrations'.</summary>
internal sealed class ProcessSettings(Workspace workspace, RunPlan plan, Secrets secrets, PrivateServers servers)
{
    // New at each run, like the tokens; the replicas of an app share one.
    private readonly ConcurrentDictionary<string, string> databasePasswords = new(StringComparer.Ordinal);

    /// <summary>A database that the user named. Whose login it is we cannot know, so the apps migrate there by themselves.</summary>
    private static string? GivenDatabase => Environment.GetEnvironmentVariable("ECO2_POSTGRES") is { Length: > 0 } given ? given : null;

    /// <summary>An app with a database that is ours: somebody else must migrate before it starts.</summary>
    public static bool NeedsMigrations(AppPlan app) => GivenDatabase is null && Directory.Exists(Path.Combine(app.Folder, "Migrations"));

    public Dictionary<string, string> Common()
    {
        string Folder(string name) => Directory.CreateDirectory(Path.Combine(workspace.State, name)).FullName;
        return new Dictionary<string, string>
        {
            ["ECO2_OBJECTS_DIR"] = Folder("objects"),
            ["ECO2_MAIL_DIR"] = Folder("mail"),
            // New at each run: only what this run started may talk to its sidecars and apps.
            ["DAPR_API_TOKEN"] = Secrets.Password(),
            ["APP_API_TOKEN"] = Secrets.Password(),
            // A dozen small processes on one machine: memory matters more than the last bit of throughput.
            ["DOTNET_gcServer"] = "0",
            ["DOTNET_GCConserveMemory"] = "5",
            ["DOTNET_TieredPGO"] = "0",
            ["DOTNET_GCgen0size"] = "400000",
            ["MALLOC_ARENA_MAX"] = "2",
            // What the compiler allocated while an app started goes back to the system instead of waiting for more.
            ["MALLOC_TRIM_THRESHOLD_"] = "65536",
            ["MALLOC_MMAP_THRESHOLD_"] = "65536",
            ["MALLOC_TOP_PAD_"] = "16384",
        };
    }

    /// <summary>What components read by envRef.</summary>
    public Dictionary<string, string> OfSidecars()
    {
        var environment = new Dictionary<string, string>();
        if (servers.RedisPort is not null)
        {
            environment["ECO2_REDIS_HOST"] = $"127.0.0.1:{servers.RedisPort}";
            environment["ECO2_REDIS_PASSWORD"] = secrets.Redis;
        }

        if (servers.RabbitMqPort is { } port)
        {
            environment["ECO2_RABBITMQ"] = PrivateRabbitMq.Url(secrets, port);
        }

        if (plan.Target.WantsStateDatabase)
        {
            environment["ECO2_STATE_POSTGRES"] = PrivatePostgres.StateDatabase(servers.Postgres);
        }

        return environment;
    }

    public Dictionary<string, string> OfApp(AppPlan app, IReadOnlyDictionary<string, string> common)
    {
        var environment = new Dictionary<string, string>(
            common.Concat(OwnSecrets(app)).Concat(OfDapr(app)).Concat(app.Environment).GroupBy(pair => pair.Key, StringComparer.Ordinal).Select(group => group.Last()));
        if (app.MetricsPort is { } port)
        {
            environment["ECO2_METRICS_URL"] = $"http://127.0.0.1:{port}";
        }

        return environment;
    }

    // What the Dapr CLI tells an app of a run file; the file's own variables count more there too.
    private static Dictionary<string, string> OfDapr(AppPlan app)
    {
        var told = new Dictionary<string, string>
        {
            ["APP_ID"] = app.AppId,
            // Empty when the file says nothing.
            ["APP_CHANNEL_ADDRESS"] = app.ChannelAddress,
            ["APP_PROTOCOL"] = app.Protocol,
            ["DAPR_HTTP_PORT"] = $"{app.DaprHttpPort}",
            ["DAPR_GRPC_PORT"] = $"{app.DaprGrpcPort}",
        };
        foreach (var (name, port) in (ReadOnlySpan<(string, int)>)[("APP_PORT", app.AppPort), ("DAPR_METRICS_PORT", app.SidecarMetricsPort)])
        {
            if (port > 0)
            {
                told[name] = $"{port}";
            }
        }

        return told;
    }

    private Dictionary<string, string> OwnSecrets(AppPlan app)
    {
        var own = new Dictionary<string, string>();
        if (app.AppId == "auth")
        {
            own["Auth__EncryptionKey"] = secrets.Encryption;
        }

        if (GivenDatabase is { } given)
        {
            own["ECO2_POSTGRES"] = given;
        }
        else if (NeedsMigrations(app))
        {
            own["ECO2_POSTGRES"] = PrivatePostgres.Login(servers.Postgres, app.AppId, databasePasswords.GetOrAdd(app.AppId, _ => Secrets.Password()));
        }

        return own;
    }
}
