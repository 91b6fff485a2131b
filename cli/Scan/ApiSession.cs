using System.Net;
using System.Net.Http.Headers;
using System.Net.Http.Json;
using System.Net.ServerSentEvents;
using System.Runtime.CompilerServices;
using System.Text.Json;
using Eco2.Cli.Machine;
using Eco2.Cli.Up;
using Eco2.Contracts;
using Eco2.Contracts.Image;
using Eco2.Contracts.Jobs;
using Eco2.Contracts.Scan;

namespace Eco2.Cli.Scan;

/// <summary>The REST API as one signed-in user: the local one, made at first use and remembered in the run's folder, or whose token <c>ECO2_ACCESS_TOKEN</c> is.</summary>
internal sealed class ApiSession : IDisposable
{
    private readonly HttpClient http;
    private readonly LocalSession? session;

    private ApiSession(HttpClient http, LocalSession? session) => (this.http, this.session) = (http, session);

    /// <param name="url">The gateway; null for the one that ./eco2 up started.</param>
    /// <param name="workspace">The run's folder.</param>
    /// <param name="ct">Ends the waiting.</param>
    public static Task<ApiSession> OpenAsync(string? url, Workspace workspace, CancellationToken ct) =>
        OpenAsync(Address(url ?? RunningUrl(workspace)), workspace, ct);

    private static Uri Address(string url) =>
        Uri.TryCreate(url, UriKind.Absolute, out var address) && address.Scheme is "http" or "https"
            ? address
            : throw new UserMessageException($"\"{url}\" is no address of a gateway, such as http://localhost:8080.", exitCode: 2);

    private static string RunningUrl(Workspace workspace) =>
        RunRecord.Read(workspace.RunRecord) is { } run && run.IsAlive()
            ? run.Url
            : throw new UserMessageException("Eco² is not running here. Start it with ./eco2 up, or name another gateway with --url.");

    private static async Task<ApiSession> OpenAsync(Uri address, Workspace workspace, CancellationToken ct)
    {
        // A stream may stay open for minutes; every other wait ends with the token.
        // Cookies are for browsers: the token is in the header.
        var http = new HttpClient(new SocketsHttpHandler { UseCookies = false }) { BaseAddress = address, Timeout = Timeout.InfiniteTimeSpan };
        if (Environment.GetEnvironmentVariable("ECO2_ACCESS_TOKEN") is { Length: > 0 } token)
        {
            http.DefaultRequestHeaders.Authorization = new AuthenticationHeaderValue("Bearer", token);
            return new ApiSession(http, null);
        }

        var session = new LocalSession(http, workspace);
        await session.OpenAsync(ct);
        return new ApiSession(http, session);
    }

    /// <summary>A request whose refusal ends the command with <paramref name="otherwise"/> and the reason. What is for admins makes one of the local user first.</summary>
    public async Task<HttpResponseMessage> SendAsync(HttpMethod method, string path, HttpContent? body, string otherwise, CancellationToken ct)
    {
        var response = await TryAsync(method, path, body, otherwise, ct);
        if (response.StatusCode == HttpStatusCode.Forbidden && session is not null && await session.BecomeOperatorAsync(ct))
        {
            response.Dispose();
            response = await TryAsync(method, path, body, otherwise, ct);
        }

        await EnsureAsync(response, otherwise, ct);
        return response;
    }

    private async Task<HttpResponseMessage> TryAsync(HttpMethod method, string path, HttpContent? body, string otherwise, CancellationToken ct)
    {
        using var request = new HttpRequestMessage(method, path);
        if (body is not null)
        {
            // A copy: a request that was sent takes its body with it.
            request.Content = new ByteArrayContent(await body.ReadAsByteArrayAsync(ct));
            request.Content.Headers.ContentType = body.Headers.ContentType;
        }

        try
        {
            return await http.SendAsync(request, ct);
        }
        catch (HttpRequestException)
        {
            throw new UserMessageException($"{otherwise}: {http.BaseAddress} does not answer any more.");
        }
    }

    public async Task<StoredImage> UploadAsync(FileInfo file, CancellationToken ct)
    {
        await using var stream = file.OpenRead();
        using var body = new StreamContent(stream);
        body.Headers.ContentType = new MediaTypeHeaderValue(file.Extension.ToUpperInvariant() switch
        {
            ".PNG" => "image/png",
            ".WEBP" => "image/webp",
            ".GIF" => "image/gif",
            _ => "image/jpeg",
        });
        using var response = await http.PutAsync(new Uri("/api/v1/images/scan", UriKind.Relative), body, ct);
        await EnsureAsync(response, $"{file.Name} was not accepted", ct);
        return (await response.Content.ReadFromJsonAsync(ContractsJson.Default.StoredImage, ct))!;
    }

    public async Task<ScanAccepted> SubmitAsync(SubmitScanRequest request, CancellationToken ct)
    {
        using var message = new HttpRequestMessage(HttpMethod.Post, "/api/v1/scan") { Content = JsonContent.Create(request, ContractsJson.Default.SubmitScanRequest) };
        message.Headers.Add("Idempotency-Key", Guid.CreateVersion7(TimeProvider.System.GetUtcNow()).ToString());
        using var response = await http.SendAsync(message, ct);
        await EnsureAsync(response, "The scan was not accepted", ct);
        return (await response.Content.ReadFromJsonAsync(ContractsJson.Default.ScanAccepted, ct))!;
    }

    /// <summary>The events of a job up to its last one, over as many connections as it takes.</summary>
    public async IAsyncEnumerable<JobEvent> EventsAsync(string path, [EnumeratorCancellation] CancellationToken ct)
    {
        var last = "";
        while (true)
        {
            using var request = new HttpRequestMessage(HttpMethod.Get, path);
            request.Headers.Accept.ParseAdd("text/event-stream");
            if (last != "")
            {
                request.Headers.Add("Last-Event-ID", last);
            }

            using var response = await http.SendAsync(request, HttpCompletionOption.ResponseHeadersRead, ct);
            await EnsureAsync(response, "The event stream did not open", ct);
            await using var stream = await response.Content.ReadAsStreamAsync(ct);
            var parser = SseParser.Create(stream, (_, data) => data.ToArray());
            await using var frames = parser.EnumerateAsync(ct).GetAsyncEnumerator(ct);
            while (await NextAsync(frames))
            {
                if (frames.Current.EventId is null && frames.Current.EventType is "keepalive" or "reconnect" or "message")
                {
                    continue;
                }

                last = parser.LastEventId;
                var happened = JsonSerializer.Deserialize(frames.Current.Data, ContractsJson.Default.JobEvent)!;
                yield return happened with { Stage = frames.Current.EventType };
                if (frames.Current.EventType is "done" or "failed" or "cancelled")
                {
                    yield break;
                }
            }
        }
    }

    public async Task<ScanResult> ResultAsync(string path, CancellationToken ct)
    {
        ScanResult? result = null;
        await Until.TrueAsync(
            async () =>
            {
                using var response = await http.GetAsync(new Uri(path, UriKind.Relative), ct);
                await EnsureAsync(response, "The result could not be read", ct);
                result = await response.Content.ReadFromJsonAsync(ContractsJson.Default.ScanResult, ct);
                return response.StatusCode == HttpStatusCode.OK;
            },
            "The result did not arrive.",
            TimeProvider.System,
            ct);
        return result!;
    }

    public void Dispose() => http.Dispose();

    /// <summary>False at the end of the stream, also when the connection broke: the caller goes on from the last event.</summary>
    private static async ValueTask<bool> NextAsync(IAsyncEnumerator<SseItem<byte[]>> frames)
    {
        try
        {
            return await frames.MoveNextAsync();
        }
        catch (Exception broken) when (broken is IOException or HttpRequestException)
        {
            return false;
        }
    }

    internal static async Task EnsureAsync(HttpResponseMessage response, string what, CancellationToken ct)
    {
        if (response.IsSuccessStatusCode)
        {
            return;
        }

        var body = await response.Content.ReadAsStringAsync(ct);
        string? reason = null;
        try
        {
            using var problem = JsonDocument.Parse(body);
            reason = problem.RootElement.TryGetProperty("detail", out var detail) ? detail.GetString()
                : problem.RootElement.TryGetProperty("title", out var title) ? title.GetString() : null;
        }
        catch (JsonException)
        {
            // Not a problem document; the status has to say it.
        }

        throw new UserMessageException($"{what}: {reason ?? $"HTTP {(int)response.StatusCode}"}");
    }
}
