using System.Net.Security;
using System.Security.Cryptography;
using System.Security.Cryptography.X509Certificates;

namespace EmbeddedSidecar.Components;

/// <summary>Whom we believe over TLS and who we are, all in PEM.</summary>
/// <param name="Authorities">Certificates of authorities, and then no others; null for those of the machine.</param>
/// <param name="Certificate">Null: we show none.</param>
internal sealed record ClientTls(string? Authorities, ClientCertificate? Certificate)
{
    /// <summary>As far as they were given; a certificate without its key, or a key without its certificate, is as none.</summary>
    /// <exception cref="CryptographicException">They are not what they should be.</exception>
    public static ClientTls Of(string? authorities, string? certificate, string? key)
    {
        if (authorities is not null && Read(authorities).Count == 0)
        {
            throw new CryptographicException("there is no certificate of an authority in it");
        }

        var own = certificate is null || key is null ? null : new ClientCertificate(certificate, key);
        own?.Load().Dispose();
        return new ClientTls(authorities, own);
    }

    /// <summary>What the handler of a client has to be told.</summary>
    public SslClientAuthenticationOptions Options()
    {
        var options = new SslClientAuthenticationOptions { ClientCertificateContext = Certificate?.Chain() };
        if (Authorities is not null)
        {
            options.CertificateChainPolicy = new X509ChainPolicy { TrustMode = X509ChainTrustMode.CustomRootTrust, RevocationMode = X509RevocationMode.NoCheck };
            options.CertificateChainPolicy.CustomTrustStore.AddRange(Read(Authorities));
        }

        return options;
    }

    /// <summary>Says nothing of the key.</summary>
    public override string ToString() => nameof(ClientTls);

    private static X509Certificate2Collection Read(string pem)
    {
        var certificates = new X509Certificate2Collection();
        certificates.ImportFromPem(pem);
        return certificates;
    }
}
