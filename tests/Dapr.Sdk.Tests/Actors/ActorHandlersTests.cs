using System.Net;
using System.Text;
using Dapr.Actors.Runtime;
using Microsoft.AspNetCore.Builder;
using Microsoft.AspNetCore.Hosting;
using Microsoft.Extensions.Configuration;
using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.Logging;
using Xunit;

namespace Dapr.Sdk.Tests;

/// <summary>The actor's side: an app is called as a sidecar calls it, and its own calls go to a stand-in.</summary>
public sealed class ActorHandlersTests : IAsyncLifetime
{
    private const string Count = "GET //v1.0/actors/Counter/a1/state/count";
    private readonly List<string> _lines = [];
    private HttpStandIn _sidecar = null!;

    public async Task InitializeAsync() => _sidecar = await HttpStandIn.StartAsync();

    public async Task DisposeAsync() => await _sidecar.DisposeAsync();

    [Fact]
    public async Task The_sidecar_is_told_types_and_options()
    {
        await using var app = await StartAsync(json: true);
        using var http = Client(app);

        var config = await http.GetStringAsync("/dapr/config");

        Assert.Equal(
            """{"entities":["Counter"],"actorIdleTimeout":"1h30m0s0ms","reentrancy":{"enabled":false,"maxStackDepth":9},"entitiesConfig":[{"entities":["Counter"],"drainOngoingCallTimeout":"0h0m0s250ms","drainRebalancedActors":true,"reentrancy":{"enabled":false}}]}""",
            config);
        Assert.Equal("Healthy", await http.GetStringAsync("/healthz"));
    }

    [Theory]
    [InlineData(true)]
    [InlineData(false)]
    public async Task A_typed_call_runs_and_its_changes_are_saved_in_one_transaction(bool json)
    {
        await using var app = await StartAsync(json);
        using var http = Client(app);
        var body = json ? """{"value":{"amount":2}}"""u8.ToArray() : Convert.FromBase64String(TypedWire.AddRequest);

        using var answer = await CallAsync(http, TypedWire.Add, "AddAsync", body);

        Assert.Equal(HttpStatusCode.OK, answer.StatusCode);
        Assert.Equal(json ? """{"value":{"retVal":2}}"""u8.ToArray() : Convert.FromBase64String(TypedWire.AddResponse), await answer.Content.ReadAsByteArrayAsync());
        Assert.Equal(
            [Count, """PUT //v1.0/actors/Counter/a1/state [{"operation":"upsert","request":{"key":"count","value":2}}]"""],
            _sidecar.Requests.Select(request => request.Line));
        Assert.Equal("text/plain; charset=utf-8", _sidecar.Requests.Last().Headers["Content-Type"]);
        Assert.Equal("t0ken", _sidecar.Requests.Last().Headers["dapr-api-token"]);
        Assert.Equal(["activated", "before ActorInterfaceMethod AddAsync"], _lines);
    }

    [Theory]
    [InlineData(true)]
    [InlineData(false)]
    public async Task Several_arguments_and_an_object_as_result(bool json)
    {
        await using var app = await StartAsync(json);
        using var http = Client(app);
        var body = json ? """{"value":{"item":"tea","count":3}}"""u8.ToArray() : Convert.FromBase64String(TypedWire.BuyRequest);

        using var answer = await CallAsync(http, TypedWire.Buy, "BuyAsync", body);

        Assert.Equal(
            json ? """{"value":{"retVal":{"item":"tea","count":3}}}"""u8.ToArray() : Convert.FromBase64String(TypedWire.BuyResponse),
            await answer.Content.ReadAsByteArrayAsync());
    }

    [Fact]
    public async Task What_a_typed_call_throws_travels_in_a_200_and_its_changes_are_forgotten()
    {
        await using var app = await StartAsync(json: true);
        using var http = Client(app);

        using var answer = await CallAsync(http, TypedWire.Fail, "FailAsync", """{"value":{"reason":"out of tea"}}"""u8.ToArray());

        Assert.Equal(HttpStatusCode.OK, answer.StatusCode);
        Assert.Equal(TypedWire.Failure, Convert.ToBase64String(await answer.Content.ReadAsByteArrayAsync()));
        var header = answer.Headers.GetValues("X-DaprErrorResponseHeader").Single();
        var details = header.Split("<b:Value>")[1].Split('<')[0];
        Assert.Equal(TypedWire.ErrorHeader(details), header);
        Assert.StartsWith("Exception: InvalidOperationException, Method Name: ", Encoding.UTF8.GetString(Convert.FromBase64String(details)), StringComparison.Ordinal);
        Assert.DoesNotContain(_sidecar.Requests, request => request.Method == "PUT");
        Assert.Contains("failed out of tea", _lines);

        using var next = await CallAsync(http, TypedWire.Add, "AddAsync", """{"value":{"amount":2}}"""u8.ToArray());
        Assert.Equal("""{"value":{"retVal":2}}""", await next.Content.ReadAsStringAsync());
    }

    [Fact]
    public async Task A_call_by_name_has_json_both_ways_and_fails_with_500()
    {
        await using var app = await StartAsync(json: false);
        using var http = Client(app);
        _sidecar.Answer = async (request, response) =>
        {
            if (request.Line == Count)
            {
                response.StatusCode = 200;
                await response.Body.WriteAsync("40"u8.ToArray());
            }
        };

        using var added = await http.PutAsync("/actors/Counter/a1/method/AddAsync", new StringContent("2"));
        using var failed = await http.PutAsync("/actors/Counter/a1/method/FailAsync", new StringContent("\"x\""));
        using var tooMany = await http.PutAsync("/actors/Counter/a1/method/BuyAsync", new StringContent("\"x\""));
        using var unknown = await http.PutAsync("/actors/Counter/a1/method/Nothing", new StringContent(""));

        Assert.Equal((HttpStatusCode.OK, "42"), (added.StatusCode, await added.Content.ReadAsStringAsync()));
        Assert.Equal([500, 500, 500], new[] { failed, tooMany, unknown }.Select(answer => (int)answer.StatusCode));
    }

    [Fact]
    public async Task Reminders_and_timers_go_out_as_the_official_package_writes_them()
    {
        await using var app = await StartAsync(json: true);
        using var http = Client(app);

        using var answer = await http.PutAsync("/actors/Counter/a1/method/ResetAsync", null);

        Assert.Equal((200, 0L), ((int)answer.StatusCode, answer.Content.Headers.ContentLength));
        Assert.Equal(
            [
                "GET //v1.0/actors/Counter/a1/state/%ED%95%9C%20%EC%9D%B4%EB%A6%84+",
                "GET //v1.0/actors/Counter/a1/state/count",
                """PUT //v1.0/actors/Counter/a1/reminders/r {"dueTime":"0h0m5s0ms","period":"R3/PT1H30M","data":"+//+","ttl":"48h0m0s0ms"}""",
                """PUT //v1.0/actors/Counter/a1/reminders/r2 {"dueTime":"0h0m5s0ms","period":"","data":""}""",
                """PUT //v1.0/actors/Counter/a1/timers/t {"dueTime":"0h0m1s500ms","data":"\u002B//\u002B","callback":"OnTimerAsync"}""",
                """PUT //v1.0/actors/Counter/a1/timers/t2 {"dueTime":"0h0m0s0ms","period":"24h0m0s0ms","callback":"OnTimerAsync","ttl":"72h0m0s0ms"}""",
                "DELETE //v1.0/actors/Counter/a1/reminders/r",
                "DELETE //v1.0/actors/Counter/a1/timers/t",
                """PUT //v1.0/actors/Counter/a1/state [{"operation":"upsert","request":{"key":"\uD55C \uC774\uB984\u002B","value":"\uAC12\u002B\u003C","metadata":{"ttlInSeconds":"60"}}}]""",
            ],
            _sidecar.Requests.Select(request => request.Line));
        Assert.All(
            _sidecar.Requests.Where(request => request.Target.Contains("/reminders/", StringComparison.Ordinal) && request.Method == "PUT"),
            request => Assert.Equal("application/json; charset=utf-8", request.Headers["Content-Type"]));
    }

    [Fact]
    public async Task Reminders_and_timers_reach_the_actor()
    {
        await using var app = await StartAsync(json: true);
        using var http = Client(app);

        using var reminded = await http.PutAsync(
            "/actors/Counter/a1/method/remind/r", new StringContent("""{"data":"AQID","dueTime":"","period":""}"""));
        using var timed = await http.PutAsync(
            "/actors/Counter/a1/method/timer/t", new StringContent("""{"callback":"OnTimerAsync","data":"AQID","dueTime":"0h0m1s0ms","period":"R5/PT30S"}"""));

        Assert.Equal((200, 200, "false"), ((int)reminded.StatusCode, (int)timed.StatusCode, await timed.Content.ReadAsStringAsync()));
        Assert.Equal(
            ["activated", "before ReminderMethod ReceiveReminderAsync", "reminder r 010203 -1 -1", "before TimerMethod FireTimerAsync", "timer 010203"],
            _lines);
        Assert.Equal(
            """PUT //v1.0/actors/Counter/a1/state [{"operation":"upsert","request":{"key":"ticks","value":3}}]""", _sidecar.Requests.Last().Line);
    }

    [Fact]
    public async Task Times_that_are_not_there_are_zero_and_times_that_are_empty_never_come()
    {
        await using var app = await StartAsync(json: true);
        using var http = Client(app);

        using var absent = await http.PutAsync("/actors/Counter/a1/method/remind/r", new StringContent("""{"data":"AQID"}"""));
        using var empty = await http.PutAsync("/actors/Counter/a1/method/remind/r", new StringContent("""{"data":"AQID","period":""}"""));

        Assert.Equal(["reminder r 010203 0 0", "reminder r 010203 0 -1"], _lines.Where(line => line.StartsWith("reminder", StringComparison.Ordinal)));
    }

    [Fact]
    public async Task Deactivation_ends_the_actor_and_its_scope()
    {
        await using var app = await StartAsync(json: true);
        using var http = Client(app);
        using var called = await http.PutAsync("/actors/Counter/a1/method/AddAsync", new StringContent("1"));
        _lines.Clear();

        using var gone = await http.DeleteAsync("/actors/Counter/a1");
        using var again = await http.DeleteAsync("/actors/Counter/a1");

        Assert.Equal((200, 200), ((int)gone.StatusCode, (int)again.StatusCode));
        Assert.Equal(["deactivated", "disposed", "scope ended"], _lines);
    }

    [Fact]
    public async Task A_chain_of_calls_keeps_its_name_and_each_call_its_own_changes()
    {
        await using var app = await StartAsync(json: true, services => services.Configure<ActorRuntimeOptions>(options => options.Actors.RegisterActor<Relay>()));
        using var http = Client(app);
        // The relay calls itself through the sidecar, which calls back while the first call is still open.
        _sidecar.Answer = async (request, response) =>
        {
            if (request.Target.EndsWith("/method/InnerAsync", StringComparison.Ordinal))
            {
                using var inner = new HttpRequestMessage(HttpMethod.Put, "/actors/Relay/r1/method/InnerAsync");
                inner.Headers.Add("Dapr-Reentrancy-Id", request.Headers["Dapr-Reentrancy-Id"]);
                using var answered = await http.SendAsync(inner);
                response.StatusCode = (int)answered.StatusCode;
            }
        };

        using var outer = new HttpRequestMessage(HttpMethod.Put, "/actors/Relay/r1/method/OuterAsync");
        outer.Headers.Add("Dapr-Reentrancy-Id", "chain-1");
        using var done = await http.SendAsync(outer);

        Assert.Equal(HttpStatusCode.OK, done.StatusCode);
        Assert.Equal("chain-1", _sidecar.Requests.Single(request => request.Target.EndsWith("/method/InnerAsync", StringComparison.Ordinal)).Headers["Dapr-Reentrancy-Id"]);
        Assert.Equal(
            [
                """PUT //v1.0/actors/Relay/r1/state [{"operation":"upsert","request":{"key":"inner","value":1}}]""",
                """PUT //v1.0/actors/Relay/r1/state [{"operation":"upsert","request":{"key":"outer","value":1}}]""",
            ],
            _sidecar.Requests.Where(request => request.Target.EndsWith("/state", StringComparison.Ordinal)).Select(request => request.Line));

        using var alone = await http.PutAsync("/actors/Relay/r1/method/InnerAsync", null);
        Assert.Equal(HttpStatusCode.OK, alone.StatusCode);
    }

    [Fact]
    public void Handlers_without_actors_are_refused()
    {
        var builder = WebApplication.CreateSlimBuilder();
        var app = builder.Build();

        Assert.Throws<InvalidOperationException>(() => app.MapActorsHandlers());
    }

    private static HttpClient Client(WebApplication app) => new() { BaseAddress = new Uri(app.Urls.First()) };

    private static Task<HttpResponseMessage> CallAsync(HttpClient http, int method, string name, byte[] body)
    {
        var request = new HttpRequestMessage(HttpMethod.Put, $"/actors/Counter/a1/method/{name}") { Content = new ByteArrayContent(body) };
        request.Headers.Add("X-DaprRequestHeader", TypedWire.Header(method, name, "c"));
        return http.SendAsync(request);
    }

    private async Task<WebApplication> StartAsync(bool json, Action<IServiceCollection>? adjust = null)
    {
        var builder = WebApplication.CreateSlimBuilder();
        builder.Logging.ClearProviders();
        builder.WebHost.ConfigureKestrel(kestrel => kestrel.Listen(IPAddress.Loopback, 0));
        builder.Configuration.AddInMemoryCollection([new("DAPR_HTTP_ENDPOINT", _sidecar.Address), new("DAPR_API_TOKEN", "t0ken")]);
        builder.Services.AddScoped(_ => new CounterLog(_lines));
        builder.Services.AddActors(options =>
        {
            options.UseJsonSerialization = json;
            options.ActorIdleTimeout = TimeSpan.FromMinutes(90);
            options.ReentrancyConfig.MaxStackDepth = 9;
            options.Actors.RegisterActor<Counter>(
                new ActorRuntimeOptions { DrainRebalancedActors = true, DrainOngoingCallTimeout = TimeSpan.FromMilliseconds(250) });
        });
        adjust?.Invoke(builder.Services);
        var app = builder.Build();
        app.MapActorsHandlers();
        await app.StartAsync();
        return app;
    }
}

public interface IRelay : Dapr.Actors.IActor
{
    Task OuterAsync();

    Task InnerAsync();
}

public class Relay(ActorHost host) : Actor(host), IRelay
{
    public async Task OuterAsync()
    {
        await StateManager.SetStateAsync("outer", 1);
        await ProxyFactory.Create(Id, nameof(Relay)).InvokeMethodAsync(nameof(InnerAsync));
    }

    public Task InnerAsync() => StateManager.SetStateAsync("inner", 1);
}
