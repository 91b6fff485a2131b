using EmbeddedSidecar.State;

namespace EmbeddedSidecar.Actors;

/// <summary>One actor.</summary>
internal readonly record struct ActorKey(string Type, string Id)
{
    public override string ToString() => Type + StateStore.Separator + Id;
}
