using Dapr.Client.Autogen.Grpc.v1;
using Eco2.Testing;
using EmbeddedSidecar.Apps;
using EmbeddedSidecar.Tests.Workflows.Wire;
using Google.Protobuf;
using Microsoft.AspNetCore.Http;
using Xunit;

namespace EmbeddedSidecar.Tests.Actors;

/// <summary>Calls of methods: how they reach the app that hosts the actor, and which cannot.</summary>
public sealed class ActorMethodTests
{
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
        await using var sidecar = await ActorSidecar.StartAsync(app);

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
        await using var sidecar = await ActorSidecar.StartAsync(app);
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
        await using var sidecar = await ActorSidecar.StartAsync(app);
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
        await using var sidecar = await ActorSidecar.StartAsync(app, new AppSettings { AppId = "caller" });
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

        await sidecar["app"].ActorAsync("PUT", "Nobody/1/method/m").RefusedAsync(500, "ERR_ACTOR_INVOKE_METHOD", "did not find address for actor 'Nobody/1'");
        await sidecar["app"].ActorAsync("PUT", "T/1/method/m").RefusedAsync(500, "ERR_ACTOR_INVOKE_METHOD", "did not find address for actor 'T/1'");
        await sidecar["app"].ActorAsync("GET", "T/1/state/k").RefusedAsync(500, "ERR_ACTOR_RUNTIME_NOT_FOUND", "the state store is not configured to use the actor runtime");
        var grpc = await Assert.ThrowsAsync<WireException>(() => InvokeAsync(wire, "Nobody", "1", "m"));

        Assert.Equal(9, grpc.Code);
    }

    [Fact]
    public async Task A_call_waits_for_a_host_that_is_just_starting()
    {
        await using var app = await ActorApp.StartAsync();
        await using var sidecar = await SidecarFixture.StartAsync(ActorSidecar.InMemory, new AppSettings { AppId = "app", AwaitsAppPort = true });

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
        await using var sidecar = await SidecarFixture.StartAsync(ActorSidecar.InMemory, new AppSettings { AppId = "app" });

        await sidecar["app"].ActorAsync(verb, path, body).RefusedAsync(403, "ERR_ACTOR_TYPE_RESERVED", "reserved for the Dapr workflow runtime");
    }

    [Theory]
    [InlineData("PUT", "T/a%2Fb/method/m", null)]
    [InlineData("PUT", "T/1/method/a%23b", null)]
    [InlineData("POST", "T/1/reminders/a%2Fb", "{}")]
    [InlineData("POST", "T/1/timers/a%3Fb", "{}")]
    public async Task Names_that_would_change_the_path_on_the_app_are_refused(string verb, string path, string? body)
    {
        await using var sidecar = await SidecarFixture.StartAsync(ActorSidecar.InMemory, new AppSettings { AppId = "app" });

        await sidecar["app"].ActorAsync(verb, path, body).RefusedAsync(400, "ERR_BAD_REQUEST", "forbidden character");
    }

    private static Task<InvokeActorResponse> InvokeAsync(GrpcWire wire, string type, string id, string method) =>
        wire.UnaryAsync<InvokeActorResponse>(
            "/dapr.proto.runtime.v1.Dapr/InvokeActor", new InvokeActorRequest { ActorType = type, ActorId = id, Method = method });
}
