using EmbeddedSidecar.Actors;
using EmbeddedSidecar.Bindings;
using EmbeddedSidecar.Components;
using EmbeddedSidecar.Configurations;
using EmbeddedSidecar.Conversation;
using EmbeddedSidecar.Cryptography;
using EmbeddedSidecar.Invoke;
using EmbeddedSidecar.Jobs;
using EmbeddedSidecar.Locks;
using EmbeddedSidecar.Metadata;
using EmbeddedSidecar.PubSub;
using EmbeddedSidecar.Scheduling;
using EmbeddedSidecar.Secrets;
using EmbeddedSidecar.State;
using EmbeddedSidecar.Workflows;

namespace EmbeddedSidecar.Hosting;

/// <summary>Every building block there is. A new one is added here and nowhere else.</summary>
internal static class BuildingBlocks
{
    public static IBuildingBlock[] Create(HostServices services) =>
    [
        new MetadataBlock(),
        new StateBlock(),
        new WorkflowBlock(services),
        new SchedulingBlock(services),
        new JobsBlock(services),
        new ActorsBlock(services),
        new PubSubBlock(),
        new InvokeBlock(),
        new BindingsBlock(services.Logs),
        new SecretsBlock(),
        new ConfigurationBlock(services),
        new LockBlock(),
        new ConversationBlock(),
        new CryptographyBlock(services),
    ];
}
