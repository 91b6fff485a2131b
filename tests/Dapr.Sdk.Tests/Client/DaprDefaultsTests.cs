using Dapr.Client;
using Microsoft.Extensions.Configuration;
using Microsoft.Extensions.DependencyInjection;
using Xunit;

namespace Dapr.Sdk.Tests;

/// <summary>Where the SDK looks for the sidecar and for tokens. The variables are the process's own: nothing else runs meanwhile.</summary>
[CollectionDefinition(nameof(DaprDefaultsTests), DisableParallelization = true)]
[Collection(nameof(DaprDefaultsTests))]
public sealed class DaprDefaultsTests : IDisposable
{
    private static readonly string[] Names = ["DAPR_HTTP_ENDPOINT", "DAPR_HTTP_PORT", "DAPR_GRPC_ENDPOINT", "DAPR_GRPC_PORT", "DAPR_API_TOKEN", "APP_API_TOKEN"];
    private readonly string?[] _before = [.. Names.Select(Environment.GetEnvironmentVariable)];

    public void Dispose()
    {
        foreach (var (name, value) in Names.Zip(_before))
        {
            Environment.SetEnvironmentVariable(name, value);
        }
    }

    [Theory]
    [InlineData(null, null, null, null, "http://localhost:3500/")]
    [InlineData(null, null, null, "3601", "http://localhost:3601/")]
    [InlineData(null, null, "https://there:1", "3601", "https://there:1/")]
    [InlineData(null, "3602", null, "3601", "http://localhost:3602/")]
    [InlineData("http://here:2", "3602", "https://there:1", "3601", "http://here:2/")]
    [InlineData("", null, "https://there:1", "3601", "http://localhost:3601/")]
    [InlineData(null, "", null, "3601", "http://localhost:3500/")]
    public void What_configuration_says_wins_even_if_that_is_nothing(
        string? configuredEndpoint, string? configuredPort, string? endpoint, string? port, string expected)
    {
        Environment.SetEnvironmentVariable("DAPR_HTTP_ENDPOINT", endpoint);
        Environment.SetEnvironmentVariable("DAPR_HTTP_PORT", port);

        Assert.Equal(expected, DaprDefaults.GetDefaultHttpEndpoint(Configuration(("DAPR_HTTP_ENDPOINT", configuredEndpoint), ("DAPR_HTTP_PORT", configuredPort))));
    }

    [Fact]
    public void A_token_that_configuration_leaves_empty_is_none()
    {
        Environment.SetEnvironmentVariable("APP_API_TOKEN", "environment");

        Assert.Equal("", DaprDefaults.GetDefaultAppApiToken(Configuration(("APP_API_TOKEN", ""))));
        Assert.Equal("environment", DaprDefaults.GetDefaultAppApiToken(Configuration()));
    }

    [Fact]
    public async Task An_invocation_handler_of_ones_own_sends_the_token_of_the_environment_and_leaves_the_request_as_it_was()
    {
        await using var sidecar = await HttpStandIn.StartAsync();
        Environment.SetEnvironmentVariable("DAPR_API_TOKEN", "t0ken");
        using var client = new HttpClient(new InvocationHandler { DaprEndpoint = sidecar.Address, InnerHandler = new SocketsHttpHandler() });
        using var request = new HttpRequestMessage(HttpMethod.Get, "http://shop/items?page=2");

        using var response = await client.SendAsync(request);
        using var without = DaprClient.CreateInvokeHttpClient(daprEndpoint: sidecar.Address);
        using var second = await without.GetAsync(new Uri("http://shop/"));

        Assert.Equal(["/v1.0/invoke/shop/method/items?page=2", "/v1.0/invoke/shop/method/"], sidecar.Requests.Select(seen => seen.Target));
        Assert.Equal("t0ken", sidecar.Requests.First().Headers["dapr-api-token"]);
        Assert.DoesNotContain("dapr-api-token", sidecar.Requests.Last().Headers.Keys);
        Assert.Equal("http://shop/items?page=2", request.RequestUri!.ToString());
        Assert.Empty(request.Headers);
    }

    [Fact]
    public async Task A_client_from_the_container_keeps_the_token_of_the_environment_where_configuration_has_none()
    {
        await using var sidecar = await HttpStandIn.StartAsync();
        Environment.SetEnvironmentVariable("DAPR_API_TOKEN", "t0ken");
        var services = new ServiceCollection();
        services.AddSingleton(Configuration(("DAPR_HTTP_ENDPOINT", sidecar.Address), ("DAPR_API_TOKEN", "")));
        services.AddDaprClient();
        await using var provider = services.BuildServiceProvider();

        await provider.GetRequiredService<DaprClient>().CheckHealthAsync();

        Assert.Equal("t0ken", Assert.Single(sidecar.Requests).Headers["dapr-api-token"]);
    }

    private static IConfiguration Configuration(params (string Name, string? Value)[] pairs) => new ConfigurationBuilder()
        .AddInMemoryCollection(pairs.Where(pair => pair.Value is not null).Select(pair => KeyValuePair.Create(pair.Name, pair.Value)))
        .Build();
}
