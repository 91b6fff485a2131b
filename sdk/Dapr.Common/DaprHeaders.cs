using System.Diagnostics;
using Grpc.Core;

namespace Dapr.Common;

/// <summary>What every call to a sidecar carries: who asks, with which token, in which trace.</summary>
internal static class DaprHeaders
{
    public const string ApiToken = "dapr-api-token";

    /// <summary>The version is that of the official package whose surface this layer follows.</summary>
    public const string Product = "dapr-sdk-dotnet";

    public const string Version = "v1.18.5";

    public static Metadata ForCall(string? apiToken)
    {
        var headers = new Metadata { { "user-agent", $"{Product}/{Version}" } };
        if (!string.IsNullOrWhiteSpace(apiToken))
        {
            headers.Add(ApiToken, apiToken);
        }

        if (Activity.Current is { IdFormat: ActivityIdFormat.W3C, Id: { } id } activity)
        {
            headers.Add("traceparent", id);
            if (!string.IsNullOrEmpty(activity.TraceStateString))
            {
                headers.Add("tracestate", activity.TraceStateString);
            }

            headers.Add("grpc-trace-bin", BinaryTrace(activity));
        }

        return headers;
    }

    // OpenCensus binary format: version 0; field 0 trace id (16 bytes), field 1 span id (8 bytes), field 2 flags (1 byte).
    private static byte[] BinaryTrace(Activity activity)
    {
        var trace = new byte[29];
        activity.TraceId.CopyTo(trace.AsSpan(2, 16));
        trace[18] = 1;
        activity.SpanId.CopyTo(trace.AsSpan(19, 8));
        trace[27] = 2;
        trace[28] = (byte)activity.ActivityTraceFlags;
        return trace;
    }
}
