using System.Text.Json;
using Eco2.Image.Pictures;
using Eco2.ServiceDefaults;
using Microsoft.AspNetCore.Http.HttpResults;
using Microsoft.Extensions.Options;
using Npgsql;

namespace Eco2.Image.Uploads;

/// <summary>Announces a picture and gets an address to put it to: the store's own where it can sign one, else one of this service.</summary>
internal sealed class BeginUpload
{
    public sealed record Request(string? Filename, string? ContentType, long? ContentLength, string? Sha256, JsonElement? Metadata);

    public sealed record Answer(string Key, string UploadUrl, string CdnUrl, int ExpiresIn, IReadOnlyDictionary<string, string> RequiredHeaders);

    public static void Map(IEndpointRouteBuilder routes) => routes.MapPost("/{channel}", Handle).OncePerKey();

    private static async Task<Results<Ok<Answer>, ProblemHttpResult>> Handle(
        string channel,
        Request request,
        CurrentUser user,
        NpgsqlDataSource db,
        UploadTokens tokens,
        Presigner presigner,
        IOptions<ImageOptions> options,
        TimeProvider clock,
        CancellationToken ct)
    {
        if (!ImageKey.IsChannel(channel))
        {
            return Problems.NotFound();
        }

        if (Check(request, options.Value) is { } problem)
        {
            return problem;
        }

        var now = clock.GetUtcNow();
        var key = new ImageKey(channel, user.Id, Guid.CreateVersion7(now));
        var picture = new PictureRow(
            key,
            "pending",
            request.Metadata?.GetRawText(),
            request.ContentType!,
            request.ContentLength!.Value,
            request.Sha256?.ToLowerInvariant(),
            null,
            0,
            0,
            0,
            null,
            now + options.Value.UploadLifetime);
        var url = await presigner.UploadUrlAsync(picture, ct) ?? $"/api/v1/images/uploads/{await tokens.SignAsync(picture, ct)}";
        await PictureRow.InsertAsync(db, picture, request.Filename is null ? null : Nfc.Compose(request.Filename), now, ct);
        return TypedResults.Ok(new Answer(
            key.ToString(),
            url,
            key.Url,
            (int)options.Value.UploadLifetime.TotalSeconds,
            new Dictionary<string, string>
            {
                ["Content-Type"] = picture.DeclaredType,
                ["Content-Length"] = picture.DeclaredBytes.ToString(System.Globalization.CultureInfo.InvariantCulture),
            }));
    }

    private static ProblemHttpResult? Check(Request request, ImageOptions options)
    {
        var errors = new Dictionary<string, string[]>();
        if (request.ContentType is null)
        {
            errors["content_type"] = ["This member is required."];
        }

        if (request.ContentLength is null or < 1)
        {
            errors["content_length"] = ["The size in bytes is required."];
        }

        if (request.Filename is { Length: > 255 } || request.Filename?.Contains('\0', StringComparison.Ordinal) == true)
        {
            errors["filename"] = ["A file name has at most 255 characters."];
        }

        if (request.Sha256 is not null && (request.Sha256.Length != 64 || !request.Sha256.All(char.IsAsciiHexDigit)))
        {
            errors["sha256"] = ["Write it as 64 hex digits."];
        }

        if (request.Metadata is { } metadata && (metadata.ValueKind != JsonValueKind.Object || metadata.GetRawText().Length > 4096 || metadata.GetRawText().Contains("\\u0000", StringComparison.Ordinal)))
        {
            errors["metadata"] = ["An object of at most 4,096 characters."];
        }

        return errors.Count > 0 ? Problems.Invalid(errors)
            : !Intake.IsAccepted(request.ContentType) ? Problems.UnsupportedMedia()
            : request.ContentLength > options.MaxBytes ? Problems.TooLarge(options.MaxBytes)
            : null;
    }
}
