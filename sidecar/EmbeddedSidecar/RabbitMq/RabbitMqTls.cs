using System.Net.Security;
using System.Security.Cryptography;
using System.Security.Cryptography.X509Certificates;
using EmbeddedSidecar.Components;
using RabbitMQ.Client;

namespace EmbeddedSidecar.RabbitMq;

/// <summary>What holds for an amqps connection: whom we believe, and who we are.</summary>
/// <param name="CaCert">Certificates of authorities in PEM; null for those of the machine.</param>
/// <param name="SaslExternal">The server takes our name from our certificate and not from a password.</param>
internal sealed record RabbitMqTls(string? CaCert, ClientCertificate? Certificate, bool SaslExternal)
{
    // TLS web server authentication.
    private static readonly Oid _server = new("1.3.6.1.5.5.7.3.1");

    public static RabbitMqTls From(ComponentMetadata metadata)
    {
        var (authorities, certificate, key) = (Pem(metadata, "caCert"), Pem(metadata, "clientCert"), Pem(metadata, "clientKey"));
        var external = metadata.Flag("saslExternal", false);
        return external && (authorities is null || certificate is null || key is null)
            ? throw metadata.Refuse("saslExternal", "needs caCert, clientCert and clientKey")
            : new RabbitMqTls(authorities, ClientCertificate.Pair(metadata, certificate, key), external);
    }

    public void Apply(ConnectionFactory factory)
    {
        factory.Ssl.Enabled = true;
        factory.Ssl.ServerName = factory.HostName;
        if (CaCert is not null)
        {
            var authorities = Read(CaCert);
            factory.Ssl.CertificateValidationCallback = (_, certificate, chain, errors) => IsIssuedBy(authorities, certificate, chain, errors);
        }

        if (Certificate is not null)
        {
            factory.Ssl.Certs = [Certificate.Load()];
        }

        if (SaslExternal)
        {
            factory.AuthMechanisms = [new ExternalMechanismFactory()];
        }
    }

    // These authorities only: those of the machine do not count beside them.
    private static bool IsIssuedBy(X509Certificate2Collection authorities, X509Certificate? certificate, X509Chain? chain, SslPolicyErrors errors)
    {
        if (certificate is not X509Certificate2 server || (errors & ~SslPolicyErrors.RemoteCertificateChainErrors) != SslPolicyErrors.None)
        {
            return false;
        }

        using var ours = new X509Chain();
        ours.ChainPolicy.TrustMode = X509ChainTrustMode.CustomRootTrust;
        ours.ChainPolicy.CustomTrustStore.AddRange(authorities);
        ours.ChainPolicy.RevocationMode = X509RevocationMode.NoCheck;
        ours.ChainPolicy.ApplicationPolicy.Add(_server);
        if (chain is not null)
        {
            ours.ChainPolicy.ExtraStore.AddRange(chain.ChainPolicy.ExtraStore);
        }

        return ours.Build(server);
    }

    private static X509Certificate2Collection Read(string pem)
    {
        var certificates = new X509Certificate2Collection();
        certificates.ImportFromPem(pem);
        return certificates;
    }

    private static string? Pem(ComponentMetadata metadata, string name)
    {
        if (metadata.Exactly(name) is not { } text)
        {
            return null;
        }

        try
        {
            if (PemEncoding.TryFind(text, out _) && (name != "caCert" || Read(text).Count > 0))
            {
                return text;
            }
        }
        catch (CryptographicException)
        {
            // In PEM, but not what it says.
        }

        throw metadata.Refuse(name, "is not in PEM");
    }
}
