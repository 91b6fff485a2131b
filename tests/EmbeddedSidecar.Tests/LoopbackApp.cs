using Microsoft.AspNetCore.Builder;
using Microsoft.AspNetCore.Hosting;
using Microsoft.AspNetCore.Http;
using Microsoft.Extensions.Hosting;

namespace EmbeddedSidecar.Tests;

/// <summary>An app on loopback that can die and come back at the same port.</summary>
internal abstract class LoopbackApp : IAsyncDisposable
{
    private WebApplication? _web;

    public int Port { get; private set; }

    /// <summary>Listens, after <see cref="DownAsync"/> on the same port as before.</summary>
    public async Task UpAsync()
    {
        var builder = WebApplication.CreateEmptyBuilder(new WebApplicationOptions());
        builder.WebHost.UseKestrelCore().UseUrls($"http://127.0.0.1:{Port}");
        _web = builder.Build();
        _web.Run(HandleAsync);
        await _web.StartAsync();
        Port = new Uri(_web.Urls.First()).Port;
    }

    /// <summary>Dies: open connections break, the port is closed.</summary>
    public async Task DownAsync()
    {
        if (_web is not null)
        {
            using var now = new CancellationTokenSource();
            await now.CancelAsync();
            await _web.StopAsync(now.Token);
            await _web.DisposeAsync();
            _web = null;
        }
    }

    public async ValueTask DisposeAsync() => await DownAsync();

    protected abstract Task HandleAsync(HttpContext http);
}
