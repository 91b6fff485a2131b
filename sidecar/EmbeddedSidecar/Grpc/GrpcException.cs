namespace EmbeddedSidecar.Grpc;

/// <summary>Ends a call with a status. Thrown before the first message it becomes a trailers-only answer.</summary>
/// <param name="code">Never <see cref="StatusCode.OK"/>.</param>
/// <param name="detail">Text for people; percent-encoded on the wire, so any character may be in it.</param>
/// <param name="statusDetails">A serialized google.rpc.Status for <c>grpc-status-details-bin</c>, or null.</param>
internal sealed class GrpcException(StatusCode code, string detail, byte[]? statusDetails = null) : Exception(detail)
{
    public StatusCode Code { get; } = code;

    public string Detail { get; } = detail;

    public byte[]? StatusDetails { get; } = statusDetails;
}
