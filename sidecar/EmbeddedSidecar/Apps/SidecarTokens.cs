using System.Security.Cryptography;
using System.Text;

namespace EmbeddedSidecar.Apps;

/// <summary>The two tokens of a sidecar: what callers must send, and what the app is sent.</summary>
internal sealed class SidecarTokens(AppSettings settings)
{
    public const string Header = "dapr-api-token";

    private readonly byte[]? _api = Bytes(settings.ApiToken ?? settings.Variable("DAPR_API_TOKEN"));

    /// <summary>Sent with every call into the app, or null.</summary>
    public string? App { get; } = (settings.AppToken ?? settings.Variable("APP_API_TOKEN")) is { Length: > 0 } token ? token : null;

    public bool IsCallerAllowed(IHeaderDictionary headers) =>
        _api is null || CryptographicOperations.FixedTimeEquals(Encoding.UTF8.GetBytes(headers[Header].ToString()), _api);

    private static byte[]? Bytes(string? token) => string.IsNullOrEmpty(token) ? null : Encoding.UTF8.GetBytes(token);
}

internal static class AppEnvironment
{
    /// <summary>A variable as this app's daprd would see it: the run file's env first, then the process's own.</summary>
    public static string? Variable(this AppSettings settings, string name) =>
        settings.Environment.TryGetValue(name, out var value) ? value : Environment.GetEnvironmentVariable(name);

    /// <summary>A path in a component as this app's daprd would take it.</summary>
    public static string FullPath(this AppSettings settings, string path) =>
        Path.GetFullPath(path, settings.WorkingDirectory ?? Environment.CurrentDirectory);
}
