using System.Collections.Concurrent;

namespace EmbeddedSidecar.Workflows;

/// <summary>The engines of one process by app id, so that workflows reach the activities and children of other apps.</summary>
internal sealed class WorkflowEngines
{
    private readonly ConcurrentDictionary<string, WorkflowEngine> _engines = new(StringComparer.Ordinal);

    /// <summary>Null: this process does not serve that app, or it has no actor state store.</summary>
    public WorkflowEngine? Find(string appId) => _engines.GetValueOrDefault(appId);

    public void Add(WorkflowEngine engine) => _engines[engine.AppId] = engine;

    public void Remove(WorkflowEngine engine) => _engines.TryRemove(KeyValuePair.Create(engine.AppId, engine));
}
