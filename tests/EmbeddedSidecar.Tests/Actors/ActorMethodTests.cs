using System.Collections.Concurrent;
using System.Globalization;
using Dapr.Client.Autogen.Grpc.v1;
using Eco2.Testing;
using EmbeddedSidecar.Apps;
using EmbeddedSidecar.Tests.Workflows.Wire;
using Google.Protobuf;
using Microsoft.AspNetCore.Http;
using Xunit;

namespace EmbeddedSidecar.Tests.Actors;

public sealed class ActorMethodTests
{
    private static readonly string _store = SidecarFixture.Component("state", "state.in-memory", "actorStateStore: true");

    // With a policy of its own an actor that has no host is given up at once.
    private static readonly string _impatient = """
        ---
        apiVersion: dapr.io/v1alpha1
        kind: Resiliency
        metadata: { name: impatient }
        spec:
          policies: { timeouts: { long: 30s } }
          targets: { actors: { T: { timeout: long }, Nobody: { timeout: long } } }

        """;

    [Theory]
    [InlineData("GET")]
    [InlineData("POST")]
    [InlineData("PUT")]
    [InlineData("DELETE")]
    public async Task A_call_by_any_verb_reaches_the_actor_by_put_and_its_answer_comes_back_whole(string verb)
    {
        await using var app = await ActorApp.StartAsync();
        app.Handle = async (_, http) =>
        {
            http.Response.Headers["X-Own"] = "yes";
            http.Response.ContentType = "text/plain; charset=utf-8";
            await http.Response.WriteAsync("안녕");
        };
        await using var sidecar = await StartAsync(app);

        using var answer = await sidecar["app"].ActorAsync(verb, "T/user%201/method/greet?lang=ko", verb == "GET" ? null : "{\"a\":1}", request =>
        {
            request.Headers.Add("X-Mine", "1");
            request.Headers.Add("dapr-api-token", "callers");
            request.Headers.Add("traceparent", "00-0af7651916cd43dd8448eb211c80319c-b7ad6b7169203331-01");
        });

        var received = Assert.Single(app.On("PUT /actors/T/user 1/method/greet"));
        Assert.Equal(("?lang=ko", verb == "GET" ? "" : "{\"a\":1}", "1"), (received.Query, received.Body, received.Headers["X-Mine"]));
        Assert.Equal("apptoken", received.Headers["dapr-api-token"]);
        Assert.StartsWith("00-0af7651916cd43dd8448eb211c80319c-", received.Headers["traceparent"], StringComparison.Ordinal);
        Assert.False(received.Headers.ContainsKey("Dapr-Reentrancy-Id"));
        Assert.Equal(verb != "GET", received.Headers.ContainsKey("Content-Type"));
        Assert.Equal((200, "안녕"), ((int)answer.StatusCode, await answer.Content.ReadAsStringAsync()));
        Assert.Equal("yes", answer.Headers.GetValues("X-Own").Single());
        Assert.Equal("text/plain", answer.Content.Headers.ContentType!.MediaType);
    }

    [Theory]
    [InlineData(204, "error invoke actor method: error from actor service: (204) ")]
    [InlineData(201, "error invoke actor method: error from actor service: (201) no")]
    [InlineData(500, "error invoke actor method: error from actor service: (500) no")]
    [InlineData(404, "error invoke actor method: actor method not found: actors/T/1/method/m")]
    public async Task Anything_but_200_is_a_failed_call(int status, string message)
    {
        await using var app = await ActorApp.StartAsync();
        app.Handle = async (_, http) =>
        {
            http.Response.StatusCode = status;
            await (status == 204 ? Task.CompletedTask : http.Response.WriteAsync("no"));
        };
        await using var sidecar = await StartAsync(app);
        using var wire = new GrpcWire(sidecar["app"].GrpcEndpoint);

        await sidecar["app"].ActorAsync("PUT", "T/1/method/m").RefusedAsync(500, "ERR_ACTOR_INVOKE_METHOD", message);
        var grpc = await Assert.ThrowsAsync<WireException>(() => InvokeAsync(wire, "T", "1", "m"));

        Assert.Equal(13, grpc.Code);
        Assert.StartsWith(message, grpc.Detail, StringComparison.Ordinal);
    }

    [Fact]
    public async Task An_error_of_the_actor_itself_passes_as_a_200_with_its_header()
    {
        await using var app = await ActorApp.StartAsync();
        app.Handle = (_, http) =>
        {
            http.Response.Headers["X-DaprErrorResponseHeader"] = "<ErrorResponse/>";
            return http.Response.WriteAsync("details");
        };
        await using var sidecar = await StartAsync(app);
        using var wire = new GrpcWire(sidecar["app"].GrpcEndpoint);

        using var answer = await sidecar["app"].ActorAsync("POST", "T/1/method/m");
        var grpc = await InvokeAsync(wire, "T", "1", "m");

        Assert.Equal((200, "details"), ((int)answer.StatusCode, await answer.Content.ReadAsStringAsync()));
        Assert.Equal("<ErrorResponse/>", answer.Headers.GetValues("X-DaprErrorResponseHeader").Single());
        Assert.Equal("details", grpc.Data.ToStringUtf8());
    }

    [Fact]
    public async Task Other_apps_of_the_process_call_it_too_also_over_grpc_with_metadata_as_headers()
    {
        await using var app = await ActorApp.StartAsync();
        app.Handle = (request, http) => http.Response.WriteAsync(request.Body.ToUpperInvariant());
        await using var sidecar = await StartAsync(app, "", new AppSettings { AppId = "caller" });
        using var wire = new GrpcWire(sidecar["caller"].GrpcEndpoint);

        var http = await sidecar["caller"].CallAsync("T/1", "m", "abc");
        var request = new InvokeActorRequest { ActorType = "T", ActorId = "1", Method = "m", Data = ByteString.CopyFromUtf8("def") };
        request.Metadata["X-Mine"] = "2";
        var grpc = await wire.UnaryAsync<InvokeActorResponse>("/dapr.proto.runtime.v1.Dapr/InvokeActor", request);

        Assert.Equal(("ABC", "DEF"), (http, grpc.Data.ToStringUtf8()));
        Assert.Equal("2", app.Requests.Last().Headers["X-Mine"]);
        Assert.Equal(-1, await sidecar["caller"].CountAsync());
        Assert.Equal(1, await sidecar["app"].CountAsync());
    }

    [Fact]
    public async Task Without_a_host_or_a_store_to_host_with_there_is_no_address()
    {
        await using var app = await ActorApp.StartAsync();
        await using var sidecar = await SidecarFixture.StartAsync(_impatient, new AppSettings { AppId = "app", AppPort = app.Port });
        await sidecar.WaitUntilReadyAsync();
        using var wire = new GrpcWire(sidecar["app"].GrpcEndpoint);

        await sidecar["app"].ActorAsync("PUT", "Nobody/1/method/m").RefusedAsync(500, "ERR_ACTOR_INVOKE_METHOD", "did not find address for actor 'Nobody||1'");
        await sidecar["app"].ActorAsync("PUT", "T/1/method/m").RefusedAsync(500, "ERR_ACTOR_INVOKE_METHOD", "did not find address for actor 'T||1'");
        await sidecar["app"].ActorAsync("GET", "T/1/state/k").RefusedAsync(500, "ERR_ACTOR_RUNTIME_NOT_FOUND", "the state store is not configured to use the actor runtime");
        var grpc = await Assert.ThrowsAsync<WireException>(() => InvokeAsync(wire, "Nobody", "1", "m"));

        Assert.Equal(9, grpc.Code);
    }

    [Fact]
    public async Task A_call_waits_for_a_host_that_is_just_starting()
    {
        await using var app = await ActorApp.StartAsync();
        await using var sidecar = await SidecarFixture.StartAsync(_store, new AppSettings { AppId = "app", AwaitsAppPort = true });

        var early = sidecar["app"].CallAsync("T/1", "m");
        sidecar["app"].AttachApp(app.Port);
        await early;

        Assert.Single(app.On("PUT /actors/T/1/method/m"));
    }

    [Theory]
    [InlineData("PUT", "dapr.internal.default.app.workflow/1/method/m")]
    [InlineData("GET", "dapr.internal.default.app.workflow/1/state/k")]
    [InlineData("POST", "dapr.internal.default.app.workflow/1/state", "[]")]
    [InlineData("POST", "dapr.internal.x/1/reminders/r", "{}")]
    [InlineData("GET", "dapr.internal.x/1/reminders/r")]
    [InlineData("DELETE", "dapr.internal.x/1/reminders/r")]
    [InlineData("POST", "dapr.internal.x/1/timers/t", "{}")]
    [InlineData("DELETE", "dapr.internal.x/1/timers/t")]
    public async Task Types_of_the_runtime_itself_are_refused_everywhere(string verb, string path, string? body = null)
    {
        await using var sidecar = await SidecarFixture.StartAsync(_store, new AppSettings { AppId = "app" });

        await sidecar["app"].ActorAsync(verb, path, body).RefusedAsync(403, "ERR_ACTOR_TYPE_RESERVED", "reserved for the Dapr workflow runtime");
    }

    [Theory]
    [InlineData("PUT", "T/a%2Fb/method/m", null)]
    [InlineData("PUT", "T/1/method/a%23b", null)]
    [InlineData("POST", "T/1/reminders/a%2Fb", "{}")]
    [InlineData("POST", "T/1/timers/a%3Fb", "{}")]
    public async Task Names_that_would_change_the_path_on_the_app_are_refused(string verb, string path, string? body)
    {
        await using var sidecar = await SidecarFixture.StartAsync(_store, new AppSettings { AppId = "app" });

        await sidecar["app"].ActorAsync(verb, path, body).RefusedAsync(400, "ERR_BAD_REQUEST", "forbidden character");
    }

    [Fact]
    public async Task Calls_of_one_actor_take_turns_in_order_and_other_actors_do_not_wait()
    {
        await using var app = await ActorApp.StartAsync();
        var hold = new TaskCompletionSource();
        var (inside, most) = (0, 0);
        app.Handle = async (request, _) =>
        {
            if (request.Line.Contains("/T/1/", StringComparison.Ordinal))
            {
                most = Math.Max(most, Interlocked.Increment(ref inside));
                await (request.Body == "0" ? hold.Task : Task.CompletedTask);
                Interlocked.Decrement(ref inside);
            }
        };
        await using var sidecar = await StartAsync(app);

        var calls = new List<Task> { sidecar["app"].CallAsync("T/1", "m", "0") };
        await Eventually.TrueAsync(() => app.On("PUT /actors/T/1/method/m").Any(), "the first is in");
        calls.AddRange(Enumerable.Range(1, 20).Select(i => sidecar["app"].CallAsync("T/1", "m", $"{i}")));
        await sidecar["app"].CallAsync("T/2", "m");
        Assert.Single(app.On("PUT /actors/T/1/method/m"));
        hold.SetResult();
        await Task.WhenAll(calls);

        Assert.Equal((21, 1), (app.On("PUT /actors/T/1/method/m").Count(), most));
    }

    [Fact]
    public async Task A_reentrant_chain_goes_through_two_actors_and_back_and_no_deeper_than_allowed()
    {
        await using var app = await ActorApp.StartAsync(ActorApp.Reentrant);
        SidecarFixture sidecar = null!;
        var answers = new ConcurrentQueue<string>();
        app.Handle = async (request, _) =>
        {
            // Each call goes on to the other actor with one less.
            var left = int.Parse(request.Body, System.Globalization.CultureInfo.InvariantCulture);
            if (left > 0)
            {
                var next = request.Line.Contains("/T/1/", StringComparison.Ordinal) ? "T/2" : "T/1";
                using var answer = await sidecar["app"].ActorAsync(
                    "PUT", $"{next}/method/m", $"{left - 1}", nested => nested.Headers.Add("Dapr-Reentrancy-Id", request.Headers["Dapr-Reentrancy-Id"]));
                answers.Enqueue($"{(int)answer.StatusCode} {await answer.Content.ReadAsStringAsync()}");
            }
        };
        await using (sidecar = await StartAsync(app))
        {
            await sidecar["app"].CallAsync("T/1", "m", "5");
            Assert.Equal(6, app.Requests.Count);
            Assert.Single(app.Requests.Select(request => request.Headers["Dapr-Reentrancy-Id"]).Distinct());
            Assert.All(answers, answer => Assert.StartsWith("200", answer, StringComparison.Ordinal));
            answers.Clear();

            // Six and seven: the seventh would be the fourth at one actor.
            await sidecar["app"].CallAsync("T/1", "m", "6");
            Assert.Contains(answers, answer => answer.Contains("ERR_ACTOR_STACK_DEPTH", StringComparison.Ordinal));

            await sidecar["app"].CallAsync("T/1", "m", "0");
        }
    }

    [Fact]
    public async Task A_call_of_another_chain_waits_and_a_caller_that_gives_up_leaves_the_queue()
    {
        await using var app = await ActorApp.StartAsync(ActorApp.Reentrant);
        var hold = new TaskCompletionSource();
        app.Handle = (request, _) => request.Body == "hold" ? hold.Task : Task.CompletedTask;
        await using var sidecar = await StartAsync(app);

        var first = sidecar["app"].CallAsync("T/1", "m", "hold", "a");
        await Eventually.TrueAsync(() => app.Requests.Count == 1, "the first is in");
        using var patience = new CancellationTokenSource();
        var waiting = new HttpClient().PutAsync(new Uri(sidecar["app"].HttpEndpoint, "/v1.0/actors/T/1/method/gone"), null, patience.Token);
        var other = sidecar["app"].CallAsync("T/1", "m", "b", "b");
        await Eventually.TrueAsync(async () => await WaitingCallsAsync(sidecar) == 2, "both wait for their turn");
        await sidecar["app"].CallAsync("T/1", "m", "inside", "a");
        await patience.CancelAsync();
        await Assert.ThrowsAnyAsync<OperationCanceledException>(() => waiting);
        await Eventually.TrueAsync(async () => await WaitingCallsAsync(sidecar) == 1, "the sidecar saw that its caller is gone");
        Assert.Equal(["hold", "inside"], app.Requests.Select(request => request.Body));
        hold.SetResult();
        await Task.WhenAll(first, other);

        Assert.Equal(["hold", "inside", "b"], app.Requests.Select(request => request.Body));
    }

    [Fact]
    public async Task An_idle_actor_is_deactivated_with_its_timers_and_comes_back_at_the_next_call()
    {
        await using var app = await ActorApp.StartAsync("""{"entities":["T","Lasting"],"actorIdleTimeout":"1h","entitiesConfig":[{"entities":["T"],"actorIdleTimeout":"700ms"}]}""");
        await using var sidecar = await StartAsync(app);

        await sidecar["app"].CallAsync("T/1", "m");
        await sidecar["app"].CallAsync("Lasting/1", "m");
        await sidecar["app"].ActorAsync("POST", "T/1/timers/t", """{"dueTime":"1500ms"}""").SucceededAsync();
        Assert.Equal(1, await sidecar["app"].CountAsync());
        await Eventually.TrueAsync(() => app.On("DELETE /actors/T/1").Any(), "deactivated");
        await Eventually.TrueAsync(async () => await sidecar["app"].CountAsync() == 0, "and no longer counted");
        await sidecar["app"].CallAsync("T/1", "m");
        await sidecar["app"].ActorAsync("POST", "Lasting/1/timers/fence", """{"dueTime":"1600ms"}""").SucceededAsync();
        await Eventually.TrueAsync(() => app.On("PUT /actors/Lasting/1/method/timer/fence").Any(), "the fence");

        Assert.Empty(app.On("PUT /actors/T/1/method/timer/t"));
        Assert.Empty(app.On("DELETE /actors/Lasting/1"));
        Assert.Equal(2, app.On("PUT /actors/T/1/method/m").Count());
    }

    [Fact]
    public async Task An_actor_that_is_busy_longer_than_it_may_idle_is_left_to_work()
    {
        await using var app = await ActorApp.StartAsync("""{"entities":["T"],"actorIdleTimeout":"50ms","drainOngoingCallTimeout":"1ms"}""");
        var hold = new TaskCompletionSource();
        app.Handle = (request, _) => request.Body == "hold" ? hold.Task : Task.CompletedTask;
        await using var sidecar = await StartAsync(app);

        var busy = sidecar["app"].CallAsync("T/1", "m", "hold");
        await Eventually.TrueAsync(() => !app.Requests.IsEmpty, "in");
        foreach (var fence in (string[])["2", "3"])
        {
            await sidecar["app"].CallAsync($"T/{fence}", "m");
            await Eventually.TrueAsync(() => app.On($"DELETE /actors/T/{fence}").Any(), "an idle one goes");
        }

        Assert.Empty(app.On("DELETE /actors/T/1"));
        hold.SetResult();
        await busy;

        await Eventually.TrueAsync(() => app.On("DELETE /actors/T/1").Any(), "then this one too");
    }

    private static async Task<SidecarFixture> StartAsync(ActorApp app, string resources = "", params AppSettings[] others)
    {
        var sidecar = await SidecarFixture.StartAsync(_store + resources, [new AppSettings { AppId = "app", AppPort = app.Port, AppToken = "apptoken", MetricsPort = 0 }, .. others]);
        await sidecar.WaitUntilReadyAsync();
        return sidecar;
    }

    private static async Task<int> WaitingCallsAsync(SidecarFixture sidecar)
    {
        using var scraper = new HttpClient();
        var metrics = await scraper.GetStringAsync(new Uri($"http://127.0.0.1:{sidecar["app"].MetricsPort}/metrics"));
        var line = metrics.Split('\n').FirstOrDefault(line => line.StartsWith("dapr_runtime_actor_pending_actor_calls{", StringComparison.Ordinal));
        return line is null ? 0 : int.Parse(line[(line.LastIndexOf(' ') + 1)..], CultureInfo.InvariantCulture);
    }

    private static Task<InvokeActorResponse> InvokeAsync(GrpcWire wire, string type, string id, string method) =>
        wire.UnaryAsync<InvokeActorResponse>(
            "/dapr.proto.runtime.v1.Dapr/InvokeActor", new InvokeActorRequest { ActorType = type, ActorId = id, Method = method });
}
