using System.Net.Sockets;
using EmbeddedSidecar.Components;

namespace EmbeddedSidecar.Apps;

/// <summary>
/// Finds the app, asks it for its subscriptions, and notices when it goes away and comes back, so that a restarted app is asked again.
/// </summary>
/// <remarks>
/// An open connection to the app's port is the watch: the kernel closes it with the process, whatever killed it. A server that closes
/// an idle connection is told from a dead one by dialling again at once.
/// </remarks>
internal sealed partial class AppWatcher(AppInstance app, IBuildingBlock[] blocks, ILogger log) : IAsyncDisposable
{
    private static readonly TimeSpan DialInterval = TimeSpan.FromMilliseconds(100);
    private static readonly TimeSpan RetryInterval = TimeSpan.FromSeconds(1);
    private readonly TaskCompletionSource _attached = new(TaskCreationOptions.RunContinuationsAsynchronously);
    private readonly TaskCompletionSource _ready = new(TaskCreationOptions.RunContinuationsAsynchronously);
    private readonly AppHealth? _health = app.Settings.HealthCheck is { } check ? new AppHealth(app, check) : null;
    private readonly CancellationTokenSource _stopping = CancellationTokenSource.CreateLinkedTokenSource(app.Stopping);
    private Task _watching = Task.CompletedTask;

    /// <summary>Completes when the app was found for the first time, at once when it has no app port.</summary>
    public Task Ready => _ready.Task;

    /// <param name="awaitsPort">The port is not known yet and will be attached.</param>
    public void Start(bool awaitsPort)
    {
        if (app.Channel.IsConfigured)
        {
            _attached.TrySetResult();
        }
        else if (!awaitsPort)
        {
            // No app channel: there is nothing to find.
            app.IsReady = true;
            _ready.TrySetResult();
        }

        _watching = WatchAsync(_stopping.Token);
    }

    public void Attach(int port)
    {
        app.Channel.Port = port;
        _attached.TrySetResult();
    }

    public async ValueTask DisposeAsync()
    {
        await _stopping.CancelAsync();
        await _watching;
        _ready.TrySetCanceled(CancellationToken.None);
        _stopping.Dispose();
    }

    private async Task WatchAsync(CancellationToken ct)
    {
        try
        {
            await _attached.Task.WaitAsync(ct);
            while (true)
            {
                using var socket = await DialAsync(ct);
                app.IsReachable = true;
                if (_health is not null)
                {
                    await FollowHealthAsync(_health, socket, ct);
                    Gone(log, app.AppId, app.Channel.Port);
                }
                else if (await TryGreetAsync(asksAgain: true, ct))
                {
                    await LostAsync(socket, ct);
                    Gone(log, app.AppId, app.Channel.Port);
                }

                app.IsReachable = false;
                await LeaveAsync();
            }
        }
        catch (OperationCanceledException) when (ct.IsCancellationRequested)
        {
            await LeaveAsync();
        }
    }

    // Brings things while the app is well, until nobody listens any more.
    private async Task FollowHealthAsync(AppHealth health, Socket socket, CancellationToken ct)
    {
        using var here = CancellationTokenSource.CreateLinkedTokenSource(ct);
        var losing = LoseAsync(socket, here);
        try
        {
            health.Forget();
            app.Channel.IsHealthy = false;
            // The sidecar itself is ready, whatever the app says of itself.
            app.IsReady = true;
            var asksAgain = true;
            while (true)
            {
                await health.UntilWellAsync(here.Token);
                app.Channel.IsHealthy = true;
                if (!await TryGreetAsync(asksAgain, here.Token))
                {
                    continue;
                }

                asksAgain = false;
                await health.UntilUnwellAsync(here.Token);
                app.Channel.IsHealthy = false;
                Unwell(log, app.AppId);
                await LeaveAsync();
            }
        }
        catch (OperationCanceledException) when (losing.IsCompletedSuccessfully && !ct.IsCancellationRequested)
        {
            // Nobody listens: health is asked for again when somebody does.
        }
        finally
        {
            await here.CancelAsync();
            await losing.ConfigureAwait(ConfigureAwaitOptions.SuppressThrowing);
        }
    }

    private async Task LoseAsync(Socket socket, CancellationTokenSource here)
    {
        await LostAsync(socket, here.Token);
        await here.CancelAsync();
    }

    private async Task<Socket> DialAsync(CancellationToken ct)
    {
        while (true)
        {
            if (await app.Channel.TryDialAsync(ct) is { } socket)
            {
                return socket;
            }

            await Task.Delay(DialInterval, ct);
        }
    }

    // What a block cannot start now (a broker that is away, say) is tried again from the beginning.
    private async Task<bool> TryGreetAsync(bool asksAgain, CancellationToken ct)
    {
        try
        {
            await GreetAsync(asksAgain, ct);
            return true;
        }
#pragma warning disable CA1031 // Whatever it is, this app must not stay without its sidecar for good.
        catch (Exception failed) when (!ct.IsCancellationRequested)
#pragma warning restore CA1031
        {
            NotStarted(log, failed, app.AppId);
            await Task.Delay(RetryInterval, ct);
            return false;
        }
    }

    private async Task GreetAsync(bool asks, CancellationToken ct)
    {
        if (asks)
        {
            await AppDiscovery.RunAsync(app, log, ct);
        }

        foreach (var block in blocks)
        {
            await block.AppReadyAsync(app, ct);
        }

        app.IsReady = true;
        _ready.TrySetResult();
        Found(log, app.AppId, app.Channel.Port, app.ProgrammaticSubscriptions.Count);
    }

    private async Task LeaveAsync()
    {
        foreach (var block in blocks.Reverse())
        {
            try
            {
                await block.AppGoneAsync(app);
            }
#pragma warning disable CA1031 // One block that cannot let go must not keep the app from being found again.
            catch (Exception failed)
#pragma warning restore CA1031
            {
                NotStopped(log, failed, app.AppId);
            }
        }
    }

    // Returns when nobody listens any more.
    private async Task LostAsync(Socket watch, CancellationToken ct)
    {
        var current = watch;
        while (true)
        {
            await ClosedAsync(current, ct);
            if (current != watch)
            {
                current.Dispose();
            }

            if (await app.Channel.TryDialAsync(ct) is not { } again)
            {
                return;
            }

            current = again;
        }
    }

    private static async Task ClosedAsync(Socket socket, CancellationToken ct)
    {
        var nothing = new byte[256];
        try
        {
            // An app may greet or complain (408) on an idle connection; only the end counts.
            while (await socket.ReceiveAsync(nothing, ct) > 0)
            {
            }
        }
        catch (SocketException)
        {
            // Reset: as closed as it gets.
        }
    }

    [LoggerMessage(Level = LogLevel.Information, Message = "App {AppId} found on port {Port}, {Count} programmatic subscriptions")]
    private static partial void Found(ILogger log, string appId, int port, int count);

    [LoggerMessage(Level = LogLevel.Error, Message = "Deliveries to app {AppId} could not be started; trying again")]
    private static partial void NotStarted(ILogger log, Exception error, string appId);

    [LoggerMessage(Level = LogLevel.Error, Message = "Deliveries to app {AppId} could not be stopped cleanly")]
    private static partial void NotStopped(ILogger log, Exception error, string appId);

    [LoggerMessage(Level = LogLevel.Warning, Message = "App {AppId} is not well: nothing is brought to it until it is")]
    private static partial void Unwell(ILogger log, string appId);

    [LoggerMessage(Level = LogLevel.Warning, Message = "App {AppId} no longer listens on port {Port}")]
    private static partial void Gone(ILogger log, string appId, int port);
}
