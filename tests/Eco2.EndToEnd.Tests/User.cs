using System.Net.Http.Headers;
using System.Net.Http.Json;
using System.Net.ServerSentEvents;
using System.Text;
using System.Text.Json;
using Eco2.Contracts;
using Eco2.Contracts.Image;
using Eco2.Contracts.Jobs;
using Eco2.Contracts.Scan;

namespace Eco2.EndToEnd.Tests;

/// <summary>Somebody who signed up and talks to the gateway.</summary>
public sealed class User : IDisposable
{
    private static int users;

    public const string Password = "a long enough passphrase 42";

    private User(HttpClient http, Guid id, string email) => (Http, Id, Email) = (http, id, email);

    public HttpClient Http { get; }

    public Guid Id { get; }

    public string Email { get; }

    public static async Task<User> SignUpAsync(EcoSystem system)
    {
        var http = new HttpClient { BaseAddress = system.Url };
        var email = $"user{Interlocked.Increment(ref users)}-{Environment.ProcessId}@eco2.example";
        using var response = await http.PostAsJsonAsync("/api/v1/auth/sign-up", new { email, password = Password });
        var answer = await response.Content.ReadFromJsonAsync<JsonElement>();
        response.EnsureSuccessStatusCode();
        http.DefaultRequestHeaders.Authorization = new AuthenticationHeaderValue("Bearer", answer.GetProperty("access_token").GetString());
        return new User(http, answer.GetProperty("user_id").GetGuid(), email);
    }

    public async Task<StoredImage> UploadAsync(string file = "rendered-plastic-bottle.jpg")
    {
        using var body = new ByteArrayContent(await File.ReadAllBytesAsync(Path.Combine(EcoSystem.Root, "samples", file)));
        body.Headers.ContentType = new MediaTypeHeaderValue("image/jpeg");
        using var response = await Http.PutAsync(new Uri("/api/v1/images/scan", UriKind.Relative), body);
        response.EnsureSuccessStatusCode();
        return (await response.Content.ReadFromJsonAsync(ContractsJson.Default.StoredImage))!;
    }

    public async Task<HttpResponseMessage> PostScanAsync(object body, string? idempotencyKey = null)
    {
        using var request = new HttpRequestMessage(HttpMethod.Post, "/api/v1/scan")
        {
            Content = body is string text ? new StringContent(text, Encoding.UTF8, "application/json") : JsonContent.Create(body),
        };
        request.Headers.Add("Idempotency-Key", idempotencyKey ?? Guid.CreateVersion7(TimeProvider.System.GetUtcNow()).ToString());
        return await Http.SendAsync(request);
    }

    public async Task<ScanAccepted> SubmitAsync(string? text = null, string? model = "local", string file = "rendered-plastic-bottle.jpg")
    {
        var image = await UploadAsync(file);
        using var response = await PostScanAsync(new { image_key = image.Key, user_input = text, model });
        response.EnsureSuccessStatusCode();
        return (await response.Content.ReadFromJsonAsync(ContractsJson.Default.ScanAccepted))!;
    }

    /// <summary>Events after <paramref name="lastEventId"/> until the last one, or until <paramref name="enough"/>, over one connection.</summary>
    public async Task<List<JobEvent>> EventsAsync(string path, string? lastEventId = null, Func<JobEvent, bool>? enough = null)
    {
        using var request = new HttpRequestMessage(HttpMethod.Get, path);
        if (lastEventId is not null)
        {
            request.Headers.Add("Last-Event-ID", lastEventId);
        }

        using var limit = new CancellationTokenSource(TimeSpan.FromSeconds(60));
        using var response = await Http.SendAsync(request, HttpCompletionOption.ResponseHeadersRead, limit.Token);
        response.EnsureSuccessStatusCode();
        var events = new List<JobEvent>();
        var parser = SseParser.Create(await response.Content.ReadAsStreamAsync(limit.Token), (_, data) => data.ToArray());
        await foreach (var frame in parser.EnumerateAsync(limit.Token))
        {
            if (frame.EventType is "keepalive" or "message")
            {
                continue;
            }

            var happened = JsonSerializer.Deserialize(frame.Data, ContractsJson.Default.JobEvent)! with { Stage = frame.EventType };
            events.Add(happened);
            if (happened.IsTerminal() || enough?.Invoke(happened) == true)
            {
                break;
            }
        }

        return events;
    }

    public async Task<ScanResult> ResultAsync(ScanAccepted job) =>
        (await Http.GetFromJsonAsync(job.ResultUrl, ContractsJson.Default.ScanResult))!;

    public void Dispose() => Http.Dispose();
}
