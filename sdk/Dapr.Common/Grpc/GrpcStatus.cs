using System.Globalization;
using System.Net;
using System.Net.Http.Headers;
using System.Net.Sockets;
using Grpc.Core;

namespace Dapr.Common;

/// <summary>From HTTP's answers and failures to a gRPC status.</summary>
internal static class GrpcStatus
{
    /// <summary>Throws for an answer that is no gRPC, and for a failure that came in the headers ("trailers-only").</summary>
    public static void ThrowUnlessGrpc(HttpResponseMessage response)
    {
        if (response.Headers.Contains("grpc-status"))
        {
            Judge(response.Headers);
            return;
        }

        if (response.StatusCode != HttpStatusCode.OK)
        {
            throw new RpcException(new Status(FromHttp(response.StatusCode), $"Bad gRPC response. HTTP status code: {(int)response.StatusCode}"));
        }

        if (response.Content.Headers.ContentType?.MediaType is not { } type || !type.StartsWith("application/grpc", StringComparison.OrdinalIgnoreCase))
        {
            throw new RpcException(new Status(StatusCode.Cancelled, $"Bad gRPC response. Invalid content-type value: {response.Content.Headers.ContentType}"));
        }
    }

    /// <summary>Throws unless the call, whose body has been read to its end, ended with OK.</summary>
    public static void ThrowUnlessOk(HttpResponseMessage response)
    {
        if (response.TrailingHeaders.Contains("grpc-status"))
        {
            Judge(response.TrailingHeaders);
        }
        else if (!response.Headers.Contains("grpc-status"))
        {
            throw new RpcException(new Status(StatusCode.Cancelled, "No grpc-status found on response."));
        }
    }

    public static bool IsTransport(Exception failure) =>
        failure is HttpRequestException or IOException or SocketException or OperationCanceledException or ObjectDisposedException;

    /// <summary>The status of a call whose connection failed.</summary>
    public static Status FromTransport(Exception failure)
    {
        for (var cause = failure; cause is not null; cause = cause.InnerException)
        {
            if (cause is HttpProtocolException { ErrorCode: var code })
            {
                // RST_STREAM codes of HTTP/2 (RFC 9113, 7) as the gRPC mapping reads them.
                var status = code switch
                {
                    0x7 => StatusCode.Unavailable,
                    0x8 => StatusCode.Cancelled,
                    0xb => StatusCode.ResourceExhausted,
                    0xc => StatusCode.PermissionDenied,
                    0x0 or 0x1 => StatusCode.Unavailable,
                    _ => StatusCode.Internal,
                };
                return new Status(status, $"The server ended the stream with HTTP/2 error {code}.", failure);
            }
        }

        var detail = $"Error starting or reading gRPC call. {failure.GetType().Name}: {failure.Message}";
        return new Status(failure is OperationCanceledException or ObjectDisposedException ? StatusCode.Cancelled : StatusCode.Unavailable, detail, failure);
    }

    /// <summary>At most eight digits and a unit.</summary>
    public static string FormatTimeout(TimeSpan limit)
    {
        var milliseconds = (long)Math.Max(1, Math.Ceiling(limit.TotalMilliseconds));
        return milliseconds <= 99_999_999
            ? milliseconds.ToString(CultureInfo.InvariantCulture) + "m"
            : Math.Min(99_999_999, milliseconds / 1000 + 1).ToString(CultureInfo.InvariantCulture) + "S";
    }

    private static void Judge(HttpResponseHeaders headers)
    {
        var text = headers.TryGetValues("grpc-status", out var codes) ? codes.First() : "";
        if (!int.TryParse(text, NumberStyles.None, CultureInfo.InvariantCulture, out var code))
        {
            throw new RpcException(new Status(StatusCode.Unknown, $"Unexpected grpc-status value: {text}"));
        }

        if (code == 0)
        {
            return;
        }

        var detail = headers.TryGetValues("grpc-message", out var messages) ? Uri.UnescapeDataString(string.Join(", ", messages)) : "";
        throw new RpcException(new Status(code is > 0 and <= 16 ? (StatusCode)code : StatusCode.Unknown, detail), ReadMetadata(headers));
    }

    private static Metadata ReadMetadata(HttpResponseHeaders headers)
    {
        var metadata = new Metadata();
        foreach (var (key, values) in headers.NonValidated)
        {
            if (key.Equals("grpc-status", StringComparison.OrdinalIgnoreCase) || key.Equals("grpc-message", StringComparison.OrdinalIgnoreCase))
            {
                continue;
            }

            foreach (var value in values)
            {
                if (!key.EndsWith(Metadata.BinaryHeaderSuffix, StringComparison.OrdinalIgnoreCase))
                {
                    metadata.Add(key, value);
                }
                else if (TryDecode(value) is { } bytes)
                {
                    metadata.Add(key, bytes);
                }
            }
        }

        return metadata;
    }

    // Base64 with or without padding; anything else is not worth losing the status over.
    private static byte[]? TryDecode(string value)
    {
        var trimmed = value.Trim().TrimEnd('=');
        var padded = trimmed.PadRight((trimmed.Length + 3) / 4 * 4, '=');
        var buffer = new byte[padded.Length / 4 * 3];
        return Convert.TryFromBase64String(padded, buffer, out var written) ? buffer[..written] : null;
    }

    private static StatusCode FromHttp(HttpStatusCode code) => code switch
    {
        HttpStatusCode.BadRequest => StatusCode.Internal,
        HttpStatusCode.Unauthorized => StatusCode.Unauthenticated,
        HttpStatusCode.Forbidden => StatusCode.PermissionDenied,
        HttpStatusCode.NotFound => StatusCode.Unimplemented,
        HttpStatusCode.TooManyRequests or HttpStatusCode.BadGateway or HttpStatusCode.ServiceUnavailable or HttpStatusCode.GatewayTimeout => StatusCode.Unavailable,
        _ => StatusCode.Unknown,
    };
}
