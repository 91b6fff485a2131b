using System.Net.Http.Headers;
using System.Text.Json;
using Dapr.Client;
using Eco2.Contracts.Media;
using Eco2.Image.Pictures;
using Eco2.ServiceDefaults;
using Microsoft.AspNetCore.Http.HttpResults;

namespace Eco2.Image.Uploads;

/// <summary>The app <c>media</c>, which looks into pictures.</summary>
internal sealed partial class Media(DaprClient dapr, WireJson json, ILogger<Media> logger) : IDisposable
{
    private readonly HttpClient http = dapr.CreateInvokableHttpClient("media");

    public async Task<(NormalizedImage? Found, ProblemHttpResult? Problem)> NormaliseAsync(
        ImageKey key, BoundedStream body, string type, long length, long limit, CancellationToken ct)
    {
        using var request = new HttpRequestMessage(HttpMethod.Post, new Uri($"/v1/normalize?key={Uri.EscapeDataString(key.ToString())}", UriKind.Relative))
        {
            Content = new StreamContent(body, 64 * 1024) { Headers = { ContentType = new MediaTypeHeaderValue(type) } },
        };
        if (length > 0)
        {
            request.Content.Headers.ContentLength = length;
        }

        try
        {
            using var answer = await http.SendAsync(request, HttpCompletionOption.ResponseHeadersRead, ct);
            return answer.IsSuccessStatusCode
                ? (await ReadAsync<NormalizedImage>(answer, ct), null)
                : (null, await RefusalAsync(answer, ct));
        }
        catch (HttpRequestException) when (body.IsExceeded)
        {
            return (null, Problems.TooLarge(limit));
        }
        catch (HttpRequestException e) when (e.InnerException is BadHttpRequestException bad)
        {
            // The client broke off, or sent less than it announced.
            throw bad;
        }
    }

    public void Dispose() => http.Dispose();

    private async Task<ProblemHttpResult> RefusalAsync(HttpResponseMessage answer, CancellationToken ct)
    {
        var status = (int)answer.StatusCode;
        if (status is not (400 or 413 or 415 or 422))
        {
            Refused(logger, status);
            return Problems.MediaAway();
        }

        var said = answer.Content.Headers.ContentType?.MediaType == "application/problem+json" ? await ReadAsync<JsonElement>(answer, ct) : default;
        var code = Text(said, "code") is { } own && own.All(c => char.IsAsciiLetterUpper(c) || c == '_') ? own : status switch
        {
            413 => "TOO_LARGE",
            415 => "UNSUPPORTED_MEDIA",
            _ => "IMAGE_UNREADABLE",
        };
        return Problems.Unreadable(status == 400 ? 422 : status, code, Text(said, "title"), Text(said, "detail"));
    }

    private async Task<T> ReadAsync<T>(HttpResponseMessage answer, CancellationToken ct)
    {
        await using var body = await answer.Content.ReadAsStreamAsync(ct);
        return await JsonSerializer.DeserializeAsync<T>(body, json.Options, ct) ?? throw new HttpRequestException("Media answered nothing.");
    }

    private static string? Text(JsonElement parent, string name) =>
        parent.ValueKind == JsonValueKind.Object && parent.TryGetProperty(name, out var value) && value.ValueKind == JsonValueKind.String ? value.GetString() : null;

    [LoggerMessage(Level = LogLevel.Warning, Message = "Media could not check a picture: {Status}")]
    private static partial void Refused(ILogger logger, int status);
}
