using System.Net;
using System.Net.Http.Json;
using Xunit;

namespace Eco2.Services.Tests.Auth;

public sealed class IssuerTests
{
    private const string Pool = "https://cognito-idp.ap-northeast-2.amazonaws.com/ap-northeast-2_Example";

    [Fact]
    public async Task Somebody_of_an_accepted_issuer_is_one_user_however_often_they_come()
    {
        var (host, db) = await AuthApp.StartAsync(null, $"Edge:Issuers:0:Issuer={Pool}", "Edge:Issuers:0:Audience=x", "Edge:Issuers:1:Issuer=https://other.example", "Edge:Issuers:1:Audience=x");
        await using var _ = host;
        await using var __ = db;

        var users = await Task.WhenAll(Enumerable.Range(0, 8).Select(_ => FindAsync(host, Pool, "subject-1")));
        var other = await FindAsync(host, Pool, "subject-2");
        var elsewhere = await FindAsync(host, "https://other.example", "subject-1");

        Assert.Single(users.Distinct());
        Assert.Equal(3, new[] { users[0], other, elsewhere }.Distinct().Count());
        Assert.Equal((3L, 3L), (await db.ScalarAsync<long>("select count(*) from accounts"), await db.ScalarAsync<long>("select count(*) from outbox where topic = 'user.registered'")));
    }

    [Fact]
    public async Task Others_and_nobody_get_no_account()
    {
        var (host, db) = await AuthApp.StartAsync(null, $"Edge:Issuers:0:Issuer={Pool}", "Edge:Issuers:0:Audience=x");
        await using var _ = host;
        await using var __ = db;

        foreach (var issuer in (string?[])[null, "", Pool + "/", Pool.ToUpperInvariant(), "https://evil.example"])
        {
            await (await PostAsync(host, issuer, "subject-1")).IsProblemAsync(HttpStatusCode.NotFound, "NOT_FOUND", "auth");
        }

        foreach (var subject in (string?[])[null, "", "a\nb", new string('s', 256)])
        {
            await (await PostAsync(host, Pool, subject)).IsProblemAsync(HttpStatusCode.BadRequest, "VALIDATION", "auth");
        }

        Assert.Equal(0, await db.ScalarAsync<long>("select count(*) from accounts"));
    }

    [Fact]
    public async Task Whoever_was_deleted_does_not_come_back()
    {
        var (host, db) = await AuthApp.StartAsync(null, $"Edge:Issuers:0:Issuer={Pool}", "Edge:Issuers:0:Audience=x");
        await using var _ = host;
        await using var __ = db;
        await FindAsync(host, Pool, "subject-1");
        await using (var delete = db.CreateCommand("update accounts set deleted_at = now()"))
        {
            await delete.ExecuteNonQueryAsync();
        }

        await (await PostAsync(host, Pool, "subject-1")).IsProblemAsync(HttpStatusCode.NotFound, "NOT_FOUND", "auth");
    }

    private static async Task<string> FindAsync(ServiceHost host, string issuer, string subject)
    {
        var answer = await PostAsync(host, issuer, subject);
        Assert.Equal(HttpStatusCode.OK, answer.StatusCode);
        var user = await answer.JsonAsync();
        Assert.Equal(["user"], user.GetProperty("roles").EnumerateArray().Select(r => r.GetString()));
        return user.GetProperty("user_id").GetString()!;
    }

    private static Task<HttpResponseMessage> PostAsync(ServiceHost host, string? issuer, string? subject) =>
        host.Client.PostAsJsonAsync("/internal/issuers/subject", new { issuer, subject });
}
