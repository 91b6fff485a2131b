using System.Net;
using System.Text;
using System.Text.Json;
using Eco2.Testing;
using Xunit;

namespace Eco2.Services.Tests.My;

public sealed class ProfileTagTests : IAsyncLifetime
{
    private readonly Guid user = Guid.CreateVersion7(TimeProvider.System.GetUtcNow());
    private ServiceHost host = null!;

    public async Task InitializeAsync()
    {
        host = await ServiceHost.StartAsync(Eco2.My.Program.Build, await PostgresCluster.CreateDatabaseAsync());
        var registered = $$"""{"user_id":"{{user}}","provider":"password","nickname":"에코","registered_at":"2026-03-01T00:00:00Z"}""";
        var delivery = $$"""{"id":"{{Guid.CreateVersion7(TimeProvider.System.GetUtcNow())}}","specversion":"1.0","type":"t","source":"auth","data":{{registered}}}""";
        using var answer = await host.Client.PostAsync("/events/user-registered", new StringContent(delivery, Encoding.UTF8, "application/cloudevents+json"));
        answer.EnsureSuccessStatusCode();
    }

    public async Task DisposeAsync() => await host.DisposeAsync();

    [Fact]
    public async Task A_change_names_the_profile_it_saw()
    {
        using var seen = await SendAsync(HttpMethod.Get, null, null);
        var tag = seen.Headers.ETag!.ToString();

        using var first = await SendAsync(HttpMethod.Patch, """{"nickname":"하나"}""", tag);
        using var late = await SendAsync(HttpMethod.Patch, """{"nickname":"둘"}""", tag);
        using var next = await SendAsync(HttpMethod.Patch, """{"nickname":"셋"}""", first.Headers.ETag!.ToString());
        using var blind = await SendAsync(HttpMethod.Patch, """{"nickname":"넷"}""", null);
        using var both = await SendAsync(HttpMethod.Patch, """{"nickname":"다섯"}""", $"{seen.Headers.ETag}, {next.Headers.ETag}");
        using var any = await SendAsync(HttpMethod.Patch, """{"phone_number":"010-1234-5678"}""", "*");
        using var now = await SendAsync(HttpMethod.Get, null, null);

        Assert.Equal(HttpStatusCode.OK, first.StatusCode);
        await late.IsProblemAsync(HttpStatusCode.PreconditionFailed, "PRECONDITION_FAILED", "my");
        Assert.Equal((HttpStatusCode.OK, HttpStatusCode.OK), (next.StatusCode, any.StatusCode));
        await blind.IsProblemAsync(HttpStatusCode.PreconditionRequired, "PRECONDITION_REQUIRED", "my");
        await both.IsProblemAsync(HttpStatusCode.PreconditionFailed, "PRECONDITION_FAILED", "my");
        Assert.Equal(any.Headers.ETag, now.Headers.ETag);
        Assert.Equal("셋", (await now.JsonAsync()).GetProperty("nickname").GetString());
    }

    [Fact]
    public async Task Of_many_who_saw_the_same_profile_one_changes_it()
    {
        using var seen = await SendAsync(HttpMethod.Get, null, null);
        var tag = seen.Headers.ETag!.ToString();

        var answers = await Task.WhenAll(Enumerable.Range(0, 12).Select(i => SendAsync(HttpMethod.Patch, JsonSerializer.Serialize(new { nickname = $"이름 {i}" }), tag)));

        Assert.Equal(1, answers.Count(answer => answer.StatusCode == HttpStatusCode.OK));
        Assert.Equal(11, answers.Count(answer => answer.StatusCode == HttpStatusCode.PreconditionFailed));
    }

    [Fact]
    public async Task An_export_is_begun_once_per_key()
    {
        using var first = await SendAsync(HttpMethod.Post, "", null, "/exports", "export-of-today");
        using var again = await SendAsync(HttpMethod.Post, "", null, "/exports", "export-of-today");

        Assert.Equal(HttpStatusCode.Accepted, first.StatusCode);
        Assert.Equal(await first.Content.ReadAsStringAsync(), await again.Content.ReadAsStringAsync());
        Assert.Equal(first.Headers.Location, again.Headers.Location);
        Assert.Equal("true", again.Headers.GetValues("Idempotency-Replayed").Single());
    }

    private async Task<HttpResponseMessage> SendAsync(HttpMethod method, string? body, string? tag, string path = "", string? key = null)
    {
        var request = new HttpRequestMessage(method, "/api/v1/users/me" + path);
        request.Headers.Add("X-User-Id", user.ToString());
        request.Headers.Add("X-Auth-Provider", "password");
        if (tag is not null)
        {
            request.Headers.TryAddWithoutValidation("If-Match", tag);
        }

        if (key is not null)
        {
            request.Headers.Add("Idempotency-Key", key);
        }

        if (body is { Length: > 0 })
        {
            request.Content = new StringContent(body, Encoding.UTF8, "application/json");
        }

        return await host.Client.SendAsync(request);
    }
}
