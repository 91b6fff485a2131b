using System.Globalization;
using System.Text.Json;
using Dapr.Client.Autogen.Grpc.v1;
using EmbeddedSidecar.Api;
using Google.Protobuf;
using Google.Protobuf.WellKnownTypes;

namespace EmbeddedSidecar.Jobs;

/// <summary>Jobs over HTTP, at the stable path and the one of before 1.18.</summary>
internal static class JobsHttp
{
    private static readonly JsonParser _tolerant = new(JsonParser.Settings.Default.WithIgnoreUnknownFields(true));

    public static void Map(HttpRoutes routes)
    {
        foreach (var version in (string[])["v1.0", "v1.0-alpha1"])
        {
            routes.Map("POST", $"/{version}/jobs/{{name}}", ScheduleAsync);
            routes.Map("GET", $"/{version}/jobs/{{name}}", GetAsync);
            routes.Map("DELETE", $"/{version}/jobs/{{name}}", DeleteAsync);
        }
    }

    private static async Task ScheduleAsync(ApiCall call)
    {
        var body = await call.BodyAsync();
        try
        {
            using var json = JsonDocument.Parse(body.Length > 0 ? body : "{}"u8.ToArray());
            var (job, overwrite) = Read(call, json.RootElement);
            await JobsApi.ScheduleAsync(call.App, job, overwrite, call.Aborted);
        }
        catch (Exception broken) when (broken is JsonException or InvalidProtocolBufferException)
        {
            throw DaprException.Malformed($"failed deserializing HTTP body: {broken.Message}");
        }

        call.NoContent();
    }

    private static async Task GetAsync(ApiCall call)
    {
        var job = await JobsApi.GetAsync(call.App, call.Args[0], call.Aborted);
        await call.JsonAsync(json => Write(json, job));
    }

    private static async Task DeleteAsync(ApiCall call)
    {
        await JobsApi.DeleteAsync(call.App, call.Args[0], call.Aborted);
        call.NoContent();
    }

    // Protobuf's JSON: lowerCamelCase, or the names of the .proto; null is as good as absent; unknown members are ignored.
    private static (Job Job, bool Overwrite) Read(ApiCall call, JsonElement body)
    {
        if (body.ValueKind != JsonValueKind.Object)
        {
            throw new JsonException("an object is expected");
        }

        var job = new Job { Name = call.Args[0].Trim() };
        var overwrite = false;
        foreach (var member in body.EnumerateObject().Where(member => member.Name == "data" || member.Value.ValueKind != JsonValueKind.Null))
        {
            switch (member.Name)
            {
                case "name" when Text(member).Length > 0:
                    throw JobsApi.NameTwice(call.App);
                case "schedule":
                    job.Schedule = Text(member);
                    break;
                case "repeats":
                    job.Repeats = Count(member);
                    break;
                case "dueTime" or "due_time":
                    job.DueTime = Text(member);
                    break;
                case "ttl":
                    job.Ttl = Text(member);
                    break;
                case "data":
                    job.Data = Any.Pack(Value.Parser.ParseJson(member.Value.GetRawText()));
                    break;
                case "overwrite":
                    overwrite = member.Value.ValueKind switch
                    {
                        JsonValueKind.True => true,
                        JsonValueKind.False => false,
                        _ => throw new JsonException("overwrite is not a boolean"),
                    };
                    break;
                case "failurePolicy" or "failure_policy":
                    job.FailurePolicy = _tolerant.Parse<JobFailurePolicy>(member.Value.GetRawText());
                    break;
            }
        }

        return (job, overwrite);
    }

    private static void Write(Utf8JsonWriter json, Job job)
    {
        json.WriteStartObject();
        json.WriteString("name", job.Name);
        if (job.HasSchedule)
        {
            json.WriteString("schedule", job.Schedule);
        }

        if (job.HasRepeats)
        {
            json.WriteNumber("repeats", job.Repeats);
        }

        if (job.HasDueTime)
        {
            json.WriteString("dueTime", job.DueTime);
        }

        if (job.HasTtl)
        {
            json.WriteString("ttl", job.Ttl);
        }

        if (job.Data is { } data)
        {
            json.WriteStartObject("data");
            json.WriteString("@type", data.TypeUrl);
            json.WritePropertyName("value");
            if (data.TypeUrl == JobDelivery.ValueType)
            {
                json.WriteRawValue(JsonFormatter.Default.Format(Value.Parser.ParseFrom(data.Value)));
            }
            else
            {
                // Dapr cannot show a type it does not know; its bytes are better than an error.
                json.WriteBase64StringValue(data.Value.Span);
            }

            json.WriteEndObject();
        }

        json.WritePropertyName("failurePolicy");
        json.WriteRawValue(JsonFormatter.Default.Format(job.FailurePolicy));
        json.WriteEndObject();
    }

    private static string Text(JsonProperty member) =>
        member.Value.ValueKind == JsonValueKind.String ? member.Value.GetString()! : throw new JsonException($"{member.Name} is not a string");

    // A number may also be written as a string.
    private static uint Count(JsonProperty member) =>
        uint.TryParse(
            member.Value.ValueKind == JsonValueKind.String ? member.Value.GetString() : member.Value.GetRawText(),
            NumberStyles.None, CultureInfo.InvariantCulture, out var count)
            ? count
            : throw new JsonException($"{member.Name} is not a whole number");
}
