using System.Globalization;
using Dapr.DurableTask.Protobuf;

namespace EmbeddedSidecar.Workflows;

/// <summary>One turn or one activity on its way to a worker.</summary>
/// <param name="instanceId">The instance it belongs to.</param>
/// <param name="build">Makes the message when a worker takes it; null when nobody needs it any more.</param>
internal sealed class QueuedItem(bool isTurn, string instanceId, Func<WorkItem?> build)
{
    public bool IsTurn { get; } = isTurn;

    public string InstanceId { get; } = instanceId;

    public Func<WorkItem?> Build { get; } = build;

    /// <summary>The stream it was sent on and not answered yet.</summary>
    public WorkerStream? SentTo { get; set; }

    /// <summary>True once any worker saw it: an answer may come, even from a stream that has broken since.</summary>
    public bool WasSent { get; set; }

    /// <summary>Travels to the worker and back; "" as long as nothing can be mixed up.</summary>
    public string Token { get; set; } = "";

    /// <summary>Answered or no longer wanted; skipped when it comes up in the queue.</summary>
    public bool Done { get; set; }
}

/// <summary>One open GetWorkItems call.</summary>
internal sealed class WorkerStream
{
    public HashSet<QueuedItem> Outstanding { get; } = [];
}

/// <summary>
/// The work of one app, shared by all streams of all its replicas: each item goes to exactly one. What was out on a stream that
/// breaks comes back to the head. Limits are those of the app's Configuration, counted over items that are out.
/// </summary>
internal sealed class WorkQueue(int maxTurns, int maxActivities)
{
    private readonly Lane _turns = new(maxTurns);
    private readonly Lane _activities = new(maxActivities);
    private readonly Queue<TaskCompletionSource> _readers = new();
    private readonly Lock _gate = new();

    private long _tokens;

    public int Streams { get; private set; }

    public WorkerStream Open()
    {
        lock (_gate)
        {
            Streams++;
            return new WorkerStream();
        }
    }

    /// <summary>The stream is gone: what was out on it is sent again.</summary>
    public void Close(WorkerStream stream)
    {
        lock (_gate)
        {
            Streams--;
            foreach (var item in stream.Outstanding)
            {
                item.SentTo = null;
                var lane = LaneOf(item);
                lane.Out--;
                if (!item.Done)
                {
                    lane.Waiting.AddFirst(item);
                    _tokens++;
                    item.Token = NextToken();
                }
            }

            stream.Outstanding.Clear();
            Wake();
        }
    }

    public void Add(QueuedItem item)
    {
        lock (_gate)
        {
            LaneOf(item).Waiting.AddLast(item);
            item.Token = _tokens > 0 ? NextToken() : "";
            Wake();
        }
    }

    /// <summary>Waits for the next item of this stream.</summary>
    public async ValueTask<QueuedItem> TakeAsync(WorkerStream stream, CancellationToken ct)
    {
        while (true)
        {
            TaskCompletionSource wait;
            lock (_gate)
            {
                if ((_turns.Next() ?? _activities.Next()) is { } item)
                {
                    item.SentTo = stream;
                    item.WasSent = true;
                    LaneOf(item).Out++;
                    stream.Outstanding.Add(item);
                    Wake();
                    return item;
                }

                wait = new TaskCompletionSource(TaskCreationOptions.RunContinuationsAsynchronously);
                _readers.Enqueue(wait);
            }

            try
            {
                await wait.Task.WaitAsync(ct);
            }
            catch (OperationCanceledException)
            {
                lock (_gate)
                {
                    // A wake-up that was meant for us must not be lost.
                    if (!wait.TrySetCanceled(CancellationToken.None))
                    {
                        Wake();
                    }
                }

                throw;
            }
        }
    }

    /// <summary>Answered, or no longer wanted.</summary>
    public void Finish(QueuedItem item)
    {
        lock (_gate)
        {
            item.Done = true;
            if (item.SentTo is { } stream)
            {
                stream.Outstanding.Remove(item);
                item.SentTo = null;
                LaneOf(item).Out--;
                Wake();
            }
        }
    }

    private string NextToken() => (_tokens++).ToString(CultureInfo.InvariantCulture);

    private Lane LaneOf(QueuedItem item) => item.IsTurn ? _turns : _activities;

    private void Wake()
    {
        if (_turns.Ready || _activities.Ready)
        {
            while (_readers.TryDequeue(out var reader) && !reader.TrySetResult())
            {
            }
        }
    }

    private sealed class Lane(int max)
    {
        public LinkedList<QueuedItem> Waiting { get; } = [];

        public int Out { get; set; }

        public bool Ready => Waiting.Count > 0 && Out < max;

        public QueuedItem? Next()
        {
            while (Ready)
            {
                var item = Waiting.First!.Value;
                Waiting.RemoveFirst();
                if (!item.Done)
                {
                    return item;
                }
            }

            return null;
        }
    }
}
