namespace Grpc.Core;

/// <summary>How a gRPC call ended; the numbers are the protocol's.</summary>
public enum StatusCode
{
    /// <summary>Done.</summary>
    OK = 0,

    /// <summary>Given up, usually by the caller.</summary>
    Cancelled = 1,

    /// <summary>An error without a better code.</summary>
    Unknown = 2,

    /// <summary>The request is wrong whatever the state of the server.</summary>
    InvalidArgument = 3,

    /// <summary>Not done in time.</summary>
    DeadlineExceeded = 4,

    /// <summary>The thing asked for is not there.</summary>
    NotFound = 5,

    /// <summary>The thing to make is there already.</summary>
    AlreadyExists = 6,

    /// <summary>The caller is known and may not.</summary>
    PermissionDenied = 7,

    /// <summary>A quota or a size limit.</summary>
    ResourceExhausted = 8,

    /// <summary>The state of the server refuses it.</summary>
    FailedPrecondition = 9,

    /// <summary>A conflict with somebody else's change.</summary>
    Aborted = 10,

    /// <summary>Past the valid range.</summary>
    OutOfRange = 11,

    /// <summary>No such method here.</summary>
    Unimplemented = 12,

    /// <summary>Something that must hold does not.</summary>
    Internal = 13,

    /// <summary>Not reachable now; may be tried again.</summary>
    Unavailable = 14,

    /// <summary>Lost or corrupted data.</summary>
    DataLoss = 15,

    /// <summary>The caller is not known.</summary>
    Unauthenticated = 16,
}

/// <summary>Code and text a gRPC call ended with.</summary>
#pragma warning disable CA1815 // The official struct has no operators either.
public struct Status(StatusCode statusCode, string detail, Exception? debugException)
#pragma warning restore CA1815
{
    /// <summary>OK without text.</summary>
    public static readonly Status DefaultSuccess = new(StatusCode.OK, "");

    /// <summary>Cancelled without text.</summary>
    public static readonly Status DefaultCancelled = new(StatusCode.Cancelled, "");

    /// <summary>A status that came without a local exception.</summary>
    public Status(StatusCode statusCode, string detail)
        : this(statusCode, detail, null)
    {
    }

    /// <summary>The code.</summary>
    public readonly StatusCode StatusCode => statusCode;

    /// <summary>The text; may be empty.</summary>
    public readonly string Detail => detail;

    /// <summary>What happened on this side, when the status was made here.</summary>
    public readonly Exception? DebugException => debugException;

    /// <summary>Code, text and, if there is one, the local exception.</summary>
    public override readonly string ToString() => DebugException is null
        ? $"Status(StatusCode=\"{StatusCode}\", Detail=\"{Detail}\")"
        : $"Status(StatusCode=\"{StatusCode}\", Detail=\"{Detail}\", DebugException=\"{DebugException.GetType()}: {DebugException.Message}\")";
}
