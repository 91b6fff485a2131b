#nullable disable
using System.Text.Json;
using Dapr.Actors.Client;
using Dapr.Actors.Communication;
using Microsoft.Extensions.Logging;

namespace Dapr.Actors.Runtime;

/// <summary>What an actor is given: its id, its type, and ways to reach others.</summary>
public sealed class ActorHost
{
    /// <summary>Without timers and state.</summary>
    [Obsolete("Only the runtime makes hosts; tests call CreateForTest.")]
    public ActorHost(
        ActorTypeInformation actorTypeInfo, ActorId id, JsonSerializerOptions jsonSerializerOptions, ILoggerFactory loggerFactory, IActorProxyFactory proxyFactory)
        : this(actorTypeInfo, id, jsonSerializerOptions, loggerFactory, proxyFactory, timerManager: null)
    {
    }

    internal ActorHost(
        ActorTypeInformation actorTypeInfo,
        ActorId id,
        JsonSerializerOptions jsonSerializerOptions,
        ILoggerFactory loggerFactory,
        IActorProxyFactory proxyFactory,
        ActorTimerManager timerManager)
    {
        ActorTypeInfo = actorTypeInfo;
        Id = id;
        JsonSerializerOptions = jsonSerializerOptions;
        LoggerFactory = loggerFactory;
        ProxyFactory = proxyFactory;
        TimerManager = timerManager;
    }

    /// <summary>The actor's type.</summary>
    public ActorTypeInformation ActorTypeInfo { get; }

    /// <summary>The actor's id.</summary>
    public ActorId Id { get; }

    /// <summary>Makes loggers.</summary>
    public ILoggerFactory LoggerFactory { get; }

    /// <summary>How values become JSON.</summary>
    public JsonSerializerOptions JsonSerializerOptions { get; }

    /// <summary>Makes proxies for other actors.</summary>
    public IActorProxyFactory ProxyFactory { get; }

    /// <summary>Keeps timers and reminders.</summary>
    public ActorTimerManager TimerManager { get; }

    // Null in tests, where the state manager is replaced.
    internal SidecarActors Sidecar { get; init; }

    internal TimeProvider Clock { get; init; } = TimeProvider.System;

    /// <summary>A host for a test.</summary>
    public static ActorHost CreateForTest<TActor>(ActorTestOptions options = null)
        where TActor : Actor => CreateForTest(typeof(TActor), actorTypeName: null, options);

    /// <summary>A host for a test, under a type's name.</summary>
    public static ActorHost CreateForTest<TActor>(string actorTypeName, ActorTestOptions options = null)
        where TActor : Actor => CreateForTest(typeof(TActor), actorTypeName, options);

    /// <summary>A host for a test.</summary>
    public static ActorHost CreateForTest(Type actorType, ActorTestOptions options = null) => CreateForTest(actorType, actorTypeName: null, options);

    /// <summary>A host for a test, under a type's name.</summary>
    public static ActorHost CreateForTest(Type actorType, string actorTypeName, ActorTestOptions options = null)
    {
        ArgumentNullException.ThrowIfNull(actorType);
        options ??= new ActorTestOptions();
        return new ActorHost(
            ActorTypeInformation.Get(actorType, actorTypeName),
            options.ActorId,
            options.JsonSerializerOptions,
            options.LoggerFactory,
            options.ProxyFactory,
            options.TimerManager);
    }
}
