using Eco2.ServiceDefaults;
using Microsoft.AspNetCore.Http.HttpResults;

namespace Eco2.Image;

/// <summary>Every way this service says no; the README lists the same.</summary>
internal static class Problems
{
    public static ProblemHttpResult Invalid(IReadOnlyDictionary<string, string[]> errors) => Problem.Validation("image", errors);

    public static ProblemHttpResult NotFound() => Problem.Of("image", "NOT_FOUND", 404, "There is no such picture.");

    public static ProblemHttpResult UploadNotFound() => Problem.Of("image", "UPLOAD_NOT_FOUND", 404, "There is no such upload, or its time is over.");

    public static ProblemHttpResult UploaderMismatch() => Problem.Of("image", "UPLOADER_MISMATCH", 403, "Somebody else began this upload.");

    public static ProblemHttpResult ChannelMismatch() => Problem.Of("image", "CHANNEL_MISMATCH", 400, "The upload belongs to another channel.");

    public static ProblemHttpResult TooLarge(long limit) => Problem.Of("image", "TOO_LARGE", 413, "The picture is too large.", $"At most {limit} bytes are accepted.");

    public static ProblemHttpResult UnsupportedMedia(string? detail = null) => Problem.Of(
        "image", "UNSUPPORTED_MEDIA", 415, "Only JPEG, PNG, WebP and GIF pictures are accepted.", detail);

    public static ProblemHttpResult LengthMismatch() => Problem.Of("image", "LENGTH_MISMATCH", 400, "The size is not the one that was announced.");

    public static ProblemHttpResult ChecksumMismatch() => Problem.Of("image", "CHECKSUM_MISMATCH", 422, "The content is not the one that was announced.");

    /// <summary>What the media app found wrong with a picture; its own code is kept.</summary>
    public static ProblemHttpResult Unreadable(int status, string code, string? title, string? detail) => Problem.Of(
        "image", code, status, title ?? "The picture cannot be read.", detail);

    public static ProblemHttpResult MediaAway() => Problem.Of(
        "image", "OVERLOADED", 503, "Pictures cannot be checked at the moment.", retryAfter: TimeSpan.FromSeconds(2));
}
