using System.Net.Http.Json;
using System.Text.Json;

namespace Dapr.Client;

internal sealed partial class DaprClientGrpc
{
    private static readonly HttpRequestOptionsKey<string> AppIdKey = new("Dapr app id");
    private static readonly HttpRequestOptionsKey<string> MethodKey = new("Dapr method");

    public override HttpClient CreateInvokableHttpClient(string? appId = null) =>
        CreateInvokeHttpClient(appId, _httpEndpoint.AbsoluteUri, _apiToken);

    public override HttpRequestMessage CreateInvokeMethodRequest(HttpMethod httpMethod, string appId, string methodName) =>
        CreateInvokeMethodRequest(httpMethod, appId, methodName, []);

    public override HttpRequestMessage CreateInvokeMethodRequest(
        HttpMethod httpMethod, string appId, string methodName, IReadOnlyCollection<KeyValuePair<string, string>> queryStringParameters)
    {
        ArgumentVerifier.ThrowIfNull(httpMethod, nameof(httpMethod));
        ArgumentVerifier.ThrowIfNullOrEmpty(appId, nameof(appId));
        ArgumentVerifier.ThrowIfNull(methodName, nameof(methodName));
        var query = string.Join('&', (queryStringParameters ?? []).Select(p => $"{Uri.EscapeDataString(p.Key)}={Uri.EscapeDataString(p.Value)}"));
        var path = $"/v1.0/invoke/{appId}/method/{methodName.TrimStart('/')}";
        if (query.Length > 0)
        {
            path += (path.Contains('?', StringComparison.Ordinal) ? "&" : "?") + query;
        }

        var request = new HttpRequestMessage(httpMethod, new Uri(_httpEndpoint, path));
        request.Options.Set(AppIdKey, appId);
        request.Options.Set(MethodKey, methodName);
        AddToken(request);
        return request;
    }

    public override HttpRequestMessage CreateInvokeMethodRequest<TRequest>(
        HttpMethod httpMethod, string appId, string methodName, IReadOnlyCollection<KeyValuePair<string, string>> queryStringParameters, TRequest data)
    {
        var request = CreateInvokeMethodRequest(httpMethod, appId, methodName, queryStringParameters);
        request.Content = JsonContent.Create(data, options: _json);
        return request;
    }

    [Obsolete("See the base member.")]
    public override async Task<HttpResponseMessage> InvokeMethodWithResponseAsync(HttpRequestMessage request, CancellationToken cancellationToken = default)
    {
        ArgumentVerifier.ThrowIfNull(request, nameof(request));
        if (request.RequestUri is not { } uri || !_httpEndpoint.IsBaseOf(uri))
        {
            throw new InvalidOperationException("The provided request URI is not a Dapr service invocation URI.");
        }

        try
        {
            return await _http.SendAsync(request, cancellationToken).ConfigureAwait(false);
        }
        catch (HttpRequestException failure)
        {
            throw Failed(request, failure, response: null);
        }
    }

    [Obsolete("See the base member.")]
    public override async Task InvokeMethodAsync(HttpRequestMessage request, CancellationToken cancellationToken = default)
    {
        using var response = await SuccessAsync(request, cancellationToken).ConfigureAwait(false);
    }

    [Obsolete("See the base member.")]
    public override async Task<TResponse> InvokeMethodAsync<TResponse>(HttpRequestMessage request, CancellationToken cancellationToken = default)
    {
        var response = await SuccessAsync(request, cancellationToken).ConfigureAwait(false);
        try
        {
            return (await response.Content.ReadFromJsonAsync<TResponse>(_json, cancellationToken).ConfigureAwait(false))!;
        }
        catch (Exception failure) when (failure is HttpRequestException or JsonException or NotSupportedException)
        {
            throw Failed(request, failure, response);
        }
    }

    private static InvocationException Failed(HttpRequestMessage request, Exception failure, HttpResponseMessage? response)
    {
        request.Options.TryGetValue(AppIdKey, out var appId);
        request.Options.TryGetValue(MethodKey, out var method);
        return new InvocationException(appId!, method!, failure, response!);
    }

    [Obsolete("Serves the obsolete members.")]
    private async Task<HttpResponseMessage> SuccessAsync(HttpRequestMessage request, CancellationToken ct)
    {
        var response = await InvokeMethodWithResponseAsync(request, ct).ConfigureAwait(false);
        try
        {
            return response.EnsureSuccessStatusCode();
        }
        catch (HttpRequestException failure)
        {
            throw Failed(request, failure, response);
        }
    }
}
