using Xunit;

namespace EmbeddedSidecar.Tests.PubSub;

/// <summary>A broker that the same tests run on, and a look behind the sidecar's back. Topics are the test's own.</summary>
public abstract class TestBroker : IAsyncLifetime
{
    /// <summary>The component <c>pubsub</c> on this broker; more metadata as "name: value".</summary>
    internal abstract string PubSub(params string[] metadata);

    /// <summary>Keeps what is published to a topic from now on, for <see cref="MessagesAsync"/>.</summary>
    internal abstract Task WatchAsync(string topic);

    /// <summary>The messages of a watched topic, as they lie on the broker.</summary>
    internal abstract Task<IReadOnlyList<byte[]>> MessagesAsync(string topic);

    /// <summary>Publishes these bytes, as another publisher would.</summary>
    internal abstract Task PutAsync(string topic, byte[] message);

    /// <summary>How many messages a consumer group was given and did not acknowledge.</summary>
    internal abstract Task<long> PendingAsync(string topic, string group);

    public abstract Task InitializeAsync();

    public abstract Task DisposeAsync();
}
