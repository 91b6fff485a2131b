#nullable disable
namespace Dapr.Actors;

/// <summary>An actor's method threw; the inner <see cref="ActorInvokeException"/> says what.</summary>
public class ActorMethodInvocationException : DaprApiException
{
    private const string Code = "ERR_ACTOR_INVOKE_METHOD";

    /// <summary>Without a message.</summary>
    public ActorMethodInvocationException()
        : base(Code, isTransient: false)
    {
    }

    /// <summary>From a message.</summary>
    public ActorMethodInvocationException(string message, bool isTransient)
        : base(message, Code, isTransient)
    {
    }

    /// <summary>From a message and what caused it.</summary>
    public ActorMethodInvocationException(string message, Exception innerException, bool isTransient)
        : base(message, innerException, Code, isTransient)
    {
    }
}

/// <summary>What an actor's method threw, of which the type's name and the message came over the wire.</summary>
public class ActorInvokeException : Exception
{
    /// <summary>Nothing known.</summary>
    public ActorInvokeException()
    {
    }

    /// <summary>From the type's full name and the message.</summary>
    public ActorInvokeException(string actualExceptionType, string message)
        : base(message)
    {
        ActualExceptionType = actualExceptionType;
    }

    /// <summary>Full name of the type that was thrown.</summary>
    public string ActualExceptionType { get; private set; }
}
