using System.Diagnostics.CodeAnalysis;

namespace Grpc.Core;

/// <summary>A gRPC call that did not end with OK.</summary>
[SuppressMessage("Design", "CA1032", Justification = "The official type has these constructors.")]
public class RpcException : Exception
{
    /// <summary>From a status; its text becomes the message.</summary>
    public RpcException(Status status)
        : this(status, Metadata.Empty, status.ToString())
    {
    }

    /// <summary>From a status, with another message.</summary>
    public RpcException(Status status, string message)
        : this(status, Metadata.Empty, message)
    {
    }

    /// <summary>From a status and the call's trailers.</summary>
    public RpcException(Status status, Metadata trailers)
        : this(status, trailers, status.ToString())
    {
    }

    /// <summary>From a status and the call's trailers, with another message.</summary>
    public RpcException(Status status, Metadata trailers, string message)
        : base(message, status.DebugException)
    {
        Status = status;
        Trailers = trailers ?? throw new ArgumentNullException(nameof(trailers));
    }

    /// <summary>How the call ended.</summary>
    public Status Status { get; }

    /// <summary>The code of <see cref="Status"/>.</summary>
    public StatusCode StatusCode => Status.StatusCode;

    /// <summary>What the server sent after the answer; empty if nothing.</summary>
    public Metadata Trailers { get; }
}
