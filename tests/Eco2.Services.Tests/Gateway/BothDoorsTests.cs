using System.Net;
using Eco2.Services.Tests.Auth;
using Eco2.Testing;
using EmbeddedSidecar.Apps;
using Xunit;

namespace Eco2.Services.Tests.Gateway;

/// <summary>A gateway, and auth for a mesh beside it, each with a sidecar of its own over one store: who comes through both is counted once.</summary>
public sealed class BothDoorsTests : IAsyncLifetime
{
    private readonly TestClock clock = new();
    private SidecarStandIn apps = null!;
    private TestTarget target = null!;
    private AppSidecars sidecars = null!;
    private ServiceHost gateway = null!;
    private ServiceHost auth = null!;
    private Npgsql.NpgsqlDataSource db = null!;

    public async Task InitializeAsync()
    {
        apps = await SidecarStandIn.StartAsync();
        target = await TestTarget.StartAsync();
        AppSettings[] settings = [new() { AppId = "gateway" }, new() { AppId = "auth" }];
        sidecars = await target.StartSidecarsAsync([target.Read("limits")], settings);
        string[] options = [$"DAPR_HTTP_PORT={apps.Port}", "Edge:SyncInterval=00:00:00.1", "Edge:LimitsTimeout=00:00:05", "Edge:Limits:anonymous=20/min"];
        gateway = await ServiceHost.StartAsync(Eco2.Gateway.Program.Build, null, clock, [.. options, $"DAPR_GRPC_PORT={sidecars.Apps[0].GrpcPort}"]);
        (auth, db) = await AuthApp.StartAsync(clock, [.. options, $"DAPR_GRPC_PORT={sidecars.Apps[1].GrpcPort}"]);
        // Asked by a user of its own, who counts nowhere else.
        const string Other = "01980000-0000-7000-8000-0000000000ff";
        await Eventually.TrueAsync(async () => await AskAsync(n: 0, HttpMethod.Get, "/api/v1/users/me", Other) == HttpStatusCode.OK && await AskAsync(n: 1, HttpMethod.Get, "/api/v1/users/me", Other) == HttpStatusCode.OK, "both know their keys");
    }

    public async Task DisposeAsync()
    {
        await gateway.DisposeAsync();
        await auth.DisposeAsync();
        await db.DisposeAsync();
        await sidecars.DisposeAsync();
        await target.DisposeAsync();
        await apps.DisposeAsync();
    }

    [Fact]
    public async Task A_user_has_one_limit_at_both_doors()
    {
        var answers = await Task.WhenAll(Enumerable.Range(0, 40).Select(n => AskAsync(n % 2, HttpMethod.Post, "/api/v1/scan", "01980000-0000-7000-8000-000000000001")));

        Assert.Equal(10, answers.Count(status => status == HttpStatusCode.OK));
        Assert.Equal(30, answers.Count(status => status == HttpStatusCode.TooManyRequests));
    }

    private async Task<HttpStatusCode> AskAsync(int n, HttpMethod method, string path, string user)
    {
        using var request = new HttpRequestMessage(method, n == 0 ? path : "/ext-authz" + path);
        request.Headers.Add("Authorization", "Bearer " + apps.Token((_, claims) => claims["sub"] = user, now: clock.GetUtcNow()));
        using var answer = await (n == 0 ? gateway : auth).Client.SendAsync(request);
        return answer.StatusCode;
    }
}
