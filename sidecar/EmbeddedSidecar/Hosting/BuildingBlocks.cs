using EmbeddedSidecar.Components;
using EmbeddedSidecar.PubSub;
using EmbeddedSidecar.State;
using EmbeddedSidecar.Workflows;

namespace EmbeddedSidecar.Hosting;

/// <summary>Every building block there is. A new one is added here and nowhere else.</summary>
internal static class BuildingBlocks
{
    public static IBuildingBlock[] Create(HostServices services) =>
    [
        new StateBlock(),
        new WorkflowBlock(services),
        new PubSubBlock(),
    ];
}
