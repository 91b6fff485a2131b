#nullable disable
using System.Text.Json;
using Dapr.Actors.Client;
using Microsoft.Extensions.Logging;
using Microsoft.Extensions.Logging.Abstractions;

namespace Dapr.Actors.Runtime;

/// <summary>What an actor in a test is given. Proxies and timers throw unless replaced; state needs a state manager of the test's own.</summary>
public sealed class ActorTestOptions
{
    /// <summary>The actor's id; a new one unless set.</summary>
    public ActorId ActorId { get; set; } = ActorId.CreateRandom();

    /// <summary>Makes loggers; silent unless set.</summary>
    public ILoggerFactory LoggerFactory { get; set; } = NullLoggerFactory.Instance;

    /// <summary>How values become JSON.</summary>
    public JsonSerializerOptions JsonSerializerOptions { get; set; } = new(JsonSerializerDefaults.Web);

    /// <summary>Makes proxies for other actors.</summary>
    public IActorProxyFactory ProxyFactory { get; set; } = new NoProxies();

    /// <summary>Keeps timers and reminders.</summary>
    public ActorTimerManager TimerManager { get; set; } = new NoTimers();

    private sealed class NoProxies : IActorProxyFactory
    {
        private static NotImplementedException Missing => new("The test gave this actor no proxy factory: set ActorTestOptions.ProxyFactory.");

        public ActorProxy Create(ActorId actorId, string actorType, ActorProxyOptions options = null) => throw Missing;

        public TActorInterface CreateActorProxy<TActorInterface>(ActorId actorId, string actorType, ActorProxyOptions options = null)
            where TActorInterface : IActor => throw Missing;

        public object CreateActorProxy(ActorId actorId, Type actorInterfaceType, string actorType, ActorProxyOptions options = null) => throw Missing;
    }

    private sealed class NoTimers : ActorTimerManager
    {
        private static NotImplementedException Missing => new("The test gave this actor no timer manager: set ActorTestOptions.TimerManager.");

        public override Task RegisterReminderAsync(ActorReminder reminder) => throw Missing;

        public override Task<IActorReminder> GetReminderAsync(ActorReminderToken reminder) => throw Missing;

        public override Task UnregisterReminderAsync(ActorReminderToken reminder) => throw Missing;

        public override Task RegisterTimerAsync(ActorTimer timer) => throw Missing;

        public override Task UnregisterTimerAsync(ActorTimerToken timer) => throw Missing;
    }
}
