using System.Diagnostics.CodeAnalysis;

namespace Dapr.Common.Exceptions;

/// <summary>Kinds of details.</summary>
public enum DaprExtendedErrorType
{
    /// <summary>A <see cref="DaprUnknownDetail"/>.</summary>
    Unknown,

    /// <summary>A <see cref="DaprRetryInfoDetail"/>.</summary>
    RetryInfo,

    /// <summary>A <see cref="DaprDebugInfoDetail"/>.</summary>
    DebugInfo,

    /// <summary>A <see cref="DaprQuotaFailureDetail"/>.</summary>
    QuotaFailure,

    /// <summary>A <see cref="DaprPreconditionFailureDetail"/>.</summary>
    PreconditionFailure,

    /// <summary>A <see cref="DaprRequestInfoDetail"/>.</summary>
    RequestInfo,

    /// <summary>A <see cref="DaprLocalizedMessageDetail"/>.</summary>
    LocalizedMessage,

    /// <summary>A <see cref="DaprBadRequestDetail"/>.</summary>
    BadRequest,

    /// <summary>A <see cref="DaprErrorInfoDetail"/>.</summary>
    ErrorInfo,

    /// <summary>A <see cref="DaprHelpDetail"/>.</summary>
    Help,

    /// <summary>A <see cref="DaprResourceInfoDetail"/>.</summary>
    ResourceInfo,
}

/// <summary>One detail of an error.</summary>
/// <param name="ErrorType">Its kind.</param>
public abstract record DaprExtendedErrorDetail(DaprExtendedErrorType ErrorType);

/// <summary>A detail this version does not know.</summary>
/// <param name="TypeUrl">Its type on the wire.</param>
public sealed record DaprUnknownDetail(string TypeUrl) : DaprExtendedErrorDetail(DaprExtendedErrorType.Unknown);

/// <summary>Where on the server it happened.</summary>
/// <param name="StackEntries">The stack.</param>
/// <param name="Detail">More of it.</param>
public sealed record DaprDebugInfoDetail(IReadOnlyCollection<string> StackEntries, string Detail) : DaprExtendedErrorDetail(DaprExtendedErrorType.DebugInfo);

/// <summary>Something that must hold first.</summary>
/// <param name="Type">Its kind.</param>
/// <param name="Subject">What it is about.</param>
/// <param name="Description">Why it does not hold.</param>
public sealed record DaprPreconditionFailureViolation(string Type, string Subject, string Description);

/// <summary>Things that must hold first.</summary>
public sealed record DaprPreconditionFailureDetail() : DaprExtendedErrorDetail(DaprExtendedErrorType.PreconditionFailure)
{
    /// <summary>The things.</summary>
    public IReadOnlyCollection<DaprPreconditionFailureViolation> Violations { get; init; } = [];
}

/// <summary>A delay.</summary>
/// <param name="Seconds">Whole seconds.</param>
/// <param name="Nanos">Nanoseconds on top.</param>
public sealed record DaprRetryDelay(long Seconds, int Nanos);

/// <summary>When to try again at the earliest.</summary>
[SuppressMessage("Design", "CA1051", Justification = "A field in the official type.")]
public sealed record DaprRetryInfoDetail() : DaprExtendedErrorDetail(DaprExtendedErrorType.RetryInfo)
{
    /// <summary>The delay.</summary>
    public DaprRetryDelay Delay = new(Seconds: 1, Nanos: 0);
}

/// <summary>A quota that is used up.</summary>
/// <param name="Subject">Whose.</param>
/// <param name="Description">Which.</param>
public sealed record DaprQuotaFailureViolation(string Subject, string Description);

/// <summary>Quotas that are used up.</summary>
public sealed record DaprQuotaFailureDetail() : DaprExtendedErrorDetail(DaprExtendedErrorType.QuotaFailure)
{
    /// <summary>The quotas.</summary>
    public IReadOnlyCollection<DaprQuotaFailureViolation> Violations { get; init; } = [];
}

/// <summary>A field that is wrong.</summary>
/// <param name="Field">Its path.</param>
/// <param name="Description">What is wrong.</param>
public sealed record DaprBadRequestDetailFieldViolation(string Field, string Description);

/// <summary>Fields that are wrong.</summary>
public sealed record DaprBadRequestDetail() : DaprExtendedErrorDetail(DaprExtendedErrorType.BadRequest)
{
    /// <summary>The fields.</summary>
    public IReadOnlyCollection<DaprBadRequestDetailFieldViolation> FieldViolations { get; init; } = [];
}

/// <summary>What finds the request in the server's logs.</summary>
/// <param name="RequestId">The id.</param>
/// <param name="ServingData">More for the server's owner.</param>
public sealed record DaprRequestInfoDetail(string RequestId, string ServingData) : DaprExtendedErrorDetail(DaprExtendedErrorType.RequestInfo);

/// <summary>A message for people.</summary>
/// <param name="Locale">Its language.</param>
/// <param name="Message">The text.</param>
public sealed record DaprLocalizedMessageDetail(string Locale, string Message) : DaprExtendedErrorDetail(DaprExtendedErrorType.LocalizedMessage);

/// <summary>A page to read.</summary>
/// <param name="Url">Where.</param>
/// <param name="Description">What.</param>
[SuppressMessage("Design", "CA1054", Justification = "The official shape.")]
[SuppressMessage("Design", "CA1056", Justification = "The official shape.")]
public sealed record DaprHelpDetailLink(string Url, string Description);

/// <summary>Pages to read.</summary>
public sealed record DaprHelpDetail() : DaprExtendedErrorDetail(DaprExtendedErrorType.Help)
{
    /// <summary>The pages.</summary>
    public IReadOnlyCollection<DaprHelpDetailLink> Links { get; init; } = [];
}

/// <summary>What the call was about.</summary>
/// <param name="ResourceType">Its kind, such as state.</param>
/// <param name="ResourceName">Its name.</param>
/// <param name="Owner">Whose it is.</param>
/// <param name="Description">What is the matter with it.</param>
public sealed record DaprResourceInfoDetail(string ResourceType, string ResourceName, string Owner, string Description)
    : DaprExtendedErrorDetail(DaprExtendedErrorType.ResourceInfo);

/// <summary>The error's own code.</summary>
/// <param name="Reason">The code, such as DAPR_STATE_NOT_FOUND.</param>
/// <param name="Domain">Who made it, such as dapr.io.</param>
/// <param name="Metadata">More, by name.</param>
public sealed record DaprErrorInfoDetail(string Reason, string Domain, IDictionary<string, string>? Metadata)
    : DaprExtendedErrorDetail(DaprExtendedErrorType.ErrorInfo);
