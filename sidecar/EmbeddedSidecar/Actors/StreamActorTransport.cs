using System.Collections.Concurrent;
using System.Globalization;
using Dapr.Client.Autogen.Grpc.v1;
using EmbeddedSidecar.Grpc;
using Microsoft.Extensions.Primitives;

namespace EmbeddedSidecar.Actors;

/// <summary>Calls actors through a stream that their app opened, and matches its answers by id.</summary>
internal sealed class StreamActorTransport(GrpcWriter<SubscribeActorEventsResponseAlpha1> stream, CancellationToken aborted) : IActorTransport, IDisposable
{
    private const string ErrorHeader = "X-DaprErrorResponseHeader";

    private readonly ConcurrentDictionary<string, TaskCompletionSource<SubscribeActorEventsRequestAlpha1>> _unanswered = new(StringComparer.Ordinal);
    private readonly CancellationTokenSource _closed = CancellationTokenSource.CreateLinkedTokenSource(aborted);
    private long _last;

    public async Task<ActorReply> InvokeAsync(ActorKey actor, ActorCall call, CancellationToken ct)
    {
        var answer = await AskAsync(
            id =>
            {
                var request = new SubscribeActorEventsResponseInvokeRequestAlpha1
                {
                    Id = id, ActorType = actor.Type, ActorId = actor.Id, Method = call.Method, Data = Google.Protobuf.ByteString.CopyFrom(call.Body.Span),
                };
                foreach (var (name, values) in call.Headers)
                {
                    request.Metadata[name] = values.Count > 0 ? values[0] ?? "" : "";
                }

                return new SubscribeActorEventsResponseAlpha1 { InvokeRequest = request };
            },
            call.Method,
            ct);
        var reply = answer.InvokeResponse ?? throw new ActorCallException("actor host returned an unexpected response type for invoke");
        List<KeyValuePair<string, StringValues>> headers = [.. reply.Metadata.Select(pair => KeyValuePair.Create(pair.Key, new StringValues(pair.Value)))];
        if (reply.Error)
        {
            headers.Add(KeyValuePair.Create(ErrorHeader, new StringValues("true")));
        }

        return new ActorReply(reply.Data.ToByteArray(), headers);
    }

    public async Task<bool> RemindAsync(ActorKey actor, string name, byte[]? data, CancellationToken ct)
    {
        var answer = await AskAsync(
            id => new SubscribeActorEventsResponseAlpha1
            {
                ReminderRequest = new() { Id = id, ActorType = actor.Type, ActorId = actor.Id, Name = name, Data = ActorsGrpc.Pack(data) },
            },
            name,
            ct);
        return (answer.ReminderResponse ?? throw new ActorCallException("actor host returned an unexpected response type for reminder")).Cancel;
    }

    public async Task<bool> FireAsync(ActorKey actor, ActorTimer timer, CancellationToken ct)
    {
        var answer = await AskAsync(
            id => new SubscribeActorEventsResponseAlpha1
            {
                TimerRequest = new()
                {
                    Id = id, ActorType = actor.Type, ActorId = actor.Id, Name = timer.Name, Callback = timer.Callback,
                    DueTime = timer.DueTime, Period = timer.PeriodText, Data = ActorsGrpc.Pack(timer.Data),
                },
            },
            timer.Name,
            ct);
        return (answer.TimerResponse ?? throw new ActorCallException("actor host returned an unexpected response type for timer")).Cancel;
    }

    public Task DeactivateAsync(ActorKey actor, CancellationToken ct) =>
        AskAsync(id => new SubscribeActorEventsResponseAlpha1 { DeactivateRequest = new() { Id = id, ActorType = actor.Type, ActorId = actor.Id } }, "", ct);

    /// <summary>Takes what the app sent. Answers that nobody waits for are ignored, as by daprd.</summary>
    public void Answered(SubscribeActorEventsRequestAlpha1 answer)
    {
        var id = answer.RequestTypeCase switch
        {
            SubscribeActorEventsRequestAlpha1.RequestTypeOneofCase.InvokeResponse => answer.InvokeResponse.Id,
            SubscribeActorEventsRequestAlpha1.RequestTypeOneofCase.ReminderResponse => answer.ReminderResponse.Id,
            SubscribeActorEventsRequestAlpha1.RequestTypeOneofCase.TimerResponse => answer.TimerResponse.Id,
            SubscribeActorEventsRequestAlpha1.RequestTypeOneofCase.DeactivateResponse => answer.DeactivateResponse.Id,
            SubscribeActorEventsRequestAlpha1.RequestTypeOneofCase.RequestFailed => answer.RequestFailed.Id,
            _ => "",
        };
        if (_unanswered.TryGetValue(id, out var waiting))
        {
            waiting.TrySetResult(answer);
        }
    }

    public void Close() => _closed.Cancel();

    public void Dispose() => _closed.Dispose();

    private async Task<SubscribeActorEventsRequestAlpha1> AskAsync(
        Func<string, SubscribeActorEventsResponseAlpha1> request, string what, CancellationToken ct)
    {
        var id = Interlocked.Increment(ref _last).ToString(CultureInfo.InvariantCulture);
        var answered = new TaskCompletionSource<SubscribeActorEventsRequestAlpha1>(TaskCreationOptions.RunContinuationsAsynchronously);
        _unanswered[id] = answered;
        using var either = CancellationTokenSource.CreateLinkedTokenSource(ct, _closed.Token);
        try
        {
            await stream.WriteAsync(request(id), either.Token);
            var answer = await answered.Task.WaitAsync(either.Token);
            return answer.RequestFailed is not { } failed ? answer
                : failed.Code == (uint)StatusCode.NotFound ? throw new ActorMethodMissingException(what)
                : throw new ActorCallException($"error from actor service: {failed.Message}");
        }
        catch (OperationCanceledException) when (!ct.IsCancellationRequested)
        {
            throw new ActorCallException("the actor host closed its stream");
        }
        catch (Exception broken) when (broken is IOException or InvalidOperationException or ObjectDisposedException)
        {
            throw new ActorCallException($"the stream of the actor host broke: {broken.Message}", broken);
        }
        finally
        {
            _unanswered.TryRemove(id, out _);
        }
    }
}
