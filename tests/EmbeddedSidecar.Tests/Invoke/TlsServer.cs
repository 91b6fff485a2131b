using System.Security.Cryptography.X509Certificates;
using Eco2.Testing;
using Microsoft.AspNetCore.Builder;
using Microsoft.AspNetCore.Hosting;
using Microsoft.AspNetCore.Http;
using Microsoft.AspNetCore.Server.Kestrel.Https;

namespace EmbeddedSidecar.Tests.Invoke;

/// <summary>A server outside that speaks TLS only, and answers those alone whose certificate leads to its authority: with their name.</summary>
internal sealed class TlsServer : IAsyncDisposable
{
    private readonly WebApplication _web;

    private TlsServer(WebApplication web) => _web = web;

    public string Address => _web.Urls.First();

    public static async Task<TlsServer> StartAsync(TestCertificates certificates)
    {
        var authority = X509Certificate2.CreateFromPem(certificates.Ca);
        var certificate = X509Certificate2.CreateFromPemFile(Path.Combine(certificates.Folder, "server.pem"), Path.Combine(certificates.Folder, "server-key.pem"));
        var builder = WebApplication.CreateEmptyBuilder(new WebApplicationOptions());
        builder.WebHost.UseKestrelCore().UseKestrelHttpsConfiguration().UseUrls("https://127.0.0.1:0").ConfigureKestrel(kestrel => kestrel.ConfigureHttpsDefaults(https =>
        {
            https.ServerCertificate = certificate;
            https.ClientCertificateMode = ClientCertificateMode.RequireCertificate;
            https.ClientCertificateValidation = (client, sent, _) => LeadsTo(authority, client, sent);
        }));
        var web = builder.Build();
        web.Run(http => http.Response.WriteAsync("hello " + http.Connection.ClientCertificate?.Subject));
        await web.StartAsync();
        return new TlsServer(web);
    }

    public async ValueTask DisposeAsync()
    {
        using var now = new CancellationTokenSource(TimeSpan.Zero);
        await _web.StopAsync(now.Token);
        await _web.DisposeAsync();
    }

    private static bool LeadsTo(X509Certificate2 authority, X509Certificate2 client, X509Chain? sent)
    {
        using var chain = new X509Chain();
        chain.ChainPolicy.TrustMode = X509ChainTrustMode.CustomRootTrust;
        chain.ChainPolicy.CustomTrustStore.Add(authority);
        chain.ChainPolicy.RevocationMode = X509RevocationMode.NoCheck;
        chain.ChainPolicy.ExtraStore.AddRange(sent?.ChainPolicy.ExtraStore ?? []);
        return chain.Build(client);
    }
}
