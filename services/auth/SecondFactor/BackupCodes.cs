using System.Security.Cryptography;
using System.Text;
using Eco2.Auth.Accounts;
using Eco2.ServiceDefaults;
using Microsoft.Extensions.Options;
using Npgsql;

namespace Eco2.Auth.SecondFactor;

/// <summary>Ten codes for the day the phone is gone: 50 random bits each, kept as slow hashes with one salt per account, each used once.</summary>
internal sealed class BackupCodes(Passwords passwords, IOptions<AuthOptions> options)
{
    private const int Many = 10, Letters = 10, SaltBytes = 16, HashBytes = 32;

    // Without i, l, o and u: nobody mistakes one for a digit.
    private const string Alphabet = "0123456789abcdefghjkmnpqrstvwxyz";

    private const string Salt = "update accounts set backup_salt = $2, backup_rounds = $3 where id = $1";
    private const string Clear = "delete from backup_codes where account_id = $1";
    private const string Insert = "insert into backup_codes (account_id, hash) select $1, unnest($2::bytea[])";

    public sealed record Set(IReadOnlyList<string> Codes, byte[] Salt, int Rounds, byte[][] Hashes);

    public async Task<Set> MakeAsync(CancellationToken ct)
    {
        var (salt, rounds) = (RandomNumberGenerator.GetBytes(SaltBytes), options.Value.PasswordIterations);
        var codes = Enumerable.Range(0, Many).Select(_ => RandomNumberGenerator.GetString(Alphabet, Letters)).ToList();
        var hashes = new List<byte[]>();
        foreach (var code in codes)
        {
            hashes.Add(await HashAsync(code, salt, rounds, ct));
        }

        return new Set([.. codes.Select(code => $"{code[..5]}-{code[5..]}")], salt, rounds, [.. hashes]);
    }

    /// <summary>Puts these codes in the place of the old ones.</summary>
    public static IEnumerable<NpgsqlBatchCommand> Replace(Guid accountId, Set set) =>
    [
        new NpgsqlBatchCommand(Clear).With(accountId),
        new NpgsqlBatchCommand(Salt).With(accountId, set.Salt, set.Rounds),
        new NpgsqlBatchCommand(Insert).With(accountId, set.Hashes),
    ];

    public static NpgsqlBatchCommand Remove(Guid accountId) => new NpgsqlBatchCommand(Clear).With(accountId);

    /// <summary>As people type them: with or without the hyphen, spaces and capitals, o for 0 and l or i for 1. Null for what cannot be one.</summary>
    public static string? Read(string text)
    {
        var code = string.Concat(text.ToLowerInvariant().Where(c => c is not ('-' or ' ')).Select(c => c switch { 'o' => '0', 'i' or 'l' => '1', _ => c }));
        return code.Length == Letters && code.All(c => Alphabet.Contains(c, StringComparison.Ordinal)) ? code : null;
    }

    public Task<byte[]> HashAsync(string code, byte[] salt, int rounds, CancellationToken ct) =>
        passwords.RunAsync(() => Rfc2898DeriveBytes.Pbkdf2(Encoding.ASCII.GetBytes(code), salt, rounds, HashAlgorithmName.SHA512, HashBytes), ct);
}
