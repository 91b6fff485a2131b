using System.Globalization;
using System.Text.Json;
using System.Text.Json.Serialization;

namespace Eco2.ModelStandIn;

/// <summary><c>GET</c> and <c>PUT /control</c>: settings. <c>GET</c> and <c>DELETE /control/stats</c>: counts.
/// <c>GET /control/jobs</c>: one line <c>job vision_ms answer_ms calls</c> per job.</summary>
internal sealed class Control(Behaviour behaviour, CallBook book)
{
    public async Task AnswerAsync(HttpContext http)
    {
        switch (http.Request.Method, http.Request.Path.Value)
        {
            case ("GET", "/control"):
                await http.Response.WriteAsJsonAsync(behaviour.Settings, ControlJson.Default.Settings);
                break;
            case ("PUT", "/control"):
                await ChangeAsync(http);
                break;
            case ("GET", "/control/stats"):
                await http.Response.WriteAsJsonAsync(book.Snapshot(), ControlJson.Default.Stats);
                break;
            case ("DELETE", "/control/stats"):
                book.Clear();
                http.Response.StatusCode = 204;
                break;
            case ("GET", "/control/jobs"):
                await ListAsync(http);
                break;
            default:
                http.Response.StatusCode = 404;
                break;
        }
    }

    private async Task ChangeAsync(HttpContext http)
    {
        SettingsChange? change;
        try
        {
            change = await http.Request.ReadFromJsonAsync(ControlJson.Default.SettingsChange, http.RequestAborted);
        }
        catch (JsonException)
        {
            change = null;
        }

        if (change?.On(behaviour.Settings) is not { } settings || !settings.IsSound())
        {
            http.Response.StatusCode = 400;
            return;
        }

        behaviour.Settings = settings;
        await http.Response.WriteAsJsonAsync(settings, ControlJson.Default.Settings);
    }

    private async Task ListAsync(HttpContext http)
    {
        http.Response.ContentType = "text/plain";
        await using var lines = new StreamWriter(http.Response.Body);
        foreach (var (job, time) in book.Jobs())
        {
            await lines.WriteLineAsync(string.Create(CultureInfo.InvariantCulture, $"{job} {time.VisionMs:0.###} {time.AnswerMs:0.###} {time.Calls}"));
        }
    }
}

[JsonSourceGenerationOptions(JsonSerializerDefaults.Web, PropertyNamingPolicy = JsonKnownNamingPolicy.SnakeCaseLower)]
[JsonSerializable(typeof(Settings))]
[JsonSerializable(typeof(SettingsChange))]
[JsonSerializable(typeof(Stats))]
[JsonSerializable(typeof(string[]))]
internal sealed partial class ControlJson : JsonSerializerContext;
