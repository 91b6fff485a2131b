using EmbeddedSidecar.Api;
using EmbeddedSidecar.Apps;
using EmbeddedSidecar.Components;
using EmbeddedSidecar.Grpc;
using EmbeddedSidecar.Postgres;
using EmbeddedSidecar.RabbitMq;
using EmbeddedSidecar.Redis;

namespace EmbeddedSidecar.Hosting;

/// <summary>
/// The embedded sidecar: one process that is the Dapr sidecar of several app instances, each with an HTTP and a gRPC port of its own.
/// </summary>
public sealed partial class SidecarHost : IAsyncDisposable
{
    private readonly CancellationTokenSource _stopping = new();
    private readonly List<(AppInstance App, AppWatcher Watcher)> _served = [];
    private readonly List<AppInstance> _loaded = [];
    private readonly IBuildingBlock[] _blocks;
    private readonly HostServices _services;
    private readonly HttpMessageInvoker _http = AppChannel.CreateHttp();
    private readonly SidecarOptions _options;
    private readonly TaskCompletionSource _stopped = new(TaskCreationOptions.RunContinuationsAsynchronously);
    private int _running;
    private WebApplication? _web;
    private bool _disposed;

    private SidecarHost(SidecarOptions options, ILoggerFactory logs)
    {
        _options = options;
        _services = new HostServices(options.Clock, logs, new RedisConnections(logs, options.Clock), new RabbitMqConnections(), new PostgresServers());
        _blocks = BuildingBlocks.Create(_services);
    }

    /// <summary>The served app instances, in the order of the options.</summary>
    public IReadOnlyList<SidecarApp> Apps { get; private set; } = [];

    /// <summary>Completes when every app asked its sidecar to shut down, or this host is disposed.</summary>
    public Task Stopped => _stopped.Task;

    /// <summary>Opens all components, then listens; apps are looked for in the background.</summary>
    /// <exception cref="SidecarConfigurationException">Something in files or options cannot be honoured; the message is one sentence.</exception>
    public static async Task<SidecarHost> StartAsync(SidecarOptions options, CancellationToken ct)
    {
        var host = new SidecarHost(options, options.Logs ?? SidecarLogging.ToStdout(options.LogLevel));
        try
        {
            await host.OpenAsync(ct);
            return host;
        }
        catch
        {
            await host.DisposeAsync();
            throw;
        }
    }

    /// <summary>The first instance of an app.</summary>
    public SidecarApp App(string appId) =>
        Apps.FirstOrDefault(app => app.AppId == appId) ?? throw new KeyNotFoundException($"No app \"{appId}\" is served here.");

    /// <summary>Stops deliveries, then the ports, then closes the components.</summary>
    public async ValueTask DisposeAsync()
    {
        if (_disposed)
        {
            return;
        }

        _disposed = true;
        foreach (var (_, watcher) in _served)
        {
            await watcher.DisposeAsync();
        }

        foreach (var app in _loaded)
        {
            foreach (var block in _blocks.Reverse())
            {
                await block.AppStoppingAsync(app);
            }
        }

        await _stopping.CancelAsync();
        if (_web is not null)
        {
            await _web.StopAsync();
            await _web.DisposeAsync();
        }

        foreach (var (app, _) in _served)
        {
            foreach (var loaded in app.Components.Values)
            {
                await loaded.Component.DisposeAsync();
            }

            app.Dispose();
        }

        await _services.Redis.DisposeAsync();
        await _services.RabbitMq.DisposeAsync();
        await _services.Postgres.DisposeAsync();
        _http.Dispose();
        if (_options.Logs is null)
        {
            _services.Logs.Dispose();
        }

        _stopping.Dispose();
    }

    private async Task OpenAsync(CancellationToken ct)
    {
        var types = new ComponentRegistry();
        var httpRoutes = new HttpRoutes();
        var grpcRoutes = new GrpcRoutes(_services.Logs.CreateLogger<GrpcRoutes>());
        foreach (var block in _blocks)
        {
            block.AddComponents(types);
            block.MapHttp(httpRoutes);
            block.MapGrpc(grpcRoutes);
        }

        var loader = new AppLoader(_services, types, _http, _services.Logs.CreateLogger<AppLoader>());
        foreach (var settings in _options.Apps)
        {
            var app = loader.Load(settings, _stopping.Token);
            _served.Add((app, new AppWatcher(app, _blocks, _services.Logs.CreateLogger<AppWatcher>())));
        }

        await Task.WhenAll(_served.Select(served => loader.OpenAsync(served.App, ct)));
        foreach (var (app, _) in _served)
        {
            foreach (var block in _blocks)
            {
                await block.AppLoadedAsync(app, ct);
            }

            _loaded.Add(app);
        }

        await ListenAsync(new HttpApi(httpRoutes, _services.Logs.CreateLogger<HttpApi>()), grpcRoutes, ct);
        Apps = [.. _served.Select(served => new SidecarApp(served.App, served.Watcher))];
        _running = _served.Count;
        foreach (var (app, watcher) in _served)
        {
            watcher.Start(app.Settings.AwaitsAppPort);
            app.Stopping.Register(() =>
            {
                if (Interlocked.Decrement(ref _running) == 0)
                {
                    _stopped.TrySetResult();
                }
            });
        }
    }
}
