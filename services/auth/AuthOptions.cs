using System.ComponentModel.DataAnnotations;

namespace Eco2.Auth;

/// <summary>The section "Auth".</summary>
internal sealed class AuthOptions
{
    /// <value>Who signs the tokens; <c>eco2</c>.</value>
    [Required]
    public string Issuer { get; init; } = "eco2";

    /// <value>Whom the tokens are for; <c>eco2-api</c>.</value>
    [Required]
    public string Audience { get; init; } = "eco2-api";

    /// <value>15 minutes.</value>
    [Range(typeof(TimeSpan), "00:00:01", "01:00:00")]
    public TimeSpan AccessLifetime { get; init; } = TimeSpan.FromMinutes(15);

    /// <value>30 days.</value>
    [Range(typeof(TimeSpan), "00:01:00", "90.00:00:00")]
    public TimeSpan RefreshLifetime { get; init; } = TimeSpan.FromDays(30);

    /// <value>PBKDF2-HMAC-SHA512 rounds, 210,000 (OWASP's figure for this function); older hashes are renewed at the next sign-in.</value>
    [Range(1_000, 10_000_000)]
    public int PasswordIterations { get; init; } = 210_000;

    /// <value>Wrong passwords before back-off begins: 10 per account and address, ten times that per account.</value>
    [Range(1, 1000)]
    public int FreeAttempts { get; init; } = 10;

    /// <value>The longest back-off, 15 minutes; also how long failures are remembered.</value>
    public TimeSpan LongestBackOff { get; init; } = TimeSpan.FromMinutes(15);

    /// <value>How long a key signs before the next one takes over, 90 days.</value>
    public TimeSpan KeyLifetime { get; init; } = TimeSpan.FromDays(90);

    /// <value>How often a replica reads the keys again, and how long verifiers may keep them, 5 minutes. A key made by command signs after three times this.</value>
    [Range(typeof(TimeSpan), "00:00:00.100", "00:15:00")]
    public TimeSpan KeyRefresh { get; init; } = TimeSpan.FromMinutes(5);

    /// <value>What encrypts secrets in the database: random text of at least 32 characters; after commas older ones that still decrypt. Absent: the secret <c>auth-encryption-key</c>.</value>
    public string? EncryptionKey { get; init; }

    /// <value>Where the page is, for links in mails; <c>http://127.0.0.1:8080</c>.</value>
    [Required, Url]
    public string PublicUrl { get; init; } = "http://127.0.0.1:8080";

    /// <value>E-mail addresses of the accounts that get the role admin, none; for sessions that have shown a second factor, once the address is verified.</value>
    public IReadOnlyList<string> Admins { get; init; } = [];

    /// <value>True: cookies travel over https only. False is for plain http on one machine.</value>
    public bool SecureCookies { get; init; } = true;
}
