using Eco2.ServiceDefaults;

namespace Eco2.Auth.Keys;

/// <summary>Answers and requests of this app hold passwords, tokens and keys: what is kept of them gives none away to whoever has a copy of the database.</summary>
internal static class SealedAnswers
{
    public static readonly IdempotentPost.Sealing Of = new(
        (services, answer, use, ct) => services.GetRequiredService<Encryption>().EncryptAsync(answer, use, ct),
        (services, answer, use, ct) => services.GetRequiredService<Encryption>().DecryptAsync(answer, use, ct),
        (services, request, ct) => services.GetRequiredService<Encryption>().FingerprintAsync(request, ct));
}
