using EmbeddedSidecar.Grpc;

namespace EmbeddedSidecar.Api;

/// <summary>A refusal in Dapr's own terms; the HTTP and the gRPC side each render it in theirs.</summary>
/// <param name="errorCode">For example ERR_STATE_GET.</param>
/// <param name="httpStatus">What the HTTP API answers.</param>
/// <param name="grpcStatus">What the gRPC API answers.</param>
/// <param name="message">For people.</param>
internal sealed class DaprException(string errorCode, int httpStatus, StatusCode grpcStatus, string message, Exception? inner = null)
    : Exception(message, inner)
{
    public string ErrorCode { get; } = errorCode;

    public int HttpStatus { get; } = httpStatus;

    public StatusCode GrpcStatus { get; } = grpcStatus;

    /// <summary>What the HTTP API says instead of the message, and of the violation; null = no difference.</summary>
    public string? HttpMessage { get; init; }

    /// <summary>Set for rich errors: ErrorInfo.reason.</summary>
    public string? Reason { get; init; }

    /// <summary>The gRPC API tells the error code as ErrorInfo.reason, though over HTTP the error is a simple one.</summary>
    public bool IsRichOverGrpc { get; init; }

    public string ResourceType { get; init; } = "";

    public string? ResourceName { get; init; }

    public string ResourceDescription { get; init; } = "";

    /// <summary>What was wrong with the request: the name of a field, and why; null = no such detail.</summary>
    public (string Field, string Description)? Violation { get; init; }

    /// <summary>ErrorInfo.metadata; null = none.</summary>
    public IReadOnlyDictionary<string, string>? ErrorMetadata { get; init; }

    /// <summary>The gRPC API leaves ErrorInfo.metadata out.</summary>
    public bool HasMetadataOverHttpOnly { get; init; }

    public static DaprException Malformed(string message) => new("ERR_MALFORMED_REQUEST", 400, StatusCode.InvalidArgument, message);
}
