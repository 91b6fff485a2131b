using System.Net;
using System.Text.Json;
using System.Text.RegularExpressions;
using Dapr.Client;
using Eco2.Contracts.Auth;
using Eco2.Contracts.Image;
using Eco2.ServiceDefaults;
using Microsoft.AspNetCore.Http.HttpResults;
using Microsoft.AspNetCore.Mvc;
using Microsoft.Extensions.Options;

namespace Eco2.Scan.Scans;

/// <summary>Which picture does a request mean, and does it belong to the caller? Addresses are read, never fetched: what is asked is the
/// app <c>image</c>, by key.</summary>
internal sealed partial class Pictures(DaprClient dapr, IOptions<ScanOptions> options, WireJson json)
{
    private const string Prefix = "/api/v1/images/";
    private readonly HttpClient image = dapr.CreateInvokableHttpClient("image");

    /// <summary>The key that a request names, or a problem.</summary>
    internal ProblemHttpResult? FindKey(string? imageKey, string? imageUrl, out string key)
    {
        key = "";
        if (string.IsNullOrWhiteSpace(imageKey) && string.IsNullOrWhiteSpace(imageUrl))
        {
            return Problems.ImageUrlRequired();
        }

        if (!string.IsNullOrWhiteSpace(imageUrl))
        {
            if (imageUrl.Length > 2048 || !TryReadOwn(imageUrl, out key))
            {
                return Problems.ImageHostNotAllowed();
            }

            if (!string.IsNullOrWhiteSpace(imageKey) && imageKey != key)
            {
                return Problems.Invalid("image_url", "It names another picture than image_key.");
            }
        }
        else
        {
            key = imageKey!;
        }

        return KeyShape().IsMatch(key) ? null : Problems.ImageNotFound();
    }

    /// <summary>The checked picture, or why there is none for this caller.</summary>
    internal async Task<(StoredImage? Picture, ProblemHttpResult? Problem)> AskAsync(string key, Guid userId, CancellationToken ct)
    {
        using var request = new HttpRequestMessage(HttpMethod.Get, $"/internal/images/{key}");
        request.Headers.Add(IdentityHeaders.UserId, userId.ToString("D"));
        try
        {
            using var response = await image.SendAsync(request, ct);
            if (response.IsSuccessStatusCode)
            {
                return (await ReadAsync<StoredImage>(response, ct), null);
            }

            if (response.StatusCode is HttpStatusCode.RequestEntityTooLarge or HttpStatusCode.UnsupportedMediaType or HttpStatusCode.UnprocessableEntity)
            {
                // The picture itself is bad; image says it best.
                return (null, TypedResults.Problem((await ReadAsync<ProblemDetails>(response, ct))!));
            }

            return (null, response.StatusCode == HttpStatusCode.NotFound ? Problems.ImageNotFound() : Problems.Away("The picture cannot be checked now."));
        }
        catch (Exception e) when (e is HttpRequestException or JsonException)
        {
            return (null, Problems.Away("The picture cannot be checked now."));
        }
    }

    private async Task<T?> ReadAsync<T>(HttpResponseMessage response, CancellationToken ct)
    {
        await using var body = await response.Content.ReadAsStreamAsync(ct);
        return await JsonSerializer.DeserializeAsync<T>(body, json.Options, ct);
    }

    private bool TryReadOwn(string url, out string key)
    {
        key = "";
        string path;
        if (url.StartsWith(Prefix, StringComparison.Ordinal))
        {
            path = url;
        }
        else if (Uri.TryCreate(url, UriKind.Absolute, out var uri)
            && uri.Scheme is "http" or "https"
            && uri.UserInfo.Length == 0
            && options.Value.ImageHosts.Contains(uri.Authority, StringComparer.OrdinalIgnoreCase))
        {
            path = uri.AbsolutePath;
        }
        else
        {
            return false;
        }

        if (!path.StartsWith(Prefix, StringComparison.Ordinal))
        {
            return false;
        }

        key = path[Prefix.Length..].Split('?')[0];
        return true;
    }

    /// <summary>channel/user/image; nothing in it can leave the folder of pictures.</summary>
    [GeneratedRegex("^(scan|chat|my)/[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}/[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}$", RegexOptions.CultureInvariant, matchTimeoutMilliseconds: 1000)]
    private static partial Regex KeyShape();
}
