using Eco2.Testing;
using EmbeddedSidecar.Components;
using Xunit;

namespace EmbeddedSidecar.Tests.PubSub;

public sealed class RedisTlsTests
{
    [Fact]
    public async Task A_redis_that_asks_who_we_are_is_shown_our_certificate()
    {
        using var certificates = new TestCertificates();
        await using var redis = await RedisServer.StartAsync(certificates: certificates);
        await using var app = await SubscriberApp.StartAsync();
        string[] trusting = ["enableTLS: true", "insecureSkipTLSVerify: true"];
        string[] known = [.. trusting, Pem("clientCert", certificates.ClientCertificate), Pem("clientKey", certificates.ClientKey)];

        await using var host = await PubSubHost.StartAsync(PubSubHost.Redis(redis.Host, known) + PubSubHost.Subscription("secure", "/in"), ("a", app));
        await host.PublishAsync("secure", "1");
        await Eventually.TrueAsync(() => !app.Requests.IsEmpty, "delivered");

        await RefusedAsync(PubSubHost.Redis(redis.Host, trusting));
        await RefusedAsync(PubSubHost.Redis(redis.Host, [.. known.Where(one => !one.StartsWith("insecure", StringComparison.Ordinal))]));
    }

    [Fact]
    public async Task Certificates_that_stand_behind_ours_lead_the_server_to_the_authority_it_knows()
    {
        using var certificates = new TestCertificates(intermediate: true);
        await using var redis = await RedisServer.StartAsync(certificates: certificates);
        string[] chained = ["enableTLS: true", "insecureSkipTLSVerify: true", Pem("clientCert", certificates.ClientCertificate), Pem("clientKey", certificates.ClientKey)];
        var alone = certificates.ClientCertificate[..certificates.ClientCertificate.LastIndexOf("-----BEGIN", StringComparison.Ordinal)];

        await using var host = await PubSubHost.StartAsync(PubSubHost.Redis(redis.Host, chained), ("a", null));
        using var published = await host.PublishAsync("chained", "1");

        Assert.Equal(204, (int)published.StatusCode);
        await RefusedAsync(PubSubHost.Redis(redis.Host, [.. chained[..2], Pem("clientCert", alone), chained[3]]));
    }

    private static Task<SidecarConfigurationException> RefusedAsync(string component) =>
        Assert.ThrowsAsync<SidecarConfigurationException>(() => PubSubHost.StartAsync(component, ("a", null)));

    private static string Pem(string name, string text) => $"{name}: {text.ReplaceLineEndings("\\n")}";
}
