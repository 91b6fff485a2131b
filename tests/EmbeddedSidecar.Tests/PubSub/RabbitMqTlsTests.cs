using Eco2.Testing;
using EmbeddedSidecar.Components;
using Xunit;

namespace EmbeddedSidecar.Tests.PubSub;

public sealed class RabbitMqTlsTests(RabbitMqTlsTests.SecureServer secure) : IClassFixture<RabbitMqTlsTests.SecureServer>
{
    private TestCertificates Certificates => secure.Certificates;

    private string[] Ours => [Pem("clientCert", Certificates.ClientCertificate), Pem("clientKey", Certificates.ClientKey)];

    [Fact]
    public async Task With_sasl_external_our_name_is_in_our_certificate()
    {
        await using var app = await SubscriberApp.StartAsync();
        await using var host = await PubSubHost.StartAsync(
            Component("127.0.0.1", "", [Pem("caCert", Certificates.Ca), .. Ours, "saslExternal: true"]) + PubSubHost.Subscription("external", "/in"), ("a", app));

        await host.PublishAsync("external", "1");
        await Eventually.TrueAsync(() => !app.Requests.IsEmpty, "delivered");

        Assert.Contains(
            "{\"eco2\",\"EXTERNAL\",true}",
            (await secure.Server.AskAsync("[{binary_to_list(U), binary_to_list(A), S} || [{user, U}, {auth_mechanism, A}, {ssl, S}] <- rabbit_networking:connection_info_all([user, auth_mechanism, ssl])]."))
                .Replace("\n", "", StringComparison.Ordinal).Replace(" ", "", StringComparison.Ordinal),
            StringComparison.Ordinal);
    }

    [Fact]
    public async Task With_a_password_we_need_no_certificate()
    {
        await using var app = await SubscriberApp.StartAsync();
        await using var host = await PubSubHost.StartAsync(
            Component("127.0.0.1", "eco2:secret@", Pem("caCert", Certificates.Ca)) + PubSubHost.Subscription("password", "/in"), ("a", app));

        await host.PublishAsync("password", "1");

        await Eventually.TrueAsync(() => !app.Requests.IsEmpty, "delivered");
    }

    [Fact]
    public async Task A_server_is_believed_only_by_its_name_and_its_authority()
    {
        using var others = new TestCertificates();
        var trusted = Pem("caCert", Certificates.Ca);

        await RefusedAsync(Component("localhost", "eco2:secret@", trusted), "cannot be opened: RabbitMQ at localhost");
        await RefusedAsync(Component("127.0.0.1", "eco2:secret@", Pem("caCert", others.Ca)), "cannot be opened: RabbitMQ at 127.0.0.1");
        await RefusedAsync(Component("127.0.0.1", "eco2:secret@"), "cannot be opened: RabbitMQ at 127.0.0.1");
        await RefusedAsync(Component("127.0.0.1", "", [trusted, "saslExternal: true"]), "\"saslExternal\" needs caCert, clientCert and clientKey");
        await RefusedAsync(Component("127.0.0.1", "", [trusted, Ours[0], Pem("clientKey", others.ClientKey)]), "\"clientCert\" and clientKey are no certificate and its key");
    }

    private static async Task RefusedAsync(string component, string sentence)
    {
        var refused = await Assert.ThrowsAsync<SidecarConfigurationException>(() => PubSubHost.StartAsync(component, ("a", null)));

        Assert.Contains(sentence, refused.Message, StringComparison.Ordinal);
    }

    private string Component(string host, string account, params string[] settings) =>
        PubSubHost.RabbitMq($"amqps://{account}{host}:{secure.Server.SecurePort}", settings);

    private static string Pem(string name, string text) => $"{name}: {text.ReplaceLineEndings("\\n")}";

    public sealed class SecureServer : IAsyncLifetime
    {
        public TestCertificates Certificates { get; } = new();

        public RabbitMqServer Server { get; private set; } = null!;

        public async Task InitializeAsync()
        {
            Server = await RabbitMqServer.StartAsync(Certificates);
            await ChildServer.WaitForPortAsync(Server.SecurePort);
        }

        public async Task DisposeAsync()
        {
            await Server.DisposeAsync();
            Certificates.Dispose();
        }
    }
}
