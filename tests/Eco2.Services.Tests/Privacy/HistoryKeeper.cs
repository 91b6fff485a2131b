using System.Collections.Concurrent;
using System.Text.Json;
using Microsoft.AspNetCore.Builder;
using Microsoft.AspNetCore.Hosting;
using Microsoft.AspNetCore.Http;
using Microsoft.Extensions.Logging;

namespace Eco2.Services.Tests.Privacy;

/// <summary>A stand-in for the worker beside its sidecar that takes ids of histories to forget, at most fifty at once as the real one.</summary>
internal sealed class HistoryKeeper(WebApplication app) : IAsyncDisposable
{
    /// <summary>Ids in the order in which they came.</summary>
    public ConcurrentQueue<string> Forgotten { get; } = new();

    /// <summary>Whether it says that it cannot do it now.</summary>
    public bool Refuses { get; set; }

    /// <summary>Ids that it cannot remove.</summary>
    public ConcurrentBag<string> Stuck { get; } = [];

    public static async Task<HistoryKeeper> StartAsync(TestSidecar sidecar)
    {
        var builder = WebApplication.CreateSlimBuilder();
        builder.WebHost.UseUrls("http://127.0.0.1:0");
        builder.Logging.ClearProviders();
        var app = builder.Build();
        var keeper = new HistoryKeeper(app);
        app.MapPost("/internal/histories/forget", keeper.Take);
        await app.StartAsync();
        await sidecar.AttachAsync("worker", new Uri(app.Urls.First()));
        return keeper;
    }

    public ValueTask DisposeAsync() => app.DisposeAsync();

    private IResult Take(JsonElement body)
    {
        var ids = body.GetProperty("instance_ids").EnumerateArray().Select(id => id.GetString()!).ToList();
        if (Refuses || ids.Count > 50)
        {
            return Results.StatusCode(503);
        }

        ids.Except(Stuck).ToList().ForEach(Forgotten.Enqueue);
        return Results.Json(new { left = ids.Intersect(Stuck) });
    }
}
