using System.Net;
using System.Text;
using Eco2.Testing;
using EmbeddedSidecar.Apps;
using EmbeddedSidecar.Components;
using EmbeddedSidecar.Tests.Invoke;
using Xunit;

namespace EmbeddedSidecar.Tests.Bindings;

/// <summary>bindings.http towards a server that has a certificate of its own authority and asks who we are.</summary>
public sealed class HttpBindingTlsTests
{
    private static readonly HttpClient Http = new();

    [Theory]
    [InlineData(false)]
    [InlineData(true)]
    public async Task A_server_is_believed_by_its_authority_and_shown_our_certificate_with_those_behind_it(bool fromFiles)
    {
        using var certificates = new TestCertificates(intermediate: true);
        await using var server = await TlsServer.StartAsync(certificates);
        await using var sidecar = await StartAsync(
            server,
            certificates.Folder,
            fromFiles ? "MTLSRootCA: ca.pem" : Pem("MTLSRootCA", certificates.Ca),
            fromFiles ? "MTLSClientCert: client.pem" : Pem("mtlsClientCert", certificates.ClientCertificate),
            fromFiles ? "MTLSClientKey: client-key.pem" : Pem("mtlsClientKey", certificates.ClientKey),
            "MTLSRenegotiation: RenegotiateNever");

        Assert.Equal((HttpStatusCode.OK, "hello CN=eco2"), await GetAsync(sidecar));
    }

    [Fact]
    public async Task Without_the_authority_or_the_certificate_there_is_no_answer()
    {
        using var certificates = new TestCertificates();
        await using var server = await TlsServer.StartAsync(certificates);
        await using var unbelieving = await StartAsync(server, certificates.Folder, "MTLSClientCert: client.pem", "MTLSClientKey: client-key.pem");
        await using var nobody = await StartAsync(server, certificates.Folder, "MTLSRootCA: ca.pem", "MTLSClientCert: client.pem");

        Assert.Equal(HttpStatusCode.InternalServerError, (await GetAsync(unbelieving)).Status);
        Assert.Equal(HttpStatusCode.InternalServerError, (await GetAsync(nobody)).Status);
    }

    [Theory]
    [InlineData("MTLSRootCA", "nowhere.pem", "\"MTLSRootCA\" is neither in PEM nor a file that can be read")]
    [InlineData("MTLSRootCA", "client-key.pem", "hold what is no certificate")]
    [InlineData("MTLSClientKey", "ca.pem", "hold what is no certificate or not its key")]
    [InlineData("MTLSRenegotiation", "often", "\"MTLSRenegotiation\" is no way to renegotiate")]
    public async Task What_is_no_certificate_stops_the_start(string name, string value, string because)
    {
        using var certificates = new TestCertificates();
        await using var server = await TlsServer.StartAsync(certificates);

        var refused = await Assert.ThrowsAsync<SidecarConfigurationException>(
            () => StartAsync(server, certificates.Folder, $"{name}: {value}", name == "MTLSClientKey" ? "MTLSClientCert: client.pem" : "errorIfNot2XX: true"));

        Assert.Contains(because, refused.Message, StringComparison.Ordinal);
    }

    private static string Pem(string name, string text) => $"{name}: {text.ReplaceLineEndings("\\n")}";

    private static Task<SidecarFixture> StartAsync(TlsServer server, string folder, params string[] settings) => SidecarFixture.StartAsync(
        SidecarFixture.Component("web", "bindings.http", [$"url: {server.Address}", .. settings]), new AppSettings { AppId = "app", WorkingDirectory = folder });

    private static async Task<(HttpStatusCode Status, string Body)> GetAsync(SidecarFixture sidecar)
    {
        using var content = new StringContent("""{"operation":"get"}""", Encoding.UTF8, "application/json");
        using var answer = await Http.PostAsync(new Uri(sidecar["app"].HttpEndpoint, "/v1.0/bindings/web"), content);
        return (answer.StatusCode, await answer.Content.ReadAsStringAsync());
    }
}
