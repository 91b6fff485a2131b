namespace Eco2.Services.Tests.Scan;

/// <summary>Somebody who scans, by the API of the scan service.</summary>
internal sealed class ScanUser(ServiceHost scan)
{
    public Guid Id { get; } = Guid.CreateVersion7();

    /// <summary>A picture of this user.</summary>
    public string Key => $"scan/{Id:D}/0198c0de-0000-7000-8000-000000000003";

    /// <param name="who">Somebody else who asks.</param>
    public Task<HttpResponseMessage> SendAsync(HttpMethod method, string path, HttpContent? content = null, string? key = null, Guid? who = null)
    {
        var request = new HttpRequestMessage(method, path) { Content = content, Headers = { { "X-User-Id", (who ?? Id).ToString("D") } } };
        if (key is not null)
        {
            request.Headers.Add("Idempotency-Key", key);
        }

        return scan.Client.SendAsync(request);
    }

    public Task<HttpResponseMessage> GetAsync(string path, Guid? who = null) => SendAsync(HttpMethod.Get, path, who: who);

    public Task<HttpResponseMessage> PostAsync(string body, string? key = null, Guid? who = null) =>
        SendAsync(HttpMethod.Post, "/api/v1/scan", Answers.Json(body), key, who);
}
