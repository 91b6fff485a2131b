using System.Globalization;
using Dapr.Common.Serialization;
using Google.Protobuf.WellKnownTypes;
using Microsoft.Extensions.Logging;
using Proto = Dapr.DurableTask.Protobuf;

namespace Dapr.Workflow.Worker;

/// <summary>
/// The context of one turn. The body runs on one thread, inside the calls that feed it events; whatever it asks for becomes an
/// <see cref="Operation"/> whose place in the list is its id.
/// </summary>
internal sealed partial class TurnContext(string instanceId, IDaprSerializer serializer, ILoggerFactory loggers) : WorkflowContext
{
    // 9999-12-31T23:59:59.999999999Z: what the wire calls "never".
    private static readonly Timestamp Never = new() { Seconds = 253402300799, Nanos = 999999999 };

    private readonly List<Operation> _operations = [];
    private readonly ExternalEvents _events = new(serializer);
    private readonly List<string> _patches = [];
    private readonly HashSet<string> _recordedPatches = [];
    private readonly int _thread = Environment.CurrentManagedThreadId;
    private string _name = "";
    private DateTime _now;
    private bool _isReplaying;
    private bool _isOver;
    private int _guids;

    public override string Name => _name;

    public override string InstanceId => instanceId;

    public override DateTime CurrentUtcDateTime => _now;

    public override bool IsReplaying => _isReplaying;

    public bool IsPropagated { get; init; }

    public IReadOnlyList<Operation> Operations => _operations;

    public ExternalEvents Events => _events;

    public IReadOnlyList<string> Patches => _patches;

    public string? CustomStatus { get; private set; }

    public ContinueAsNewRequest? Continuation { get; private set; }

    public override bool IsPatched(string patchName)
    {
        Enter();
        ArgumentException.ThrowIfNullOrEmpty(patchName);
        if (_isReplaying && !_recordedPatches.Contains(patchName))
        {
            return false;
        }

        if (!_patches.Contains(patchName))
        {
            _patches.Add(patchName);
        }

        return true;
    }

    public override void SendEvent(string instanceId, string eventName, object payload) => throw new NotSupportedException(
        "The runtime cannot carry out this action and would repeat the turn for ever. Raise the event from an activity with DaprWorkflowClient.");

    public override void SetCustomStatus(object? customStatus)
    {
        Enter();
        CustomStatus = customStatus is null ? null : serializer.Serialize(customStatus);
    }

    public override ILogger CreateReplaySafeLogger(string categoryName) => new ReplaySafeLogger(loggers.CreateLogger(categoryName), this);

    public override ILogger CreateReplaySafeLogger(System.Type type) => new ReplaySafeLogger(loggers.CreateLogger(type), this);

    public override ILogger CreateReplaySafeLogger<T>() => new ReplaySafeLogger(loggers.CreateLogger<T>(), this);

    public override void ContinueAsNew(object? newInput = null, bool preserveUnprocessedEvents = true)
    {
        Enter();
        Continuation = new ContinueAsNewRequest(serializer.Serialize(newInput), preserveUnprocessedEvents);
    }

    public override Guid NewGuid()
    {
        Enter();
        return NameBasedGuid.Create(string.Create(CultureInfo.InvariantCulture, $"{InstanceId}_{_guids++}"));
    }

    public override PropagatedHistory? GetPropagatedHistory() => IsPropagated ? new PropagatedHistory() : null;

    public void Begin(string name) => _name = name;

    public void BeginTurn(DateTime now, Proto.WorkflowVersion? version)
    {
        _now = now;
        foreach (var patch in version?.Patches ?? [])
        {
            _recordedPatches.Add(patch);
        }
    }

    public void SetReplaying(bool isReplaying) => _isReplaying = isReplaying;

    /// <summary>Takes an operation out as if it had never been asked for.</summary>
    public void Drop(int id)
    {
        _operations.RemoveAt(id);
        for (var i = id; i < _operations.Count; i++)
        {
            _operations[i].Action.Id = i;
        }
    }

    /// <summary>After this the context refuses: whoever still calls it waited for something that was not the context's.</summary>
    public void End() => _isOver = true;

    private void Enter()
    {
        if (_isOver || _thread != Environment.CurrentManagedThreadId)
        {
            throw new InvalidOperationException(
                "A workflow used its context outside its turn. Await only tasks of the context, never I/O, Task.Run or Task.Delay.");
        }
    }
}

/// <summary>The wish to start over.</summary>
internal sealed record ContinueAsNewRequest(string Input, bool KeepEvents);
