using System.Net;
using System.Security.Cryptography;
using System.Security.Cryptography.X509Certificates;

namespace Eco2.Testing;

/// <summary>An authority of a test's own, with certificates for a server on this machine and for a client, as PEM files in a folder.</summary>
public sealed class TestCertificates : IDisposable
{
    private const string Between = "CN=the one between";

    private readonly DateTimeOffset now = TimeProvider.System.GetUtcNow();
    private readonly X509Certificate2 authority;

    /// <param name="server">The name or address that the server's certificate is for.</param>
    /// <param name="client">The common name of the client's.</param>
    /// <param name="intermediate">The authority has another one sign for it, whose certificate stands behind the client's in its file.</param>
    public TestCertificates(string server = "127.0.0.1", string client = "eco2", bool intermediate = false)
    {
        using var key = ECDsa.Create(ECCurve.NamedCurves.nistP256);
        authority = Authority("CN=authority of a test", key).CreateSelfSigned(now.AddDays(-1), now.AddDays(2));
        File.WriteAllText(CaFile, authority.ExportCertificatePem());
        var names = new SubjectAlternativeNameBuilder();
        if (IPAddress.TryParse(server, out var address))
        {
            names.AddIpAddress(address);
        }
        else
        {
            names.AddDnsName(server);
        }

        Issue(authority, "server", "CN=" + server, "1.3.6.1.5.5.7.3.1", names.Build());
        if (!intermediate)
        {
            Issue(authority, "client", "CN=" + client, "1.3.6.1.5.5.7.3.2", null);
            return;
        }

        using var own = ECDsa.Create(ECCurve.NamedCurves.nistP256);
        using var signed = Authority(Between, own).Create(authority, now.AddDays(-1), now.AddDays(1), RandomNumberGenerator.GetBytes(8));
        using var between = signed.CopyWithPrivateKey(own);
        Issue(between, "client", "CN=" + client, "1.3.6.1.5.5.7.3.2", null);
        File.AppendAllText(Path.Combine(Folder, "client.pem"), "\n" + between.ExportCertificatePem());
    }

    public string Folder { get; } = Directory.CreateTempSubdirectory("eco2-certificates-").FullName;

    public string CaFile => Path.Combine(Folder, "ca.pem");

    public string Ca => File.ReadAllText(CaFile);

    public string ClientCertificate => File.ReadAllText(Path.Combine(Folder, "client.pem"));

    public string ClientKey => File.ReadAllText(Path.Combine(Folder, "client-key.pem"));

    public void Dispose()
    {
        authority.Dispose();
        Directory.Delete(Folder, recursive: true);
    }

    private static CertificateRequest Authority(string subject, ECDsa key)
    {
        var request = new CertificateRequest(subject, key, HashAlgorithmName.SHA256);
        request.CertificateExtensions.Add(new X509BasicConstraintsExtension(true, true, subject == Between ? 0 : 1, true));
        request.CertificateExtensions.Add(new X509KeyUsageExtension(X509KeyUsageFlags.KeyCertSign, true));
        return request;
    }

    private void Issue(X509Certificate2 issuer, string file, string subject, string purpose, X509Extension? names)
    {
        using var key = ECDsa.Create(ECCurve.NamedCurves.nistP256);
        var request = new CertificateRequest(subject, key, HashAlgorithmName.SHA256);
        request.CertificateExtensions.Add(new X509EnhancedKeyUsageExtension([new Oid(purpose)], false));
        if (names is not null)
        {
            request.CertificateExtensions.Add(names);
        }

        using var issued = request.Create(issuer, now.AddDays(-1), now.AddDays(1), RandomNumberGenerator.GetBytes(8));
        File.WriteAllText(Path.Combine(Folder, file + ".pem"), issued.ExportCertificatePem());
        File.WriteAllText(Path.Combine(Folder, file + "-key.pem"), key.ExportPkcs8PrivateKeyPem());
    }
}
