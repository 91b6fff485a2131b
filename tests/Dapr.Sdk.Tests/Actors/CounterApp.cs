using System.Net;
using Dapr.Actors.Runtime;
using Microsoft.AspNetCore.Builder;
using Microsoft.AspNetCore.Hosting;
using Microsoft.Extensions.Configuration;
using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.Logging;

namespace Dapr.Sdk.Tests;

/// <summary>An app that hosts <see cref="Counter"/>, called as a sidecar calls it; its own calls go to a stand-in.</summary>
internal sealed class CounterApp : IAsyncDisposable
{
    private WebApplication _app = null!;

    private CounterApp(HttpStandIn sidecar) => Sidecar = sidecar;

    public HttpStandIn Sidecar { get; }

    public HttpClient Http { get; } = new();

    /// <summary>What the actor did, in order.</summary>
    public List<string> Lines { get; } = [];

    public static async Task<CounterApp> StartAsync(bool json, Action<IServiceCollection>? adjust = null)
    {
        var counter = new CounterApp(await HttpStandIn.StartAsync());
        var builder = WebApplication.CreateSlimBuilder();
        builder.Logging.ClearProviders();
        builder.WebHost.ConfigureKestrel(kestrel => kestrel.Listen(IPAddress.Loopback, 0));
        builder.Configuration.AddInMemoryCollection([new("DAPR_HTTP_ENDPOINT", counter.Sidecar.Address), new("DAPR_API_TOKEN", "t0ken")]);
        builder.Services.AddScoped(_ => new CounterLog(counter.Lines));
        builder.Services.AddActors(options =>
        {
            options.UseJsonSerialization = json;
            options.ActorIdleTimeout = TimeSpan.FromMinutes(90);
            options.ReentrancyConfig.MaxStackDepth = 9;
            options.Actors.RegisterActor<Counter>(
                new ActorRuntimeOptions { DrainRebalancedActors = true, DrainOngoingCallTimeout = TimeSpan.FromMilliseconds(250) });
        });
        adjust?.Invoke(builder.Services);
        counter._app = builder.Build();
        counter._app.MapActorsHandlers();
        await counter._app.StartAsync();
        counter.Http.BaseAddress = new Uri(counter._app.Urls.First());
        return counter;
    }

    /// <summary>A call with types, as the official package makes it.</summary>
    public Task<HttpResponseMessage> CallAsync(int method, string name, byte[] body)
    {
        var request = new HttpRequestMessage(HttpMethod.Put, $"/actors/Counter/a1/method/{name}") { Content = new ByteArrayContent(body) };
        request.Headers.Add("X-DaprRequestHeader", TypedWire.Header(method, name, "c"));
        return Http.SendAsync(request);
    }

    public async ValueTask DisposeAsync()
    {
        Http.Dispose();
        await _app.DisposeAsync();
        await Sidecar.DisposeAsync();
    }
}
