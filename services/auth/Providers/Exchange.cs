using System.Text;
using System.Text.Json;
using Dapr.Client;
using Eco2.ServiceDefaults;

namespace Eco2.Auth.Providers;

/// <summary>Somebody, as a provider knows them.</summary>
/// <param name="Subject">Of the provider's own making; the only thing that an account is found by.</param>
/// <param name="Email">As it was said, or null.</param>
/// <param name="EmailVerified">The provider says that it is theirs.</param>
/// <param name="Nickname">At most 120 characters, or null.</param>
internal sealed record ProviderIdentity(string Subject, string? Email, bool EmailVerified, string? Nickname);

/// <summary>Changes a code for the identity behind it.</summary>
internal sealed class Exchange(Discovery discovery, IdToken idTokens, ProviderHttp http, DaprClient dapr)
{
    private const string SecretStore = "secrets";
    private const int MaxSubject = 255, MaxNickname = 120;

    /// <exception cref="ProviderException">No identity came of it.</exception>
    public async Task<ProviderIdentity> IdentityAsync(Provider provider, Uri callback, string code, string state, string browser, CancellationToken ct)
    {
        var endpoints = await discovery.EndpointsAsync(provider, ct);
        using var answer = await http.PostAsync(provider.Id, endpoints.Token, await FormAsync(provider, callback, code, state, browser, ct), await BasicAsync(provider, ct), ct);
        if (endpoints.KeySet is not null)
        {
            var token = Claims.Text(answer.RootElement, "id_token") ?? throw new ProviderException("The provider sent no ID token.");
            return Read(await idTokens.VerifyAsync(provider, endpoints, token, PendingSignIns.Nonce(state, browser), ct), provider.Settings);
        }

        // Some answer 200 with an error inside.
        var access = Claims.Text(answer.RootElement, "access_token") is { Length: > 0 and <= 8192 } text && text.All(c => c is > ' ' and < '\x7f')
            ? text
            : throw new ProviderException("The provider sent no access token.");
        using var user = await http.GetAsync(provider.Id, endpoints.UserInfo!, access, ct);
        return Read(user.RootElement, provider.Settings);
    }

    private async Task<Dictionary<string, string>> FormAsync(Provider provider, Uri callback, string code, string state, string browser, CancellationToken ct)
    {
        var form = new Dictionary<string, string> { ["grant_type"] = "authorization_code", ["code"] = code, ["redirect_uri"] = callback.AbsoluteUri };
        if (provider.Settings.BasicAuthentication != true)
        {
            form["client_id"] = provider.ClientId;
            form["client_secret"] = await SecretAsync(provider, ct);
        }

        if (provider.Settings.Pkce == true)
        {
            form["code_verifier"] = PendingSignIns.Verifier(state, browser);
        }

        if (provider.Settings.StateInTokenRequest == true)
        {
            form["state"] = state;
        }

        return form;
    }

    /// <summary>RFC 6749 2.3.1: both parts are encoded as in a form first.</summary>
    private async Task<string?> BasicAsync(Provider provider, CancellationToken ct) => provider.Settings.BasicAuthentication == true
        ? Convert.ToBase64String(Encoding.ASCII.GetBytes($"{Uri.EscapeDataString(provider.ClientId)}:{Uri.EscapeDataString(await SecretAsync(provider, ct))}"))
        : null;

    /// <summary>Asked of the store each time, so that a new one holds at once.</summary>
    private async Task<string> SecretAsync(Provider provider, CancellationToken ct) => provider.Settings.ClientSecret is { Length: > 0 } secret
        ? secret
        : (await dapr.GetSecretAsync(SecretStore, $"{provider.Id}-client-secret", cancellationToken: ct)).Values.First();

    private static ProviderIdentity Read(JsonElement said, ProviderOptions settings)
    {
        var subject = Claims.At(said, settings.Subject) switch
        {
            { ValueKind: JsonValueKind.String } text => Claims.Text(text),
            { ValueKind: JsonValueKind.Number } number => number.GetRawText(),
            _ => null,
        };
        if (subject is not { Length: > 0 and <= MaxSubject } || subject.Any(char.IsControl))
        {
            throw new ProviderException("The provider does not say who it is.");
        }

        var nickname = Text(settings.Nickname) is { } name ? Nfc.Compose(Invisible.WithoutIn(name)).Trim() : null;
        return new ProviderIdentity(
            subject, Text(settings.Email), Claims.At(said, settings.EmailVerified) is { ValueKind: JsonValueKind.True }, nickname is { Length: > 0 and <= MaxNickname } ? nickname : null);

        string? Text(string? path) => Claims.Text(Claims.At(said, path));
    }
}
