using System.Globalization;
using System.Net.Http.Headers;
using EmbeddedSidecar.Components;

namespace EmbeddedSidecar.Bindings;

/// <summary>bindings.http: calls a URL.</summary>
internal sealed class HttpBinding : IOutputBinding
{
    private readonly Uri _url;
    private readonly bool _errorIfNot2xx;
    private readonly (string Header, string Value)? _security;
    private readonly HttpClient _http;

    public HttpBinding(ComponentContext context)
    {
        var metadata = context.Metadata;
        _url = Uri.TryCreate(metadata.Required("url"), UriKind.Absolute, out var url) && url.Scheme is "http" or "https"
            ? url!
            : throw metadata.Refuse("url", "is not an http address");
        _errorIfNot2xx = metadata.Flag("errorIfNot2XX", true);
        _security = metadata.Optional("securityTokenHeader") is { } header ? (header, metadata.Text("securityToken", "")) : null;
        if (_security is null)
        {
            metadata.Ignore("securityToken");
        }

        _http = new HttpClient(new SocketsHttpHandler { UseCookies = false, ActivityHeadersPropagator = null })
        {
            Timeout = metadata.Duration("responseTimeout", Timeout.InfiniteTimeSpan),
            MaxResponseContentBufferSize = metadata.Integer("maxResponseBodySize", 100 << 20),
        };
    }

    public IReadOnlyList<string> Capabilities => [];

    public IReadOnlyList<string> Operations { get; } = ["create", "get", "head", "post", "put", "patch", "delete", "options", "trace"];

    public Task OpenAsync(CancellationToken ct) => Task.CompletedTask;

    public ValueTask DisposeAsync()
    {
        _http.Dispose();
        return ValueTask.CompletedTask;
    }

    public async Task<BindingAnswer?> InvokeAsync(BindingRequest request, CancellationToken ct)
    {
        var method = request.Operation == "create" ? HttpMethod.Post : HttpMethod.Parse(request.Operation.ToUpperInvariant());
        using var message = new HttpRequestMessage(method, _url.AbsoluteUri.TrimEnd('/') + Path(request.Value("path")));
        if (!request.Data.IsEmpty)
        {
            message.Content = new ReadOnlyMemoryContent(request.Data);
            message.Content.Headers.ContentType = MediaTypeHeaderValue.Parse("application/json; charset=utf-8");
        }

        message.Headers.Accept.ParseAdd("application/json; charset=utf-8");
        foreach (var (name, value) in request.Metadata.Where(pair => char.IsAsciiLetterUpper(pair.Key[0])))
        {
            _ = TrySet(message.Headers, name, value) || TrySet(message.Content?.Headers, name, value);
        }

        if (_security is { } security)
        {
            message.Headers.TryAddWithoutValidation(security.Header, security.Value);
        }

        try
        {
            using var response = await _http.SendAsync(message, ct);
            var metadata = Metadata(response);
            if (!response.IsSuccessStatusCode && (request.Value("errorIfNot2XX") is { } asked ? asked == "true" : _errorIfNot2xx))
            {
                throw new BindingException($"received status code {(int)response.StatusCode}", metadata);
            }

            return new BindingAnswer(await response.Content.ReadAsByteArrayAsync(ct), metadata);
        }
        catch (HttpRequestException unreachable)
        {
            throw new BindingException(unreachable.Message, inner: unreachable);
        }
        catch (OperationCanceledException slow) when (!ct.IsCancellationRequested)
        {
            throw new BindingException($"no answer within {_http.Timeout}", inner: slow);
        }
    }

    // A name is at home in one of the two collections and the other refuses it; asking it to remove such a name is an error.
    private static bool TrySet(HttpHeaders? headers, string name, string value)
    {
        if (headers?.NonValidated.Contains(name) == true)
        {
            headers.Remove(name);
        }

        return headers?.TryAddWithoutValidation(name, value) == true;
    }

    private static string Path(string? path) => path is null ? "" : path.StartsWith('/') ? path : "/" + path;

    private static Dictionary<string, string> Metadata(HttpResponseMessage response)
    {
        var metadata = new Dictionary<string, string>(StringComparer.Ordinal)
        {
            ["statusCode"] = ((int)response.StatusCode).ToString(CultureInfo.InvariantCulture),
            ["status"] = $"{(int)response.StatusCode} {response.ReasonPhrase}",
        };
        foreach (var (name, values) in response.Headers.Concat(response.Content.Headers))
        {
            metadata[name] = string.Join(", ", values);
        }

        return metadata;
    }
}
