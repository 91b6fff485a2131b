using System.Text.Json;

namespace Eco2.Cli.Up;

/// <summary>What is running, written for the other commands and for whoever starts next.</summary>
/// <param name="Redis">host:port; null when the target wants none. RabbitMq likewise.</param>
internal sealed record RunRecord(int Pid, string Url, string Postgres, string? Redis, string? RabbitMq, IReadOnlyList<RunningServer> Servers, IReadOnlyList<RunningApp> Apps)
{
    private static readonly JsonSerializerOptions Json = new(JsonSerializerDefaults.Web) { WriteIndented = true };

    public static RunRecord? Read(string file)
    {
        try
        {
            return JsonSerializer.Deserialize<RunRecord>(File.ReadAllText(file), Json);
        }
        catch (Exception absent) when (absent is FileNotFoundException or DirectoryNotFoundException or JsonException)
        {
            return null;
        }
    }

    public async Task WriteAsync(string file, CancellationToken ct)
    {
        // It holds a connection string.
        await using var stream = new FileStream(file + ".new", new FileStreamOptions
        {
            Mode = FileMode.Create,
            Access = FileAccess.Write,
            UnixCreateMode = UnixFileMode.UserRead | UnixFileMode.UserWrite,
        });
        await JsonSerializer.SerializeAsync(stream, this, Json, ct);
        stream.Close();
        File.Move(file + ".new", file, overwrite: true);
    }

    /// <summary>True while the eco2 that wrote it lives.</summary>
    public bool IsAlive() => StaleServer.IsRunning(Pid, "dotnet");
}

/// <summary>A private server. Its process id changes when it is started again.</summary>
internal sealed record RunningServer(string Name, int? Pid);

/// <summary>One process of one app. Its process id changes when it is started again.</summary>
internal sealed record RunningApp(string Name, string AppId, int? Pid, int Port, int DaprHttpPort, int DaprGrpcPort);
