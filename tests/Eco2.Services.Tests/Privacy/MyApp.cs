using System.Text;
using System.Text.Json;
using Eco2.Testing;
using Npgsql;
using Xunit;

namespace Eco2.Services.Tests.Privacy;

/// <summary>The app my on a database of its own, with calls as a user, as the worker and as the broker.</summary>
internal sealed class MyApp(ServiceHost host, NpgsqlDataSource db) : IAsyncDisposable
{
    public ServiceHost Host => host;

    /// <summary>As the owner of the database, who sees every row.</summary>
    public NpgsqlDataSource Db => db;

    public static async Task<MyApp> StartAsync(TimeProvider? clock = null, params string[] options)
    {
        var postgres = await PostgresCluster.CreateDatabaseAsync();
        return new MyApp(await ServiceHost.StartAsync(Eco2.My.Program.Build, postgres, clock, options), NpgsqlDataSource.Create(postgres + ";Search Path=my"));
    }

    public static Guid NewId() => Guid.CreateVersion7(TimeProvider.System.GetUtcNow());

    public Task<HttpResponseMessage> SendAsync(HttpMethod method, string path, Guid? user = null, string? body = null, string? ifMatch = null)
    {
        var request = new HttpRequestMessage(method, path) { Content = body is null ? null : Answers.Json(body) };
        if (user is { } id)
        {
            request.Headers.Add("X-User-Id", id.ToString("D"));
        }

        if (ifMatch is not null)
        {
            request.Headers.TryAddWithoutValidation("If-Match", ifMatch);
        }

        return host.Client.SendAsync(request);
    }

    /// <summary>A message as the sidecar brings one.</summary>
    public Task<JsonElement> DeliverAsync(string route, object message) =>
        DeliverAsync(host, route, "{\"specversion\":\"1.0\",\"id\":\"1\",\"data\":" + JsonSerializer.Serialize(message) + "}", "application/cloudevents+json");

    /// <summary>A batch of one message.</summary>
    public Task<JsonElement> DeliverBatchAsync(string route, object message) => DeliverAsync(
        host,
        route,
        $$$"""{"id":"x","topic":"t","pubsubname":"pubsub","entries":[{"entryId":"1","contentType":"application/cloudevents+json","metadata":{},"event":{"specversion":"1.0","id":"1","data":{{{JsonSerializer.Serialize(message)}}}}}]}""",
        "application/json");

    public static async Task<JsonElement> DeliverAsync(ServiceHost host, string route, string body, string type)
    {
        using var content = new StringContent(body, Encoding.UTF8, type);
        using var answer = await host.Client.PostAsync("/events/" + route, content);
        Assert.True(answer.IsSuccessStatusCode, $"{route}: {(int)answer.StatusCode}");
        return await answer.JsonAsync();
    }

    public async ValueTask DisposeAsync()
    {
        await host.DisposeAsync();
        await db.DisposeAsync();
    }
}
