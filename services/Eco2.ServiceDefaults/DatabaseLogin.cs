using System.Security.Cryptography;
using System.Text;
using Npgsql;

namespace Eco2.ServiceDefaults;

/// <summary>Who connects to the database.</summary>
/// <param name="App">The app's connection string.</param>
/// <param name="Owner">The owner's; null when this process may not migrate.</param>
/// <param name="Password">Of the app's own login; null when the app has none and gives up the owner's rights instead.</param>
internal sealed record DatabaseLogin(string App, string? Owner, string? Password)
{
    private const int Iterations = 4096;

    public static DatabaseLogin Of(ServiceIdentity service, string app, string? owner)
    {
        var given = new NpgsqlConnectionStringBuilder(app);
        var isOwn = given.Username == service.Role;
        return new DatabaseLogin(app, owner ?? (isOwn ? null : app), isOwn ? given.Password : null);
    }

    /// <summary>What PostgreSQL keeps of a password (SCRAM-SHA-256, RFC 5803), so that the password itself is in no statement and no log.</summary>
    public static string Verifier(string password)
    {
        var salt = RandomNumberGenerator.GetBytes(16);
        var salted = Rfc2898DeriveBytes.Pbkdf2(Encoding.UTF8.GetBytes(password), salt, Iterations, HashAlgorithmName.SHA256, 32);
        var stored = SHA256.HashData(HMACSHA256.HashData(salted, "Client Key"u8));
        var server = HMACSHA256.HashData(salted, "Server Key"u8);
        return $"SCRAM-SHA-256${Iterations}:{Convert.ToBase64String(salt)}${Convert.ToBase64String(stored)}:{Convert.ToBase64String(server)}";
    }
}
