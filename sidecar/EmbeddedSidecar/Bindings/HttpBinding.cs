using System.Globalization;
using System.Text;
using EmbeddedSidecar.Components;

namespace EmbeddedSidecar.Bindings;

/// <summary>bindings.http: calls a URL.</summary>
internal sealed class HttpBinding : IOutputBinding
{
    private const string Json = "application/json; charset=utf-8";

    // Go's client writes these itself, whatever it is told.
    private static readonly string[] Reserved = ["Host", "Content-Length", "Transfer-Encoding", "Trailer"];
    private readonly string _url;
    private readonly bool _errorIfNot2xx;
    private readonly (string Header, string Value)? _security;
    private readonly TimeSpan _limit;
    private readonly long _mostBytes;
    private readonly HttpBindingTls _tls;
    private HttpClient? _http;

    public HttpBinding(ComponentContext context)
    {
        var metadata = context.Metadata;
        _url = Uri.TryCreate(metadata.Required("url"), UriKind.Absolute, out var url) && url.Scheme is "http" or "https"
            ? url!.OriginalString
            : throw metadata.Refuse("url", "is not an http address");
        _errorIfNot2xx = metadata.Flag("errorIfNot2XX", true);
        _security = (metadata.Optional("securityTokenHeader"), metadata.Optional("securityToken")) is ({ } header, { } token) ? (header, token) : null;
        _limit = metadata.DurationOrSeconds("responseTimeout", Timeout.InfiniteTimeSpan);
        if (_limit <= TimeSpan.Zero && _limit != Timeout.InfiniteTimeSpan)
        {
            throw metadata.Refuse("responseTimeout", "leaves no time for an answer");
        }

        _mostBytes = metadata.Bytes("maxResponseBodySize", 100 << 20);
        _tls = new HttpBindingTls(context);
    }

    public IReadOnlyList<string> Operations { get; } = ["create", "get", "head", "post", "put", "patch", "delete", "options", "trace"];

    public async Task OpenAsync(CancellationToken ct)
    {
        var (tls, renegotiates) = await _tls.ReadAsync(ct);
        var options = tls.Options();
        options.AllowRenegotiation = renegotiates;
        _http = new HttpClient(new SocketsHttpHandler
        {
            UseCookies = false,
            ActivityHeadersPropagator = null,
            ConnectTimeout = TimeSpan.FromSeconds(15),
            SslOptions = options,
            RequestHeaderEncodingSelector = static (_, _) => Encoding.UTF8,
            ResponseHeaderEncodingSelector = static (_, _) => Encoding.UTF8,
        })
        { Timeout = Timeout.InfiniteTimeSpan };
    }

    public ValueTask DisposeAsync()
    {
        _http?.Dispose();
        return ValueTask.CompletedTask;
    }

    public async Task<BindingAnswer?> InvokeAsync(BindingRequest request, CancellationToken ct)
    {
        using var message = Compose(request);
        using var limit = CancellationTokenSource.CreateLinkedTokenSource(ct);
        limit.CancelAfter(_limit);
        try
        {
            using var response = await _http!.SendAsync(message, HttpCompletionOption.ResponseHeadersRead, limit.Token);
            var body = await BodyAsync(response, limit.Token);
            var metadata = Metadata(response);
            return response.IsSuccessStatusCode || !(request.Value("errorIfNot2XX") is { } asked ? IsTruthy(asked) : _errorIfNot2xx)
                ? new BindingAnswer(body, metadata)
                : throw new BindingException($"received status code {(int)response.StatusCode}", metadata);
        }
        catch (Exception unreachable) when (unreachable is HttpRequestException or IOException)
        {
            throw new BindingException(unreachable.Message, inner: unreachable);
        }
        catch (OperationCanceledException slow) when (!ct.IsCancellationRequested)
        {
            throw new BindingException("context deadline exceeded", inner: slow);
        }
    }

    private static bool IsTruthy(string text) => text.Trim().ToUpperInvariant() is "Y" or "YES" or "TRUE" or "T" or "ON" or "1";

    private HttpRequestMessage Compose(BindingRequest request)
    {
        var address = request.Value("path") is { } path ? $"{_url.TrimEnd('/')}/{path.TrimStart('/')}" : _url;
        var method = request.Operation == "create" ? HttpMethod.Post : HttpMethod.Parse(request.Operation.ToUpperInvariant());
        if (!Uri.TryCreate(address, UriKind.Absolute, out var url))
        {
            throw new BindingException($"parse \"{address}\": invalid URL");
        }

        var message = new HttpRequestMessage(method, url);
        var hasBody = request.Operation is "create" or "post" or "put" or "patch";
        if (hasBody)
        {
            message.Content = new ReadOnlyMemoryContent(request.Data);
            Set(message, "Content-Type", Json);
        }

        // As daprd's client: a server may refuse those who do not say what they are.
        Set(message, "User-Agent", "Go-http-client/1.1");
        Set(message, "Accept", Json);
        if (_security is { } security)
        {
            Set(message, security.Header, security.Value);
        }

        foreach (var (name, value) in request.Metadata)
        {
            if (name.Length > 0 && char.IsAsciiLetterUpper(name[0]) && !Reserved.Contains(name, StringComparer.OrdinalIgnoreCase))
            {
                Set(message, name, value);
            }
        }

        foreach (var name in (string[])["traceparent", "tracestate", "baggage"])
        {
            if (request.Value(name) is { } value)
            {
                Set(message, name, value);
            }
        }

        return message;
    }

    // A name is at home in one of the two collections, and the other refuses it.
    private static void Set(HttpRequestMessage message, string name, string value)
    {
        if (value.Any(char.IsControl))
        {
            throw new BindingException($"net/http: invalid header field value for \"{name}\"");
        }

        if (message.Headers.NonValidated.Contains(name))
        {
            message.Headers.Remove(name);
        }

        if (message.Headers.TryAddWithoutValidation(name, value))
        {
            return;
        }

        message.Content ??= new ReadOnlyMemoryContent(default);
        if (message.Content.Headers.NonValidated.Contains(name))
        {
            message.Content.Headers.Remove(name);
        }

        if (!message.Content.Headers.TryAddWithoutValidation(name, value))
        {
            throw new BindingException($"net/http: invalid header field name \"{name}\"");
        }
    }

    // What is more than the limit is left out, and nobody is told.
    private async Task<byte[]> BodyAsync(HttpResponseMessage response, CancellationToken ct)
    {
        await using var body = await response.Content.ReadAsStreamAsync(ct);
        using var kept = new MemoryStream();
        var buffer = new byte[81920];
        while (_mostBytes <= 0 || kept.Length < _mostBytes)
        {
            var most = _mostBytes <= 0 ? buffer.Length : (int)Math.Min(buffer.Length, _mostBytes - kept.Length);
            var read = await body.ReadAsync(buffer.AsMemory(0, most), ct);
            if (read == 0)
            {
                break;
            }

            kept.Write(buffer, 0, read);
        }

        return kept.ToArray();
    }

    private static Dictionary<string, string> Metadata(HttpResponseMessage response)
    {
        var metadata = new Dictionary<string, string>(StringComparer.Ordinal)
        {
            ["statusCode"] = ((int)response.StatusCode).ToString(CultureInfo.InvariantCulture),
            ["status"] = $"{(int)response.StatusCode} {response.ReasonPhrase}",
        };
        foreach (var (name, values) in response.Headers.NonValidated.Concat(response.Content.Headers.NonValidated))
        {
            if (name is not ("Transfer-Encoding" or "Trailer"))
            {
                metadata[Canonical(name)] = string.Join(", ", (IEnumerable<string>)values);
            }
        }

        return metadata;
    }

    // Content-Type, X-Answer, Etag: a map of gRPC has letter case, and these are the names that are in it.
    private static string Canonical(string name) =>
        string.Create(name.Length, name, static (to, from) =>
        {
            for (var i = 0; i < to.Length; i++)
            {
                to[i] = i == 0 || from[i - 1] == '-' ? char.ToUpperInvariant(from[i]) : char.ToLowerInvariant(from[i]);
            }
        });
}
