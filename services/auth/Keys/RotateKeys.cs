using Eco2.Auth.Sessions;
using Eco2.ServiceDefaults;
using Microsoft.AspNetCore.Http.HttpResults;

namespace Eco2.Auth.Keys;

/// <summary>A new signing key by command, and how the keys stand; for admins.</summary>
internal sealed class RotateKeys
{
    /// <param name="Kid">Its id, in the header of each token it signs.</param>
    /// <param name="State">next, signing, or verifying what it signed.</param>
    /// <param name="ActiveFrom">When it begins to sign, UTC.</param>
    /// <param name="ExpiresAt">When the last token it signed has expired, UTC.</param>
    public sealed record SigningKey(string Kid, string State, DateTimeOffset ActiveFrom, DateTimeOffset ExpiresAt);

    public sealed record Answer(IReadOnlyList<SigningKey> Keys);

    public static void Map(IEndpointRouteBuilder routes)
    {
        routes.MapPost("/signing-keys", RotateAsync).WithName("RotateSigningKeys").WithSummary("Publishes a new signing key; for admins.").OncePerKey();
        routes.MapGet("/signing-keys", ListAsync).WithName("ListSigningKeys").WithSummary("The signing keys and when they take over; for admins.");
    }

    private static async Task<Results<Created<SigningKey>, Ok<SigningKey>, ProblemHttpResult>> RotateAsync(CurrentUser user, HttpContext http, KeyRing ring, CancellationToken ct)
    {
        if (!user.Roles.Contains("admin", StringComparer.Ordinal))
        {
            return Problems.Forbidden();
        }

        var (next, isNew) = await ring.RotateAsync(user.Id, Caller.Of(http), ct);
        var key = new SigningKey(next.Id, "next", next.ActiveFrom, next.ExpiresAt);
        return isNew ? TypedResults.Created("/api/v1/auth/signing-keys", key) : TypedResults.Ok(key);
    }

    private static async Task<Results<Ok<Answer>, ProblemHttpResult>> ListAsync(CurrentUser user, KeyRing ring, CancellationToken ct)
    {
        if (!user.Roles.Contains("admin", StringComparer.Ordinal))
        {
            return Problems.Forbidden();
        }

        var keys = await ring.ReloadAsync(ct);
        var signing = await ring.SigningAsync(ct);
        return TypedResults.Ok(new Answer(
        [
            .. keys.Select(key => new SigningKey(
                key.Id, key.Id == signing.Id ? "signing" : key.ActiveFrom > signing.ActiveFrom ? "next" : "verifying", key.ActiveFrom, key.ExpiresAt)),
        ]));
    }
}
