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

/// <summary>The REST API as one signed-in user: the local one, made at first use and remembered in the run's folder.</summary>
internal sealed class ApiSession : IDisposable
{
    private readonly HttpClient http;

    private ApiSession(HttpClient http) => this.http = http;

    /// <param name="url">The gateway; null for the one that ./eco2 up started.</param>
    /// <param name="workspace">The run's folder.</param>
    /// <param name="ct">Ends the waiting.</param>
    public static Task<ApiSession> OpenAsync(string? url, Workspace workspace, CancellationToken ct) =>
        OpenAsync(new Uri(url ?? RunningUrl(workspace)), workspace, ct);

    private static string RunningUrl(Workspace workspace) =>
        RunRecord.Read(workspace.RunRecord) is { } run && run.IsAlive()
            ? run.Url
            : throw new UserMessageException("Eco² is not running here. Start it with ./eco2 up, or name another gateway with --url.");

    private static async Task<ApiSession> OpenAsync(Uri address, Workspace workspace, CancellationToken ct)
    {
        // A stream may stay open for minutes; every other wait ends with the token.
        var http = new HttpClient { BaseAddress = address, Timeout = Timeout.InfiniteTimeSpan };
        var user = await LocalUser.LoadOrCreateAsync(workspace.State, ct);
        var session = await SignInAsync(http, "sign-in", user, ct) ?? await SignInAsync(http, "sign-up", user, ct)
            ?? throw new UserMessageException($"The local user in {workspace.State}/user.json can neither sign in nor sign up. Remove the file to get a new one.");
        http.DefaultRequestHeaders.Authorization = new AuthenticationHeaderValue("Bearer", session);
        return new ApiSession(http);
    }

    /// <summary>A request whose refusal ends the command with <paramref name="otherwise"/> and the reason.</summary>
    public async Task<HttpResponseMessage> SendAsync(HttpMethod method, string path, HttpContent? body, string otherwise, CancellationToken ct)
    {
        using var request = new HttpRequestMessage(method, path) { Content = body };
        HttpResponseMessage response;
        try
        {
            response = await http.SendAsync(request, ct);
        }
        catch (HttpRequestException)
        {
            throw new UserMessageException($"{otherwise}: {http.BaseAddress} does not answer any more.");
        }

        await EnsureAsync(response, otherwise, ct);
        return response;
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

    private static async Task<string?> SignInAsync(HttpClient http, string how, LocalUser user, CancellationToken ct)
    {
        HttpResponseMessage response;
        try
        {
            response = await http.PostAsJsonAsync($"/api/v1/auth/{how}", new { email = user.Email, password = user.Password }, ct);
        }
        catch (HttpRequestException)
        {
            throw new UserMessageException($"Nothing answers at {http.BaseAddress}. Is ./eco2 up running?");
        }

        using (response)
        {
            if (response.StatusCode is HttpStatusCode.Unauthorized or HttpStatusCode.Conflict)
            {
                return null;
            }

            await EnsureAsync(response, "Signing in failed", ct);
            using var answer = await response.Content.ReadFromJsonAsync<JsonDocument>(ct);
            return answer!.RootElement.GetProperty("access_token").GetString();
        }
    }

    private static async Task EnsureAsync(HttpResponseMessage response, string what, CancellationToken ct)
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
