using System.Net;
using System.Net.Http.Json;
using System.Text.Json;
using Xunit;

namespace Eco2.Services.Tests;

/// <summary>Reading answers in tests.</summary>
internal static class Answers
{
    public static async Task<JsonElement> JsonAsync(this HttpResponseMessage answer) =>
        await answer.Content.ReadFromJsonAsync<JsonElement>();

    /// <summary>Asserts a problem document with this status and code, of this service, and returns it.</summary>
    public static async Task<JsonElement> IsProblemAsync(this HttpResponseMessage answer, HttpStatusCode status, string code, string? service = null)
    {
        var text = await answer.Content.ReadAsStringAsync();
        Assert.True(status == answer.StatusCode, $"expected {(int)status} {code}, got {(int)answer.StatusCode} {text}");
        Assert.Equal("application/problem+json", answer.Content.Headers.ContentType?.MediaType);
        var problem = JsonDocument.Parse(text).RootElement;
        Assert.Equal(code, problem.GetProperty("code").GetString());
        Assert.Equal((int)status, problem.GetProperty("status").GetInt32());
        Assert.EndsWith(":" + code.ToLowerInvariant().Replace('_', '-'), problem.GetProperty("type").GetString(), StringComparison.Ordinal);
        if (service is not null)
        {
            Assert.StartsWith($"urn:eco2:{service}:", problem.GetProperty("type").GetString(), StringComparison.Ordinal);
        }

        Assert.Matches("^[0-9a-f]{32}$", problem.GetProperty("traceId").GetString());
        return problem;
    }

    public static StringContent Json(string body) => new(body, System.Text.Encoding.UTF8, "application/json");
}
