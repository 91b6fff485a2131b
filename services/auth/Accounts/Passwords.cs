using Microsoft.AspNetCore.Identity;
using Microsoft.Extensions.Options;

namespace Eco2.Auth.Accounts;

/// <summary>The framework's password hash, with a bound on how many are computed at once: each takes a processor for a tenth of a second.</summary>
internal sealed class Passwords : IDisposable
{
    private readonly PasswordHasher<object> hasher;
    private readonly SemaphoreSlim processors = new(Math.Max(1, Environment.ProcessorCount - 1));
    private readonly string nobodysHash;
    private static readonly object Nobody = new();

    public Passwords(IOptions<AuthOptions> options)
    {
        hasher = new PasswordHasher<object>(Options.Create(new PasswordHasherOptions { IterationCount = options.Value.PasswordIterations }));
        nobodysHash = hasher.HashPassword(Nobody, "an account that does not exist");
    }

    public Task<string> HashAsync(string password, CancellationToken ct) => RunAsync(() => hasher.HashPassword(Nobody, Composed(password)), ct);

    /// <summary>Works as long for an unknown account (null) as for a known one.</summary>
    public async Task<PasswordVerificationResult> VerifyAsync(string? hash, string password, CancellationToken ct)
    {
        var result = await RunAsync(() => hasher.VerifyHashedPassword(Nobody, hash ?? nobodysHash, Composed(password)), ct);
        return hash is null ? PasswordVerificationResult.Failed : result;
    }

    public void Dispose() => processors.Dispose();

    // The same Korean password typed on a phone and on a Mac is one password.
    private static string Composed(string password) => ServiceDefaults.Nfc.Compose(password);

    /// <summary>Slow hashing takes turns: it must not take every processor.</summary>
    public async Task<T> RunAsync<T>(Func<T> work, CancellationToken ct)
    {
        await processors.WaitAsync(ct);
        try
        {
            return await Task.Run(work, ct);
        }
        finally
        {
            processors.Release();
        }
    }
}
