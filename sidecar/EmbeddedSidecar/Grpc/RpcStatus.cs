using System.Globalization;
using EmbeddedSidecar.Api;
using Google.Protobuf;

namespace EmbeddedSidecar.Grpc;

/// <summary>Writes google.rpc.Status and its details, whose few fields are not worth a .proto of their own.</summary>
internal static class RpcStatus
{
    private const string TypePrefix = "type.googleapis.com/google.rpc.";

    public static GrpcException Unauthorized()
    {
        var info = ErrorInfo("", new Dictionary<string, string> { ["http.code"] = "401" });
        return new GrpcException(
            StatusCode.Unauthenticated, "Unauthorized", Status(StatusCode.Unauthenticated, "Unauthorized", [("ErrorInfo", info)]));
    }

    /// <summary>What an app said over HTTP, as the status of a gRPC call: the beginning of its body is in the details.</summary>
    public static GrpcException FromHttp(StatusCode code, int status, string reason, string body)
    {
        var info = ErrorInfo(reason, new Dictionary<string, string>
        {
            ["http.code"] = status.ToString(CultureInfo.InvariantCulture),
            ["http.error_message"] = body.Length > 63 ? body[..63] : body,
        });
        return new GrpcException(code, reason, Status(code, reason, [("ErrorInfo", info)]));
    }

    /// <summary>The details of a rich error, or null for a simple one.</summary>
    public static byte[]? Encode(DaprException error)
    {
        if ((error.Reason ?? (error.IsRichOverGrpc ? error.ErrorCode : null)) is not { } reason)
        {
            return null;
        }

        // In the order of Dapr: what was wrong with what, then the reason.
        List<(string, byte[])> details = [];
        if (error.Violation is { } violation)
        {
            details.Add(("BadRequest", Message(w => Nested(w, 1, Message(one =>
            {
                Text(one, 1, violation.Field);
                Text(one, 2, violation.Description);
            })))));
        }

        if (error.ResourceName is not null)
        {
            details.Add(("ResourceInfo", Message(w =>
            {
                Text(w, 1, error.ResourceType);
                Text(w, 2, error.ResourceName);
                Text(w, 4, error.ResourceDescription);
            })));
        }

        details.Add(("ErrorInfo", ErrorInfo(reason, error is { HasMetadataOverHttpOnly: false, ErrorMetadata: { } about } ? about : new Dictionary<string, string>())));
        return Status(error.GrpcStatus, error.Message, details);
    }

    private static byte[] ErrorInfo(string reason, IReadOnlyDictionary<string, string> metadata) =>
        Message(w =>
        {
            Text(w, 1, reason);
            Text(w, 2, "dapr.io");
            foreach (var (key, value) in metadata)
            {
                Nested(w, 3, Message(entry =>
                {
                    Text(entry, 1, key);
                    Text(entry, 2, value);
                }));
            }
        });

    private static byte[] Status(StatusCode code, string message, IEnumerable<(string Type, byte[] Body)> details) =>
        Message(w =>
        {
            w.WriteTag(1, WireFormat.WireType.Varint);
            w.WriteInt32((int)code);
            Text(w, 2, message);
            foreach (var (type, body) in details)
            {
                Nested(w, 3, Message(any =>
                {
                    Text(any, 1, TypePrefix + type);
                    Nested(any, 2, body);
                }));
            }
        });

    private static byte[] Message(Action<CodedOutputStream> write)
    {
        using var buffer = new MemoryStream();
        using (var output = new CodedOutputStream(buffer, leaveOpen: true))
        {
            write(output);
        }

        return buffer.ToArray();
    }

    private static void Text(CodedOutputStream output, int field, string? text)
    {
        if (!string.IsNullOrEmpty(text))
        {
            output.WriteTag(field, WireFormat.WireType.LengthDelimited);
            output.WriteString(text);
        }
    }

    private static void Nested(CodedOutputStream output, int field, byte[] body)
    {
        output.WriteTag(field, WireFormat.WireType.LengthDelimited);
        output.WriteBytes(ByteString.CopyFrom(body));
    }
}
