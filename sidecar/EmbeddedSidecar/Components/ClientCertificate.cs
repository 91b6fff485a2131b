using System.Net.Security;
using System.Security.Cryptography;
using System.Security.Cryptography.X509Certificates;

namespace EmbeddedSidecar.Components;

/// <summary>The certificate and the key that show a server who we are, both PEM: <c>clientCert</c> and <c>clientKey</c> of a component.</summary>
internal sealed record ClientCertificate(string Certificate, string Key)
{
    /// <summary>Null unless both are given.</summary>
    /// <exception cref="SidecarConfigurationException">They are no pair.</exception>
    public static ClientCertificate? Pair(ComponentMetadata metadata, string? certificate, string? key)
    {
        if (certificate is null || key is null)
        {
            return null;
        }

        var pair = new ClientCertificate(certificate, key);
        try
        {
            pair.Load().Dispose();
            return pair;
        }
        catch (Exception unreadable) when (unreadable is CryptographicException or ArgumentException)
        {
            throw metadata.Refuse("clientCert", $"and clientKey are no certificate and its key in PEM: {unreadable.Message}");
        }
    }

    public X509Certificate2 Load() => X509Certificate2.CreateFromPem(Certificate, Key);

    /// <summary>The certificate with those behind it in the file, which lead from it to one that the server knows.</summary>
    public SslStreamCertificateContext Chain()
    {
        var all = new X509Certificate2Collection();
        all.ImportFromPem(Certificate);
        return SslStreamCertificateContext.Create(Load(), all, offline: true);
    }

    /// <summary>Says nothing of the key.</summary>
    public override string ToString() => nameof(ClientCertificate);
}
