using System.Diagnostics;
using System.Net.Http.Headers;
using System.Text.Json;
using Dapr.AppCallback.Autogen.Grpc.v1;
using EmbeddedSidecar.Api;
using EmbeddedSidecar.Apps;

namespace EmbeddedSidecar.Bindings;

/// <summary>The input bindings of one app: asks which it wants (OPTIONS), then brings their events by POST while the app is there.</summary>
internal sealed partial class InputBindings(AppInstance app, ILogger<InputBindings> log)
{
    private static readonly TimeSpan ProbeTimeout = TimeSpan.FromSeconds(3);
    private CancellationTokenSource? _running;
    private Task _runs = Task.CompletedTask;

    public async Task StartAsync(CancellationToken ct)
    {
        await StopAsync();
        _running = CancellationTokenSource.CreateLinkedTokenSource(app.Stopping);
        var runs = new List<Task>();
        foreach (var (name, binding) in app.ComponentsOf<IInputBinding>())
        {
            var metadata = app.Components[name].Spec.Metadata;
            var directions = Directions(metadata);
            var route = metadata.TryGetValue("route", out var named) && named.Length > 0 ? named : name;
            if (directions is not null && !directions.Contains("input"))
            {
                continue;
            }

            // Who says input is not asked, of either kind.
            if (directions is null && !(app.Settings.IsGrpcApp ? app.WantedBindings.Contains(name) : await IsWantedAsync(route, ct)))
            {
                Unwanted(log, app.AppId, name, route);
                continue;
            }

            runs.Add(RunAsync(name, binding, route, _running.Token));
        }

        _runs = Task.WhenAll(runs);
    }

    public async Task StopAsync()
    {
        if (_running is null)
        {
            return;
        }

        await _running.CancelAsync();
        await _runs;
        _running.Dispose();
        _running = null;
    }

    private static string[]? Directions(IReadOnlyDictionary<string, string> metadata) =>
        metadata.FirstOrDefault(pair => pair.Key.Equals("direction", StringComparison.OrdinalIgnoreCase)).Value is { Length: > 0 } text
            ? text.ToLowerInvariant().Split(',', StringSplitOptions.TrimEntries)
            : null;

    private async Task<bool> IsWantedAsync(string route, CancellationToken ct)
    {
        using var timer = new CancellationTokenSource(ProbeTimeout, app.Services.Clock);
        using var limit = CancellationTokenSource.CreateLinkedTokenSource(ct, timer.Token);
        try
        {
            using var request = new HttpRequestMessage(HttpMethod.Options, app.Channel.Address(route));
            using var response = await app.Channel.SendAsync(request, limit.Token);
            return response.IsSuccess || response.Status == StatusCodes.Status405MethodNotAllowed;
        }
        catch (Exception failed) when (failed is HttpRequestException || (failed is OperationCanceledException && !ct.IsCancellationRequested))
        {
            return false;
        }
    }

    private async Task RunAsync(string name, IInputBinding binding, string route, CancellationToken ct)
    {
        try
        {
            await binding.RunAsync((one, token) => DeliverAsync(name, route, one, token), ct);
        }
        catch (OperationCanceledException) when (ct.IsCancellationRequested)
        {
            // The app went away or the sidecar stops.
        }
    }

    private async Task DeliverAsync(string name, string route, BindingEvent one, CancellationToken ct)
    {
        var began = app.Metrics?.Now ?? 0;
        var success = false;
        using var span = app.Tracer?.Start("bindings/" + name, ActivityKind.Client, one.Metadata.GetValueOrDefault(TraceParent.Header));
        span?.SetTag("db.system", "bindings");
        span?.SetTag("db.name", name);
        try
        {
            // A policy takes 200 alone for success and tries others again; without one, or after it, all of 2xx will do.
            var status = await app.Resiliency.ForComponentInbound(name, "Binding").RunAsync(
                (this, name, route, one), static (of, token) => of.Item1.BringAsync(of.name, of.route, of.one, token), static status => status == 200 ? 0 : status, ct);
            if (status is < 200 or > 299)
            {
                throw new HttpRequestException($"the app answered {status}");
            }

            success = true;
        }
        catch (Exception failed) when (failed is HttpRequestException or Grpc.GrpcException or TimeoutException or Resiliency.CircuitOpenException)
        {
            span?.SetStatus(ActivityStatusCode.Error, failed.Message);
            Failed(log, app.AppId, name, failed.Message);
        }
        catch (OperationCanceledException) when (ct.IsCancellationRequested)
        {
            // Stopping in the middle of a delivery: the next start brings the next tick.
        }
        finally
        {
            app.Metrics?.BindingDelivered(name, success, began);
        }
    }

    private async ValueTask<int> BringAsync(string name, string route, BindingEvent one, CancellationToken ct)
    {
        if (app.Settings.IsGrpcApp)
        {
            await TellAsync(name, one, ct);
            return 200;
        }

        using var request = new HttpRequestMessage(HttpMethod.Post, app.Channel.Address(route));
        request.Content = new ReadOnlyMemoryContent(one.Data);
        request.Content.Headers.ContentType = new MediaTypeHeaderValue("application/json");
        foreach (var (header, value) in one.Metadata)
        {
            request.Headers.TryAddWithoutValidation(header, value);
        }

        using var response = await app.Channel.SendAsync(request, ct);
        return response.Status;
    }

    private async Task TellAsync(string name, BindingEvent one, CancellationToken ct)
    {
        var request = new BindingEventRequest { Name = name, Data = Google.Protobuf.ByteString.CopyFrom(one.Data.Span) };
        foreach (var (key, value) in one.Metadata)
        {
            request.Metadata[key] = value;
        }

        var reply = await new AppCallback(app).CallAsync(AppCallback.Service + "OnBindingEvent", request, BindingEventResponse.Parser, [], ct);
        await FollowAsync(name, reply.Message, ct);
    }

    // What the answer asks for. What fails of it fails alone: the event counts as taken.
    private async Task FollowAsync(string name, BindingEventResponse answer, CancellationToken ct)
    {
        if (answer.States.Count > 0)
        {
            StateLeft(log, app.AppId, name);
        }

        if (answer.To.Count == 0)
        {
            return;
        }

        var data = Json(answer.Data.ToByteArray());
        if (answer.Concurrency == BindingEventResponse.Types.BindingEventConcurrency.Parallel)
        {
            await Task.WhenAll(answer.To.Select(to => TrySendAsync(name, to, data, ct)));
            return;
        }

        foreach (var to in answer.To)
        {
            if (!await TrySendAsync(name, to, data, ct))
            {
                return;
            }
        }
    }

    private async Task<bool> TrySendAsync(string name, string to, byte[] data, CancellationToken ct)
    {
        try
        {
            await OutputBindings.InvokeAsync(app, to, new BindingRequest("create", data, new Dictionary<string, string>()), ct);
            return true;
        }
        catch (Api.DaprException failed)
        {
            NotSent(log, app.AppId, name, to, failed.Message);
            return false;
        }
    }

    // As daprd has it: what is not JSON goes on as null.
    private static byte[] Json(byte[] data)
    {
        try
        {
            using var json = GoJson.Parse(data);
            return data;
        }
        catch (JsonException)
        {
            return "null"u8.ToArray();
        }
    }

    [LoggerMessage(Level = LogLevel.Error, Message = "App {AppId} answered binding {Binding} with state, which daprd 1.18 does not store, and this sidecar neither")]
    private static partial void StateLeft(ILogger log, string appId, string binding);

    [LoggerMessage(Level = LogLevel.Error, Message = "App {AppId} answered binding {Binding} with binding {To}: {Reason}")]
    private static partial void NotSent(ILogger log, string appId, string binding, string to, string reason);

    [LoggerMessage(Level = LogLevel.Information, Message = "App {AppId} does not want input binding {Binding}: OPTIONS /{Route} said no")]
    private static partial void Unwanted(ILogger log, string appId, string binding, string route);

    [LoggerMessage(Level = LogLevel.Warning, Message = "App {AppId} did not take an event of binding {Binding}: {Reason}")]
    private static partial void Failed(ILogger log, string appId, string binding, string reason);
}
