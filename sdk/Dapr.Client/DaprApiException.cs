#nullable disable
namespace Dapr;

/// <summary>An error that the runtime answered.</summary>
public class DaprApiException : DaprException
{
    private const string Unknown = "UNKNOWN";

    /// <summary>An error without a message.</summary>
    public DaprApiException()
        : this("")
    {
    }

    /// <summary>From a message.</summary>
    public DaprApiException(string message)
        : this(message, Unknown, isTransient: false)
    {
    }

    /// <summary>From a message and what caused it.</summary>
    public DaprApiException(string message, Exception innerException)
        : this(message, innerException, Unknown, isTransient: false)
    {
    }

    /// <summary>From a code.</summary>
    public DaprApiException(string errorCode, bool isTransient)
        : this("", errorCode, isTransient)
    {
    }

    /// <summary>From a message and a code.</summary>
    public DaprApiException(string message, string errorCode, bool isTransient)
        : this(message, inner: null, errorCode, isTransient)
    {
    }

    /// <summary>From a message, what caused it, and a code.</summary>
    public DaprApiException(string message, Exception inner, string errorCode, bool isTransient)
        : base(message, inner)
    {
        ErrorCode = errorCode ?? Unknown;
        IsTransient = isTransient;
    }

    /// <summary>The runtime's code; "UNKNOWN" when it gave none.</summary>
    public string ErrorCode { get; }

    /// <summary>Whether trying again may help.</summary>
    public bool IsTransient { get; }
}

/// <summary>The runtime's error body.</summary>
public class DaprError
{
    /// <summary>The runtime's code.</summary>
    public string ErrorCode { get; set; }

    /// <summary>What happened.</summary>
    public string Message { get; set; }
}
