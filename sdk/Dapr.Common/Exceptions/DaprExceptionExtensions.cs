using System.Diagnostics.CodeAnalysis;
using Google.Protobuf;
using Google.Protobuf.WellKnownTypes;
using Grpc.Core;

namespace Dapr.Common.Exceptions;

/// <summary>All that the runtime said about an error.</summary>
/// <param name="Code">The gRPC status.</param>
/// <param name="Message">The text.</param>
[SuppressMessage("Performance", "CA1819", Justification = "The official shape.")]
public sealed record DaprExtendedErrorInfo(int Code, string Message)
{
    /// <summary>The details.</summary>
    public DaprExtendedErrorDetail[] Details { get; init; } = [];
}

/// <summary>Reading of details.</summary>
public static class DaprExceptionExtensions
{
    private const string Trailer = "grpc-status-details-bin";

    /// <summary>The details of an error, if the runtime sent any.</summary>
    public static bool TryGetExtendedErrorInfo(this DaprException exception, [NotNullWhen(true)] out DaprExtendedErrorInfo? daprExtendedErrorInfo)
    {
        ArgumentNullException.ThrowIfNull(exception);
        daprExtendedErrorInfo = null;
        if (exception.InnerException is not RpcException failure || failure.Trailers.GetValueBytes(Trailer) is not { } bytes)
        {
            return false;
        }

        try
        {
            var status = Wire.Status.Parser.ParseFrom(bytes);
            daprExtendedErrorInfo = new DaprExtendedErrorInfo(status.Code, status.Message) { Details = [.. status.Details.Select(Read)] };
            return true;
        }
        catch (InvalidProtocolBufferException)
        {
            return false;
        }
    }

    private static DaprExtendedErrorDetail Read(Any any)
    {
        if (any.TryUnpack(out Wire.ErrorInfo error))
        {
            return new DaprErrorInfoDetail(error.Reason, error.Domain, new Dictionary<string, string>(error.Metadata));
        }

        if (any.TryUnpack(out Wire.BadRequest bad))
        {
            return new DaprBadRequestDetail
            {
                FieldViolations = [.. bad.FieldViolations.Select(v => new DaprBadRequestDetailFieldViolation(v.Field, v.Description))],
            };
        }

        if (any.TryUnpack(out Wire.ResourceInfo resource))
        {
            return new DaprResourceInfoDetail(resource.ResourceType, resource.ResourceName, resource.Owner, resource.Description);
        }

        if (any.TryUnpack(out Wire.Help help))
        {
            return new DaprHelpDetail { Links = [.. help.Links.Select(link => new DaprHelpDetailLink(link.Url, link.Description))] };
        }

        if (any.TryUnpack(out Wire.RetryInfo retry))
        {
            return new DaprRetryInfoDetail { Delay = new DaprRetryDelay(retry.RetryDelay?.Seconds ?? 0, retry.RetryDelay?.Nanos ?? 0) };
        }

        if (any.TryUnpack(out Wire.DebugInfo debug))
        {
            return new DaprDebugInfoDetail([.. debug.StackEntries], debug.Detail);
        }

        if (any.TryUnpack(out Wire.QuotaFailure quota))
        {
            return new DaprQuotaFailureDetail { Violations = [.. quota.Violations.Select(v => new DaprQuotaFailureViolation(v.Subject, v.Description))] };
        }

        if (any.TryUnpack(out Wire.PreconditionFailure precondition))
        {
            return new DaprPreconditionFailureDetail
            {
                Violations = [.. precondition.Violations.Select(v => new DaprPreconditionFailureViolation(v.Type, v.Subject, v.Description))],
            };
        }

        if (any.TryUnpack(out Wire.RequestInfo request))
        {
            return new DaprRequestInfoDetail(request.RequestId, request.ServingData);
        }

        return any.TryUnpack(out Wire.LocalizedMessage localized)
            ? new DaprLocalizedMessageDetail(localized.Locale, localized.Message)
            : new DaprUnknownDetail(any.TypeUrl);
    }
}
