using System.Text.Json;
using System.Text.Json.Serialization;

namespace Eco2.LoadGenerator;

/// <summary>Somebody who scans: an account of the system with its tokens and its uploaded pictures.</summary>
public sealed class Account
{
    public required string Email { get; init; }

    public required string Password { get; init; }

    public Guid UserId { get; set; }

    public string AccessToken { get; set; } = "";

    public string RefreshToken { get; set; } = "";

    public DateTimeOffset ExpiresAt { get; set; }

    /// <summary>Keys of the pictures it may scan.</summary>
    public List<string> Pictures { get; init; } = [];

    /// <summary>One at a time renews the tokens.</summary>
    [JsonIgnore]
    internal SemaphoreSlim Renewing { get; } = new(1);

    internal string Bearer => $"Bearer {AccessToken}";
}

/// <summary>Keeps accounts between runs on the same system: a password costs the system a tenth of a second each time it is looked at.</summary>
public static class AccountFile
{
    public static async Task<List<Account>> ReadAsync(string path, CancellationToken ct)
    {
        if (!File.Exists(path))
        {
            return [];
        }

        await using var file = File.OpenRead(path);
        return await JsonSerializer.DeserializeAsync(file, AccountJson.Default.ListAccount, ct) ?? [];
    }

    public static async Task WriteAsync(string path, List<Account> accounts, CancellationToken ct)
    {
        await using var file = new FileStream(path, new FileStreamOptions
        {
            Mode = FileMode.Create,
            Access = FileAccess.Write,
            UnixCreateMode = UnixFileMode.UserRead | UnixFileMode.UserWrite,
        });
        await JsonSerializer.SerializeAsync(file, accounts, AccountJson.Default.ListAccount, ct);
    }
}

[JsonSourceGenerationOptions(JsonSerializerDefaults.Web, PropertyNamingPolicy = JsonKnownNamingPolicy.SnakeCaseLower)]
[JsonSerializable(typeof(List<Account>))]
[JsonSerializable(typeof(Credentials))]
[JsonSerializable(typeof(Session))]
[JsonSerializable(typeof(Renewal))]
[JsonSerializable(typeof(List<OwnedCharacter>))]
internal sealed partial class AccountJson : JsonSerializerContext;

internal sealed record Credentials(string Email, string Password);

internal sealed record Session(Guid UserId, string AccessToken, int ExpiresIn, string RefreshToken);

internal sealed record Renewal(string RefreshToken);

/// <summary>A character that an account has won.</summary>
public sealed record OwnedCharacter(string Code, DateTimeOffset AcquiredAt);
