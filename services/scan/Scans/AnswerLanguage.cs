using Microsoft.Net.Http.Headers;

namespace Eco2.Scan.Scans;

/// <summary>In which language is the answer? The field decides, then Accept-Language, then it is Korean.</summary>
internal static class AnswerLanguage
{
    internal static bool TryRead(string? field, HttpRequest request, out string language)
    {
        language = field ?? FromHeader(request);
        return language is "ko" or "en";
    }

    private static string FromHeader(HttpRequest request) =>
        StringWithQualityHeaderValue.TryParseList(request.Headers.AcceptLanguage, out var accepted)
            ? accepted
                .Where(value => value.Quality is not 0)
                .OrderByDescending(value => value.Quality ?? 1)
                .Select(value => value.Value.Value?.Split('-')[0].ToLowerInvariant())
                .FirstOrDefault(primary => primary is "ko" or "en") ?? "ko"
            : "ko";
}
