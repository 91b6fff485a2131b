using System.Collections.Frozen;
using System.Net;
using Microsoft.Extensions.Options;

namespace Eco2.Auth.Providers;

/// <summary>A provider that is configured.</summary>
internal sealed record Provider(string Id, ProviderOptions Settings)
{
    public string ClientId => Settings.ClientId!;
}

/// <summary>Those that people can sign in with: the ones with a client. Their addresses come from the settings and nowhere else.</summary>
internal sealed class ConfiguredProviders
{
    // Words that mean something else in a session or a path.
    private static readonly FrozenSet<string> Taken = FrozenSet.Create(
        StringComparer.Ordinal, "password", "issuer", "account", "audit", "email", "keys", "logout", "logout-all", "providers", "refresh", "second-factor", "sessions", "sign-in", "sign-up", "signing-keys", "totp");

    private readonly FrozenDictionary<string, Provider> all;

    public ConfiguredProviders(IOptions<ProvidersOptions> options)
    {
        all = options.Value.Providers
            .Where(pair => !string.IsNullOrEmpty(pair.Value.ClientId))
            .Select(pair => new Provider(pair.Key.ToLowerInvariant(), Presets.Complete(pair.Key.ToLowerInvariant(), pair.Value)))
            .Select(Checked)
            .ToFrozenDictionary(p => p.Id, StringComparer.Ordinal);
    }

    public IEnumerable<Provider> All => all.Values.OrderBy(p => p.Id, StringComparer.Ordinal);

    public Provider? Find(string id) => all.GetValueOrDefault(id);

    /// <summary>https, or plain http on this machine.</summary>
    public static bool IsSafe(Uri? address) =>
        address is { IsAbsoluteUri: true, UserInfo: "" } && (address.Scheme == Uri.UriSchemeHttps || (address.Scheme == Uri.UriSchemeHttp && IPAddress.TryParse(address.Host, out var ip) && IPAddress.IsLoopback(ip)));

    private static Provider Checked(Provider provider)
    {
        var s = provider.Settings;
        var (id, where) = (provider.Id, $"Auth:Providers:{provider.Id}");
        if (id.Length > 30 || !id.All(c => char.IsAsciiLetterLower(c) || char.IsAsciiDigit(c) || c == '-') || Taken.Contains(id))
        {
            throw new InvalidOperationException($"{where}: this cannot be the name of a provider.");
        }

        Uri?[] addresses = s.Issuer is not null ? [s.Issuer] : [s.AuthorizationEndpoint, s.TokenEndpoint, s.UserInfoEndpoint];
        return addresses.All(IsSafe)
            ? provider
            : throw new InvalidOperationException($"{where} needs an Issuer, or AuthorizationEndpoint, TokenEndpoint and UserInfoEndpoint, as https addresses.");
    }
}
