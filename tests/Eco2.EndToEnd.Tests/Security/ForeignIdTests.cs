using System.Net;
using System.Net.Http.Json;
using System.Text;
using System.Text.Json;
using Xunit;

namespace Eco2.EndToEnd.Tests.Security;

/// <summary>Every route of the API with things of somebody else, and without an account.</summary>
[Collection(UnderAttack.Name)]
public sealed class ForeignIdTests(AttackedSystem attacked)
{
    [Fact]
    public void Every_route_of_the_document_is_tried_here()
    {
        Assert.NotEmpty(ApiDocument.Operations);
        Assert.Empty(ApiDocument.Operations.Where(operation => Route.Of(operation) is null).Select(operation => operation.Name));
        // What the document says about signing in is what is meant.
        Assert.Empty(ApiDocument.Operations.Where(operation => Route.Of(operation) is { } route && operation.NeedsSignIn == (route.Meant == Meant.Anyone)).Select(operation => operation.Name));
    }

    [Fact]
    public async Task Without_an_account_everything_of_somebody_is_401()
    {
        using var owner = await SignUpAsync();
        var ids = await ThingsAsync(owner);
        using var nobody = new HttpClient { BaseAddress = attacked.System.Url };

        foreach (var route in Route.All.Where(route => route.Meant != Meant.Anyone))
        {
            Assert.Equal((route.Name, HttpStatusCode.Unauthorized, "UNAUTHORIZED"), await AskAsync(nobody, route, ids));
        }
    }

    [Fact]
    public async Task What_is_for_admins_is_403_for_everybody_else()
    {
        using var user = await SignUpAsync();

        foreach (var route in Route.All.Where(route => route.Meant == Meant.Admin))
        {
            var (name, status, _) = await AskAsync(user, route, Unknown());
            Assert.Equal((route.Name, HttpStatusCode.Forbidden), (name, status));
        }
    }

    [Fact]
    public async Task Things_of_another_user_are_answered_like_things_that_do_not_exist_and_stay_as_they_are()
    {
        using var owner = await SignUpAsync();
        using var stranger = await SignUpAsync();
        var ids = await ThingsAsync(owner);
        var before = await SeenAsync(owner, ids);

        foreach (var route in Route.All.Where(route => route.Meant == Meant.Owned))
        {
            var foreign = await AskAsync(stranger, route, ids);
            var unknown = await AskAsync(stranger, route, Unknown());
            var mixed = await AskAsync(stranger, route, new Dictionary<string, string>(ids) { ["owner"] = stranger.Id.ToString() });
            // The text of a key names its owner, so nothing is looked up there, and whether it exists is not told.
            var isKeyOnly = route.Name == "POST /api/v1/images/scan/callback";
            Assert.Equal((route.Name, isKeyOnly ? HttpStatusCode.Forbidden : HttpStatusCode.NotFound), (foreign.Name, foreign.Status));
            Assert.Equal(unknown, foreign);
            Assert.Equal((route.Name, HttpStatusCode.NotFound), (mixed.Name, mixed.Status));
        }

        Assert.Equal(before, await SeenAsync(owner, ids));
    }

    [Fact]
    public async Task Nobody_sees_anything_of_another_user_where_no_id_is_asked_for()
    {
        using var owner = await SignUpAsync();
        using var stranger = await SignUpAsync();
        var ids = await ThingsAsync(owner);

        foreach (var route in Route.All.Where(route => route is { Meant: Meant.Own, Method: "GET" } && !route.Path.Contains('{', StringComparison.Ordinal)))
        {
            // Parameters that no route has, and headers that say to be somebody else.
            using var request = new HttpRequestMessage(HttpMethod.Get, $"{route.Path}?user_id={owner.Id}&owner={owner.Id}&id={ids["job"]}");
            request.Headers.Add("X-User-Id", owner.Id.ToString());
            using var answer = await stranger.Http.SendAsync(request);
            var text = await answer.Content.ReadAsStringAsync();
            Assert.All(ids.Values.Append(owner.Email), id => Assert.DoesNotContain(id, text, StringComparison.OrdinalIgnoreCase));
        }
    }

    /// <summary>As a page asks: else what a cookie comes with is refused before anybody looks whose it is.</summary>
    private async Task<User> SignUpAsync()
    {
        var user = await User.SignUpAsync(attacked.System);
        user.Http.DefaultRequestHeaders.Add("X-Requested-With", "eco2");
        return user;
    }

    /// <summary>One of each kind of thing that has an owner.</summary>
    private static async Task<Dictionary<string, string>> ThingsAsync(User owner)
    {
        var job = await owner.SubmitAsync("생수병");
        await owner.EventsAsync(job.StreamUrl);
        var picture = await owner.UploadAsync();
        var sessions = await owner.Http.GetFromJsonAsync<JsonElement>("/api/v1/auth/sessions");
        using var key = await owner.Http.PostAsJsonAsync("/api/v1/auth/keys", new { name = "a program", scopes = new[] { "scan:read" } });
        using var export = await owner.Http.PostAsync(new Uri("/api/v1/users/me/exports", UriKind.Relative), null);
        return new Dictionary<string, string>
        {
            ["owner"] = owner.Id.ToString(),
            ["job"] = job.JobId.ToString(),
            ["picture"] = picture.Key.Split('/')[^1],
            ["session"] = sessions.GetProperty("sessions")[0].GetProperty("id").GetString()!,
            ["key"] = await IdAsync(key),
            ["export"] = await IdAsync(export),
        };
    }

    private static async Task<string> IdAsync(HttpResponseMessage made)
    {
        Assert.True(made.IsSuccessStatusCode, await made.Content.ReadAsStringAsync());
        return (await made.Content.ReadFromJsonAsync<JsonElement>()).GetProperty("id").GetString()!;
    }

    private static Dictionary<string, string> Unknown() =>
        ((string[])["owner", "job", "picture", "session", "key", "export", "letter"]).ToDictionary(name => name, _ => "0198c0de-0000-7000-8000-00000000dead");

    private static Task<(string Name, HttpStatusCode Status, string Code)> AskAsync(User user, Route route, Dictionary<string, string> ids) => AskAsync(user.Http, route, ids);

    private static async Task<(string Name, HttpStatusCode Status, string Code)> AskAsync(HttpClient http, Route route, Dictionary<string, string> ids)
    {
        using var request = new HttpRequestMessage(new HttpMethod(route.Method), Fill(route.Path, ids));
        request.Headers.Add("Idempotency-Key", Guid.CreateVersion7(TimeProvider.System.GetUtcNow()).ToString());
        request.Headers.TryAddWithoutValidation("If-Match", "*");
        if (route.Method is not ("GET" or "HEAD" or "DELETE"))
        {
            request.Content = new StringContent(route.Body is null ? "{}" : Fill(route.Body, ids), Encoding.UTF8, "application/json");
        }

        using var limit = new CancellationTokenSource(TimeSpan.FromSeconds(30));
        using var answer = await http.SendAsync(request, HttpCompletionOption.ResponseHeadersRead, limit.Token);
        var problem = answer.IsSuccessStatusCode ? default : await answer.Content.ReadFromJsonAsync<JsonElement>(limit.Token);
        return (route.Name, answer.StatusCode, problem.ValueKind == JsonValueKind.Object ? problem.GetProperty("code").GetString()! : "");
    }

    /// <summary>What the owner still has.</summary>
    private static async Task<string> SeenAsync(User owner, Dictionary<string, string> ids)
    {
        var seen = new StringBuilder();
        foreach (var path in (string[])["/api/v1/scan/{job}/result", "/api/v1/images/scan/{owner}/{picture}"])
        {
            using var answer = await owner.Http.GetAsync(new Uri(Fill(path, ids), UriKind.Relative));
            seen.Append(path).Append(' ').Append(answer.StatusCode).Append('\n');
        }

        var sessions = await owner.Http.GetStringAsync(new Uri("/api/v1/auth/sessions", UriKind.Relative));
        var keys = await owner.Http.GetStringAsync(new Uri("/api/v1/auth/keys", UriKind.Relative));
        var scans = await owner.Http.GetStringAsync(new Uri("/api/v1/scan", UriKind.Relative));
        return seen.Append(sessions.Contains(ids["session"], StringComparison.Ordinal)).Append(keys.Contains(ids["key"], StringComparison.Ordinal)).Append(scans.Contains(ids["job"], StringComparison.Ordinal)).ToString();
    }

    private static string Fill(string text, Dictionary<string, string> ids) =>
        ids.Aggregate(text, (at, id) => at.Replace($"{{{id.Key}}}", id.Value, StringComparison.Ordinal))
            .Replace("{channel}", "scan", StringComparison.Ordinal).Replace("{provider}", "local", StringComparison.Ordinal).Replace("{codeOrName}", "eco", StringComparison.Ordinal)
            .Replace("{letter}", "0198c0de-0000-7000-8000-00000000dead", StringComparison.Ordinal);
}
