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

    /// <summary>Set for rich errors: ErrorInfo.reason.</summary>
    public string? Reason { get; init; }

    public string ResourceType { get; init; } = "";

    public string? ResourceName { get; init; }

    public IReadOnlyDictionary<string, string> ErrorMetadata { get; init; } = new Dictionary<string, string>();

    public static DaprException Malformed(string message) => new("ERR_MALFORMED_REQUEST", 400, StatusCode.InvalidArgument, message);

    public static DaprException Unimplemented(string what) =>
        new("ERR_API_UNIMPLEMENTED", 501, StatusCode.Unimplemented, $"{what} is not implemented by the embedded sidecar");
}
