using System.Net;
using Eco2.Testing;
using Xunit;

namespace Eco2.EndToEnd.Tests;

[Collection(SharedSystem.Name)]
public sealed class ReadinessTests(EcoSystem system)
{
    private const int Stop = 19;
    private const int Continue = 18;

    private static readonly string[] Apps = ["gateway", "auth", "image", "scan", "worker", "event-router", "sse-gateway", "character", "my"];

    [Fact]
    public async Task While_the_broker_stands_still_every_app_lives_and_is_ready_and_afterwards_it_works()
    {
        using var user = await User.SignUpAsync(system);
        using var http = new HttpClient { Timeout = TimeSpan.FromSeconds(10) };
        await Eventually.TrueAsync(() => HasProfileAsync(user), "the profile is there");
        system.Signal(EcoRun.Broker, Stop);
        try
        {
            foreach (var app in Apps)
            {
                foreach (var probe in (string[])["healthz", "readyz"])
                {
                    using var answer = await http.GetAsync(new Uri($"http://127.0.0.1:{system.Port(app)}/{probe}"));
                    Assert.True(answer.StatusCode == HttpStatusCode.OK, $"{app} /{probe}: {(int)answer.StatusCode} {await answer.Content.ReadAsStringAsync()}");
                }
            }

            // What needs no broker goes on.
            Assert.True(await HasProfileAsync(user));
        }
        finally
        {
            system.Signal(EcoRun.Broker, Continue);
        }

        var events = await user.EventsAsync((await user.SubmitAsync("캔")).StreamUrl);
        Assert.Equal("done", events[^1].Stage);
    }

    private static async Task<bool> HasProfileAsync(User user)
    {
        using var answer = await user.Http.GetAsync(new Uri("/api/v1/users/me", UriKind.Relative));
        return answer.IsSuccessStatusCode;
    }
}
