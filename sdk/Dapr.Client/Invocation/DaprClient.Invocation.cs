namespace Dapr.Client;

public abstract partial class DaprClient
{
    private const string UseHttpClient = "Use CreateInvokeHttpClient or CreateInvokableHttpClient and the HttpClient they give.";

    /// <summary>An HttpClient whose requests to http://{app-id}/... go to that app through the sidecar.</summary>
    /// <param name="appId">Base address of relative requests; null: every request names its app as host.</param>
    /// <param name="daprEndpoint">The sidecar's HTTP API; null: from the environment.</param>
    /// <param name="daprApiToken">Sent when given; the environment is not asked.</param>
    /// <exception cref="ArgumentException">The app id cannot be a host name.</exception>
    public static HttpClient CreateInvokeHttpClient(string? appId = null, string? daprEndpoint = null, string? daprApiToken = null)
    {
        var handler = new InvocationHandler
        {
            InnerHandler = new HttpClientHandler(),
            DaprApiToken = daprApiToken,
            DefaultAppId = appId,
        };
        if (daprEndpoint is not null)
        {
            handler.DaprEndpoint = daprEndpoint;
        }

        var client = new HttpClient(handler);
        client.DefaultRequestHeaders.UserAgent.Add(UserAgent());
        if (appId is not null)
        {
            try
            {
                client.BaseAddress = new Uri($"http://{appId}");
            }
            catch (UriFormatException failure)
            {
                client.Dispose();
                throw new ArgumentException("The appId must be a valid hostname.", nameof(appId), failure);
            }
        }

        return client;
    }

    /// <summary>The same for the sidecar and token of this client.</summary>
    public abstract HttpClient CreateInvokableHttpClient(string? appId = null);

    /// <summary>A POST to a method of an app, through the sidecar.</summary>
    public HttpRequestMessage CreateInvokeMethodRequest(string appId, string methodName) =>
        CreateInvokeMethodRequest(HttpMethod.Post, appId, methodName);

    /// <summary>A POST to a method of an app, through the sidecar.</summary>
    public HttpRequestMessage CreateInvokeMethodRequest(
        string appId, string methodName, IReadOnlyCollection<KeyValuePair<string, string>> queryStringParameters) =>
        CreateInvokeMethodRequest(HttpMethod.Post, appId, methodName, queryStringParameters);

    /// <summary>A request to a method of an app, through the sidecar.</summary>
    public abstract HttpRequestMessage CreateInvokeMethodRequest(HttpMethod httpMethod, string appId, string methodName);

    /// <summary>A request to a method of an app, through the sidecar.</summary>
    public abstract HttpRequestMessage CreateInvokeMethodRequest(
        HttpMethod httpMethod, string appId, string methodName, IReadOnlyCollection<KeyValuePair<string, string>> queryStringParameters);

    /// <summary>A POST with JSON to a method of an app, through the sidecar.</summary>
    public HttpRequestMessage CreateInvokeMethodRequest<TRequest>(string appId, string methodName, TRequest data) =>
        CreateInvokeMethodRequest(HttpMethod.Post, appId, methodName, [], data);

    /// <summary>A request with JSON to a method of an app, through the sidecar.</summary>
    public abstract HttpRequestMessage CreateInvokeMethodRequest<TRequest>(
        HttpMethod httpMethod, string appId, string methodName, IReadOnlyCollection<KeyValuePair<string, string>> queryStringParameters, TRequest data);

    /// <summary>Sends a request made by <see cref="CreateInvokeMethodRequest(string, string)"/>; any status is an answer.</summary>
    /// <exception cref="InvocationException">There was no connection.</exception>
    /// <exception cref="InvalidOperationException">The request does not go to the sidecar.</exception>
    [Obsolete(UseHttpClient)]
    public abstract Task<HttpResponseMessage> InvokeMethodWithResponseAsync(HttpRequestMessage request, CancellationToken cancellationToken = default);

    /// <summary>Sends a request and ignores the answer's body.</summary>
    /// <exception cref="InvocationException">There was no connection, or the status is none of success.</exception>
    [Obsolete(UseHttpClient)]
    public abstract Task InvokeMethodAsync(HttpRequestMessage request, CancellationToken cancellationToken = default);

    /// <summary>Sends a request and reads the answer as JSON.</summary>
    /// <exception cref="InvocationException">There was no connection, the status is none of success, or the body is no such JSON.</exception>
    [Obsolete(UseHttpClient)]
    public abstract Task<TResponse> InvokeMethodAsync<TResponse>(HttpRequestMessage request, CancellationToken cancellationToken = default);

    /// <summary>POST without data; the answer's body is ignored.</summary>
    [Obsolete(UseHttpClient)]
    public Task InvokeMethodAsync(string appId, string methodName, CancellationToken cancellationToken = default) =>
        InvokeMethodAsync(CreateInvokeMethodRequest(appId, methodName), cancellationToken);

    /// <summary>A request without data; the answer's body is ignored.</summary>
    [Obsolete(UseHttpClient)]
    public Task InvokeMethodAsync(HttpMethod httpMethod, string appId, string methodName, CancellationToken cancellationToken = default) =>
        InvokeMethodAsync(CreateInvokeMethodRequest(httpMethod, appId, methodName), cancellationToken);

    /// <summary>POST with JSON; the answer's body is ignored.</summary>
    [Obsolete(UseHttpClient)]
    public Task InvokeMethodAsync<TRequest>(string appId, string methodName, TRequest data, CancellationToken cancellationToken = default) =>
        InvokeMethodAsync(CreateInvokeMethodRequest(appId, methodName, data), cancellationToken);

    /// <summary>A request with JSON; the answer's body is ignored.</summary>
    [Obsolete(UseHttpClient)]
    public Task InvokeMethodAsync<TRequest>(HttpMethod httpMethod, string appId, string methodName, TRequest data, CancellationToken cancellationToken = default) =>
        InvokeMethodAsync(CreateInvokeMethodRequest(httpMethod, appId, methodName, [], data), cancellationToken);

    /// <summary>POST without data; the answer is JSON.</summary>
    [Obsolete(UseHttpClient)]
    public Task<TResponse> InvokeMethodAsync<TResponse>(string appId, string methodName, CancellationToken cancellationToken = default) =>
        InvokeMethodAsync<TResponse>(CreateInvokeMethodRequest(appId, methodName), cancellationToken);

    /// <summary>A request without data; the answer is JSON.</summary>
    [Obsolete(UseHttpClient)]
    public Task<TResponse> InvokeMethodAsync<TResponse>(HttpMethod httpMethod, string appId, string methodName, CancellationToken cancellationToken = default) =>
        InvokeMethodAsync<TResponse>(CreateInvokeMethodRequest(httpMethod, appId, methodName), cancellationToken);

    /// <summary>POST with JSON; the answer is JSON.</summary>
    [Obsolete(UseHttpClient)]
    public Task<TResponse> InvokeMethodAsync<TRequest, TResponse>(string appId, string methodName, TRequest data, CancellationToken cancellationToken = default) =>
        InvokeMethodAsync<TResponse>(CreateInvokeMethodRequest(appId, methodName, data), cancellationToken);

    /// <summary>A request with JSON; the answer is JSON.</summary>
    [Obsolete(UseHttpClient)]
    public Task<TResponse> InvokeMethodAsync<TRequest, TResponse>(
        HttpMethod httpMethod, string appId, string methodName, TRequest data, CancellationToken cancellationToken = default) =>
        InvokeMethodAsync<TResponse>(CreateInvokeMethodRequest(httpMethod, appId, methodName, [], data), cancellationToken);
}
