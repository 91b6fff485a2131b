using System.Net;
using System.Text;
using System.Text.Json;
using Eco2.Contracts;
using Eco2.Contracts.Jobs;
using Microsoft.AspNetCore.Builder;
using Microsoft.AspNetCore.Http.Metadata;
using Microsoft.AspNetCore.Routing;
using Xunit;

namespace Eco2.Services.Tests;

/// <summary>A sidecar brings up to a hundred messages at once, which is more than a person may send. Refused, they would end as dead letters.</summary>
public sealed class DeliverySizeTests
{
    private static readonly Dictionary<string, Func<string[], Action<WebApplicationBuilder>?, WebApplication>> Services = new()
    {
        ["gateway"] = Eco2.Gateway.Program.Build,
        ["scan"] = Eco2.Scan.Program.Build,
        ["event-router"] = Eco2.EventRouter.Program.Build,
        ["sse-gateway"] = Eco2.SseGateway.Program.Build,
        ["character"] = Eco2.Character.Program.Build,
        ["my"] = Eco2.My.Program.Build,
    };

    public static TheoryData<string> Names() => [.. Services.Keys];

    [Fact]
    public async Task A_delivery_of_a_hundred_long_messages_is_taken()
    {
        await using var host = await ServiceHost.StartAsync(Eco2.SseGateway.Program.Build);
        var body = JsonSerializer.Serialize(new
        {
            entries = Enumerable.Range(0, 100).Select(n => new { entryId = $"{n}", contentType = "application/cloudevents+json", @event = CloudEvent(n) }),
        });
        Assert.InRange(body.Length, 1_000_000, 2_000_000);

        using var answer = await host.Client.PostAsync(new Uri("/events/job-fanout", UriKind.Relative), new StringContent(body, Encoding.UTF8, "application/json"));

        Assert.Equal(HttpStatusCode.OK, answer.StatusCode);
        var statuses = (await answer.JsonAsync()).GetProperty("statuses").EnumerateArray().ToList();
        Assert.Equal(Enumerable.Range(0, 100).Select(n => $"{n}"), statuses.Select(status => status.GetProperty("entryId").GetString()));
        Assert.All(statuses, status => Assert.Equal("SUCCESS", status.GetProperty("status").GetString()));
    }

    [Theory]
    [MemberData(nameof(Names))]
    public async Task Every_subscription_takes_what_the_sidecar_may_bring(string service)
    {
        await using var app = Services[service](["--urls=http://127.0.0.1:0", $"--APP_API_TOKEN={ServiceHost.AppToken}", "--ECO2_POSTGRES=Host=127.0.0.1;Port=1;Username=nobody"], null);

        var subscriptions = ((IEndpointRouteBuilder)app).DataSources.SelectMany(source => source.Endpoints).OfType<RouteEndpoint>()
            .Where(endpoint => endpoint.RoutePattern.RawText!.StartsWith("/events/", StringComparison.Ordinal)).ToList();

        Assert.NotEmpty(subscriptions);
        Assert.All(subscriptions, endpoint => Assert.InRange(endpoint.Metadata.GetMetadata<IRequestSizeLimitMetadata>()?.MaxRequestBodySize ?? 0, 16 << 20, long.MaxValue));
    }

    private static object CloudEvent(int number)
    {
        var job = new EventRouter.Job(Guid.CreateVersion7(), Guid.CreateVersion7());
        var answer = job.Event("answer", "completed", 75) with { Result = JsonSerializer.SerializeToElement(new { text = new string('x', 10_000) }) };
        var data = JsonSerializer.SerializeToElement(new JobFanout(job.Id, job.UserId, [answer]), ContractsJson.Default.JobFanout);
        return new { specversion = "1.0", id = $"news-{number}", source = "event-router", type = "com.dapr.event.sent", datacontenttype = "application/json", data };
    }
}
