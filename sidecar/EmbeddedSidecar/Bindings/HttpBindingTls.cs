using System.Security.Cryptography;
using EmbeddedSidecar.Apps;
using EmbeddedSidecar.Components;

namespace EmbeddedSidecar.Bindings;

/// <summary>The certificates of bindings.http: each in PEM, or the name of a file.</summary>
internal sealed class HttpBindingTls(ComponentContext context)
{
    private readonly string? _authorities = context.Metadata.Optional("MTLSRootCA");
    private readonly string? _certificate = context.Metadata.Optional("MTLSClientCert");
    private readonly string? _key = context.Metadata.Optional("MTLSClientKey");
    private readonly bool _renegotiates = context.Metadata.Optional("MTLSRenegotiation") switch
    {
        null or "RenegotiateNever" => false,
        "RenegotiateOnceAsClient" or "RenegotiateFreelyAsClient" => true,
        var other => throw context.Metadata.Refuse("MTLSRenegotiation", $"is no way to renegotiate: \"{other}\""),
    };

    /// <exception cref="SidecarConfigurationException">A file is not there, or something is not what it should be.</exception>
    public async Task<(ClientTls Tls, bool Renegotiates)> ReadAsync(CancellationToken ct)
    {
        var authorities = await PemAsync("MTLSRootCA", _authorities, ct);
        // Dapr looks at neither without the other.
        var both = _certificate is not null && _key is not null;
        var certificate = both ? await PemAsync("MTLSClientCert", _certificate, ct) : null;
        var key = both ? await PemAsync("MTLSClientKey", _key, ct) : null;
        try
        {
            return (ClientTls.Of(authorities, certificate, key), _renegotiates);
        }
        catch (Exception unreadable) when (unreadable is CryptographicException or ArgumentException)
        {
            throw context.Metadata.Refuse("MTLSRootCA, MTLSClientCert, MTLSClientKey", $"hold what is no certificate or not its key: {unreadable.Message}");
        }
    }

    private async Task<string?> PemAsync(string name, string? given, CancellationToken ct)
    {
        if (given is null || PemEncoding.TryFind(given, out _))
        {
            return given;
        }

        try
        {
            return await File.ReadAllTextAsync(context.App.Settings.FullPath(given), ct);
        }
        catch (Exception missing) when (missing is IOException or UnauthorizedAccessException or ArgumentException)
        {
            throw context.Metadata.Refuse(name, "is neither in PEM nor a file that can be read");
        }
    }
}
