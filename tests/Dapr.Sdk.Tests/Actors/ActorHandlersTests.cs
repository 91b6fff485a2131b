using System.Net;
using System.Text;
using Dapr.Actors.Runtime;
using Microsoft.AspNetCore.Builder;
using Microsoft.Extensions.DependencyInjection;
using Xunit;

namespace Dapr.Sdk.Tests;

/// <summary>Calls, types and options: what an app that hosts actors answers its sidecar.</summary>
public sealed class ActorHandlersTests
{
    private const string Count = "GET //v1.0/actors/Counter/a1/state/count";

    [Fact]
    public async Task The_sidecar_is_told_types_and_options()
    {
        await using var app = await CounterApp.StartAsync(json: true);

        var config = await app.Http.GetStringAsync("/dapr/config");

        Assert.Equal(
            """{"entities":["Counter"],"actorIdleTimeout":"1h30m0s0ms","reentrancy":{"enabled":false,"maxStackDepth":9},"entitiesConfig":[{"entities":["Counter"],"drainOngoingCallTimeout":"0h0m0s250ms","drainRebalancedActors":true,"reentrancy":{"enabled":false}}]}""",
            config);
        Assert.Equal("Healthy", await app.Http.GetStringAsync("/healthz"));
    }

    [Theory]
    [InlineData(true)]
    [InlineData(false)]
    public async Task A_typed_call_runs_and_its_changes_are_saved_in_one_transaction(bool json)
    {
        await using var app = await CounterApp.StartAsync(json);
        var body = json ? """{"value":{"amount":2}}"""u8.ToArray() : Convert.FromBase64String(TypedWire.AddRequest);

        using var answer = await app.CallAsync(TypedWire.Add, "AddAsync", body);

        Assert.Equal(HttpStatusCode.OK, answer.StatusCode);
        Assert.Equal(json ? """{"value":{"retVal":2}}"""u8.ToArray() : Convert.FromBase64String(TypedWire.AddResponse), await answer.Content.ReadAsByteArrayAsync());
        Assert.Equal(
            [Count, """PUT //v1.0/actors/Counter/a1/state [{"operation":"upsert","request":{"key":"count","value":2}}]"""],
            app.Sidecar.Requests.Select(request => request.Line));
        Assert.Equal("text/plain; charset=utf-8", app.Sidecar.Requests.Last().Headers["Content-Type"]);
        Assert.Equal("t0ken", app.Sidecar.Requests.Last().Headers["dapr-api-token"]);
        Assert.Equal(["activated", "before ActorInterfaceMethod AddAsync"], app.Lines);
    }

    [Theory]
    [InlineData(true)]
    [InlineData(false)]
    public async Task Several_arguments_and_an_object_as_result(bool json)
    {
        await using var app = await CounterApp.StartAsync(json);
        var body = json ? """{"value":{"item":"tea","count":3}}"""u8.ToArray() : Convert.FromBase64String(TypedWire.BuyRequest);

        using var answer = await app.CallAsync(TypedWire.Buy, "BuyAsync", body);

        Assert.Equal(
            json ? """{"value":{"retVal":{"item":"tea","count":3}}}"""u8.ToArray() : Convert.FromBase64String(TypedWire.BuyResponse),
            await answer.Content.ReadAsByteArrayAsync());
    }

    [Fact]
    public async Task What_a_typed_call_throws_travels_in_a_200_and_its_changes_are_forgotten()
    {
        await using var app = await CounterApp.StartAsync(json: true);

        using var answer = await app.CallAsync(TypedWire.Fail, "FailAsync", """{"value":{"reason":"out of tea"}}"""u8.ToArray());

        Assert.Equal(HttpStatusCode.OK, answer.StatusCode);
        Assert.Equal(TypedWire.Failure, Convert.ToBase64String(await answer.Content.ReadAsByteArrayAsync()));
        var header = answer.Headers.GetValues("X-DaprErrorResponseHeader").Single();
        var details = header.Split("<b:Value>")[1].Split('<')[0];
        Assert.Equal(TypedWire.ErrorHeader(details), header);
        Assert.StartsWith("Exception: InvalidOperationException, Method Name: ", Encoding.UTF8.GetString(Convert.FromBase64String(details)), StringComparison.Ordinal);
        Assert.DoesNotContain(app.Sidecar.Requests, request => request.Method == "PUT");
        Assert.Contains("failed out of tea", app.Lines);

        using var next = await app.CallAsync(TypedWire.Add, "AddAsync", """{"value":{"amount":2}}"""u8.ToArray());
        Assert.Equal("""{"value":{"retVal":2}}""", await next.Content.ReadAsStringAsync());
    }

    [Fact]
    public async Task A_call_by_name_has_json_both_ways_and_fails_with_500()
    {
        await using var app = await CounterApp.StartAsync(json: false);
        app.Sidecar.Answer = async (request, response) =>
        {
            if (request.Line == Count)
            {
                response.StatusCode = 200;
                await response.Body.WriteAsync("40"u8.ToArray());
            }
        };

        using var added = await app.Http.PutAsync("/actors/Counter/a1/method/AddAsync", new StringContent("2"));
        using var failed = await app.Http.PutAsync("/actors/Counter/a1/method/FailAsync", new StringContent("\"x\""));
        using var tooMany = await app.Http.PutAsync("/actors/Counter/a1/method/BuyAsync", new StringContent("\"x\""));
        using var unknown = await app.Http.PutAsync("/actors/Counter/a1/method/Nothing", new StringContent(""));

        Assert.Equal((HttpStatusCode.OK, "42"), (added.StatusCode, await added.Content.ReadAsStringAsync()));
        Assert.Equal([500, 500, 500], new[] { failed, tooMany, unknown }.Select(answer => (int)answer.StatusCode));
    }

    [Fact]
    public async Task Deactivation_ends_the_actor_and_its_scope()
    {
        await using var app = await CounterApp.StartAsync(json: true);
        using var called = await app.Http.PutAsync("/actors/Counter/a1/method/AddAsync", new StringContent("1"));
        app.Lines.Clear();

        using var gone = await app.Http.DeleteAsync("/actors/Counter/a1");
        using var again = await app.Http.DeleteAsync("/actors/Counter/a1");

        Assert.Equal((200, 200), ((int)gone.StatusCode, (int)again.StatusCode));
        Assert.Equal(["deactivated", "disposed", "scope ended"], app.Lines);
    }

    [Fact]
    public async Task A_chain_of_calls_keeps_its_name_and_each_call_its_own_changes()
    {
        await using var app = await CounterApp.StartAsync(json: true, services => services.Configure<ActorRuntimeOptions>(options => options.Actors.RegisterActor<Relay>()));
        // The relay calls itself through the sidecar, which calls back while the first call is still open.
        app.Sidecar.Answer = async (request, response) =>
        {
            if (request.Target.EndsWith("/method/InnerAsync", StringComparison.Ordinal))
            {
                using var inner = new HttpRequestMessage(HttpMethod.Put, "/actors/Relay/r1/method/InnerAsync");
                inner.Headers.Add("Dapr-Reentrancy-Id", request.Headers["Dapr-Reentrancy-Id"]);
                using var answered = await app.Http.SendAsync(inner);
                response.StatusCode = (int)answered.StatusCode;
            }
        };

        using var outer = new HttpRequestMessage(HttpMethod.Put, "/actors/Relay/r1/method/OuterAsync");
        outer.Headers.Add("Dapr-Reentrancy-Id", "chain-1");
        using var done = await app.Http.SendAsync(outer);

        Assert.Equal(HttpStatusCode.OK, done.StatusCode);
        Assert.Equal("chain-1", app.Sidecar.Requests.Single(request => request.Target.EndsWith("/method/InnerAsync", StringComparison.Ordinal)).Headers["Dapr-Reentrancy-Id"]);
        Assert.Equal(
            [
                """PUT //v1.0/actors/Relay/r1/state [{"operation":"upsert","request":{"key":"inner","value":1}}]""",
                """PUT //v1.0/actors/Relay/r1/state [{"operation":"upsert","request":{"key":"outer","value":1}}]""",
            ],
            app.Sidecar.Requests.Where(request => request.Target.EndsWith("/state", StringComparison.Ordinal)).Select(request => request.Line));

        using var alone = await app.Http.PutAsync("/actors/Relay/r1/method/InnerAsync", null);
        Assert.Equal(HttpStatusCode.OK, alone.StatusCode);
    }

    [Fact]
    public void Handlers_without_actors_are_refused()
    {
        var builder = WebApplication.CreateSlimBuilder();
        var app = builder.Build();

        Assert.Throws<InvalidOperationException>(() => app.MapActorsHandlers());
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
