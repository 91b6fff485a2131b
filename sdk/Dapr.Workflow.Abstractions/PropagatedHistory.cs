namespace Dapr.Workflow;

/// <summary>History of calling workflows, passed on by their choice. The in-repo layer passes it on but has no members to read it yet.</summary>
public sealed class PropagatedHistory
{
    internal PropagatedHistory()
    {
    }
}
