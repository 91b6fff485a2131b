using System.Globalization;
using System.Net;
using System.Security.Authentication;
using System.Text.Json;
using Dapr.Common;

namespace Dapr.Actors.Communication;

/// <summary>The actor part of a sidecar's HTTP API. Paths begin with two slashes, because endpoints end with one.</summary>
internal sealed class SidecarActors(HttpMessageHandler? handler, string endpoint, string? apiToken, TimeSpan? timeout)
{
    private const string Json = "application/json; charset=utf-8";
    private static readonly HttpMessageHandler Shared = new HttpClientHandler();
    private readonly HttpClient _http = NewClient(handler ?? Shared, timeout);

    /// <summary>The answer to a method's call: its header for failures, if any, and its body.</summary>
    public async Task<(string? Error, byte[] Body)> InvokeAsync(
        string type, string id, string method, byte[]? body, string? contentType, string? header, CancellationToken ct)
    {
        using var request = NewRequest(HttpMethod.Put, $"{type}/{id}/method/{method}", body, contentType);
        if (header is not null)
        {
            request.Headers.Add(RemotingHeaders.Request, header);
        }

        if (ReentrancyChain.Current is { } chain)
        {
            request.Headers.Add(ReentrancyChain.Header, chain);
        }

        using var response = await SendAsync(request, ct).ConfigureAwait(false);
        var error = response.Headers.TryGetValues(RemotingHeaders.Error, out var values) ? values.First() : null;
        return (error, await response.Content.ReadAsByteArrayAsync(ct).ConfigureAwait(false));
    }

    /// <summary>A state's JSON, empty if there is none, and when it ends.</summary>
    public async Task<(string Json, DateTimeOffset? Expires)> GetStateAsync(string type, string id, string name, CancellationToken ct)
    {
        using var request = NewRequest(HttpMethod.Get, $"{type}/{id}/state/{name}");
        using var response = await SendAsync(request, ct).ConfigureAwait(false);
        var expires = response.Headers.TryGetValues("Metadata.ttlExpireTime", out var values)
            && DateTimeOffset.TryParse(
                values.First(), CultureInfo.InvariantCulture, DateTimeStyles.AssumeUniversal, out var time)
            ? time
            : (DateTimeOffset?)null;
        return (await response.Content.ReadAsStringAsync(ct).ConfigureAwait(false), expires);
    }

    public Task SaveStateAsync(string type, string id, byte[] operations, CancellationToken ct) =>
        DoAsync(HttpMethod.Put, $"{type}/{id}/state", operations, "text/plain; charset=utf-8", ct);

    public Task PutReminderAsync(string type, string id, string name, byte[] reminder) =>
        DoAsync(HttpMethod.Put, $"{type}/{id}/reminders/{name}", reminder, Json, default);

    public async Task<byte[]> GetReminderAsync(string type, string id, string name)
    {
        using var request = NewRequest(HttpMethod.Get, $"{type}/{id}/reminders/{name}");
        using var response = await SendAsync(request, default).ConfigureAwait(false);
        return await response.Content.ReadAsByteArrayAsync().ConfigureAwait(false);
    }

    public Task DeleteReminderAsync(string type, string id, string name) => DoAsync(HttpMethod.Delete, $"{type}/{id}/reminders/{name}", null, null, default);

    public Task PutTimerAsync(string type, string id, string name, byte[] timer) =>
        DoAsync(HttpMethod.Put, $"{type}/{id}/timers/{name}", timer, Json, default);

    public Task DeleteTimerAsync(string type, string id, string name) => DoAsync(HttpMethod.Delete, $"{type}/{id}/timers/{name}", null, null, default);

    private static HttpClient NewClient(HttpMessageHandler handler, TimeSpan? timeout)
    {
        var client = new HttpClient(handler, disposeHandler: false);
        client.Timeout = timeout ?? client.Timeout;
        return client;
    }

    private static async Task<Exception> FailureAsync(HttpResponseMessage response, CancellationToken ct)
    {
        var nothing = $"The Dapr runtime answered {(int)response.StatusCode} without an error that says more.";
        var body = await response.Content.ReadAsByteArrayAsync(ct).ConfigureAwait(false);
        if (body.Length == 0)
        {
            return response.StatusCode == HttpStatusCode.NotFound
                ? new DaprApiException(nothing, "ERR_DOES_NOT_EXIST", isTransient: false)
                : new DaprApiException(nothing);
        }

        try
        {
            return JsonSerializer.Deserialize<DaprError>(body, JsonSerializerOptions.Web) is { } error
                ? new DaprApiException(error.Message, error.ErrorCode, isTransient: false)
                : new DaprApiException(nothing);
        }
        catch (JsonException failure)
        {
            return new DaprApiException(nothing, failure);
        }
    }

    private HttpRequestMessage NewRequest(HttpMethod method, string path, byte[]? body = null, string? contentType = null)
    {
        var request = new HttpRequestMessage(method, new Uri($"{endpoint}/v1.0/actors/{path}"));
        if (body is not null)
        {
            request.Content = new ByteArrayContent(body) { Headers = { { "Content-Type", contentType } } };
        }

        if (!string.IsNullOrWhiteSpace(apiToken))
        {
            request.Headers.Add(DaprHeaders.ApiToken, apiToken);
        }

        return request;
    }

    private async Task DoAsync(HttpMethod method, string path, byte[]? body, string? contentType, CancellationToken ct)
    {
        using var request = NewRequest(method, path, body, contentType);
        using var response = await SendAsync(request, ct).ConfigureAwait(false);
    }

    private async Task<HttpResponseMessage> SendAsync(HttpRequestMessage request, CancellationToken ct)
    {
        var response = await _http.SendAsync(request, ct).ConfigureAwait(false);
        if (response.IsSuccessStatusCode)
        {
            return response;
        }

        using (response)
        {
            throw response.StatusCode is HttpStatusCode.Unauthorized or HttpStatusCode.Forbidden
                ? new AuthenticationException("The Dapr runtime did not accept the token.")
                : await FailureAsync(response, ct).ConfigureAwait(false);
        }
    }
}
