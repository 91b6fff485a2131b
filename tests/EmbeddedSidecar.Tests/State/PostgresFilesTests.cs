using System.Net;
using System.Net.Security;
using System.Net.Sockets;
using System.Security.Cryptography;
using System.Security.Cryptography.X509Certificates;
using Eco2.Testing;
using EmbeddedSidecar.Apps;
using EmbeddedSidecar.Components;
using Npgsql;
using Xunit;

namespace EmbeddedSidecar.Tests.State;

/// <summary>The files that settings of state.postgresql name, on a server that asks for TLS.</summary>
public sealed class PostgresFilesTests : IAsyncLifetime
{
    private readonly string _folder = Directory.CreateTempSubdirectory("eco2-tls-").FullName;
    private string _database = "";
    private TlsServer _server = null!;

    public async Task InitializeAsync()
    {
        _database = await PostgresCluster.CreateDatabaseAsync();
        _server = new TlsServer(new NpgsqlConnectionStringBuilder(_database).Port);
        Directory.CreateDirectory(Path.Combine(_folder, "certificates"));
        await File.WriteAllTextAsync(Path.Combine(_folder, "certificates", "right.pem"), _server.Authority.ExportCertificatePem());
        using var another = TlsServer.NewAuthority();
        await File.WriteAllTextAsync(Path.Combine(_folder, "certificates", "other.pem"), another.ExportCertificatePem());
        await File.WriteAllTextAsync(Path.Combine(_folder, "certificates", "empty.pem"), "");
    }

    public async Task DisposeAsync()
    {
        await _server.DisposeAsync();
        Directory.Delete(_folder, recursive: true);
    }

    [Theory]
    [InlineData("require", "certificates/right.pem")]
    [InlineData("verify-full", "certificates/right.pem")]
    [InlineData("prefer", "certificates/other.pem")]
    public async Task A_path_begins_in_the_folder_of_the_app(string mode, string file)
    {
        await using var sidecar = await StartAsync(mode, $"sslRootCert: {file}");

        Assert.True(_server.Accepted > 0);
    }

    [Theory]
    [InlineData("require", "sslRootCert: certificates/other.pem", "cannot be opened")]
    [InlineData("verify-full", "sslRootCert: system", "cannot be opened")]
    [InlineData("disable", "sslRootCert: certificates/none.pem", "certificates/none.pem does not exist")]
    [InlineData("prefer", "sslRootCert: certificates/empty.pem", "certificates/empty.pem holds no certificate")]
    [InlineData("prefer sslcert=certificates/right.pem", "", "sslcert and sslkey are required both")]
    [InlineData("prefer sslcert=certificates/right.pem sslkey=certificates/none.pem", "", "sslkey")]
    [InlineData("prefer service=mine", "", "service is not supported")]
    public async Task What_they_cannot_prove_or_give_stops_the_start(string mode, string setting, string sentence)
    {
        var refused = await Assert.ThrowsAsync<SidecarConfigurationException>(() => StartAsync(mode, setting));

        Assert.Contains(sentence, refused.Message, StringComparison.Ordinal);
    }

    private Task<SidecarFixture> StartAsync(string mode, string setting)
    {
        var database = new NpgsqlConnectionStringBuilder(_database);
        string[] settings = [$"connectionString: host=127.0.0.1 port={_server.Port} user={database.Username} dbname={database.Database} sslmode={mode}", .. setting == "" ? [] : (string[])[setting]];
        return SidecarFixture.StartAsync(
            SidecarFixture.Component("pg", "state.postgresql", settings).Replace("version: v1", "version: v2", StringComparison.Ordinal),
            new AppSettings { AppId = "one", WorkingDirectory = _folder });
    }

    /// <summary>TLS before a PostgreSQL that has none: answers what a client asks first, and hands the rest on.</summary>
    private sealed class TlsServer : IAsyncDisposable
    {
        private readonly TcpListener _listener = new(IPAddress.Loopback, 0);
        private readonly CancellationTokenSource _stopping = new();
        private readonly X509Certificate2 _certificate;
        private readonly Task _accepting;
        private readonly int _target;

        public TlsServer(int target)
        {
            _target = target;
            Authority = NewAuthority();
            using var key = RSA.Create(2048);
            var request = new CertificateRequest("CN=server", key, HashAlgorithmName.SHA256, RSASignaturePadding.Pkcs1);
            var names = new SubjectAlternativeNameBuilder();
            names.AddIpAddress(IPAddress.Loopback);
            request.CertificateExtensions.Add(names.Build());
            using var signed = request.Create(Authority, Authority.NotBefore, Authority.NotAfter, [1]);
            _certificate = X509CertificateLoader.LoadPkcs12(signed.CopyWithPrivateKey(key).Export(X509ContentType.Pkcs12), null);
            _listener.Start();
            _accepting = AcceptAsync();
        }

        public int Port => ((IPEndPoint)_listener.LocalEndpoint).Port;

        public X509Certificate2 Authority { get; }

        public int Accepted { get; private set; }

        public static X509Certificate2 NewAuthority()
        {
            using var key = RSA.Create(2048);
            var request = new CertificateRequest("CN=authority", key, HashAlgorithmName.SHA256, RSASignaturePadding.Pkcs1);
            request.CertificateExtensions.Add(new X509BasicConstraintsExtension(true, false, 0, true));
            var now = TimeProvider.System.GetUtcNow();
            return request.CreateSelfSigned(now.AddDays(-1), now.AddDays(1));
        }

        public async ValueTask DisposeAsync()
        {
            await _stopping.CancelAsync();
            _listener.Stop();
            await _accepting;
            _certificate.Dispose();
            Authority.Dispose();
            _stopping.Dispose();
        }

        private async Task AcceptAsync()
        {
            try
            {
                while (true)
                {
                    _ = CarryAsync(await _listener.AcceptTcpClientAsync(_stopping.Token));
                }
            }
            catch (OperationCanceledException)
            {
                // Disposed.
            }
        }

        private async Task CarryAsync(TcpClient caller)
        {
            using var there = new TcpClient();
            using (caller)
            {
                try
                {
                    // Eight bytes, answered by one: a client may ask for Kerberos first, which we do not have.
                    var asked = new byte[8];
                    await caller.GetStream().ReadExactlyAsync(asked, _stopping.Token);
                    if (asked is [.., 0x04, 0xd2, 0x16, 0x30])
                    {
                        await caller.GetStream().WriteAsync("N"u8.ToArray(), _stopping.Token);
                        await caller.GetStream().ReadExactlyAsync(asked, _stopping.Token);
                    }

                    await caller.GetStream().WriteAsync("S"u8.ToArray(), _stopping.Token);
                    await using var secure = new SslStream(caller.GetStream());
                    await secure.AuthenticateAsServerAsync(new SslServerAuthenticationOptions { ServerCertificate = _certificate }, _stopping.Token);
                    Accepted++;
                    await there.ConnectAsync(IPAddress.Loopback, _target, _stopping.Token);
                    await Task.WhenAny(secure.CopyToAsync(there.GetStream(), _stopping.Token), there.GetStream().CopyToAsync(secure, _stopping.Token));
                }
                catch (Exception cut) when (cut is IOException or SocketException or OperationCanceledException or System.Security.Authentication.AuthenticationException)
                {
                    // The client did not like what it saw, or is done.
                }
            }
        }
    }
}
