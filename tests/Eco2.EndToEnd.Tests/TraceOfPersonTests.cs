using System.Diagnostics;
using System.Net.Http.Headers;
using System.Net.Http.Json;
using System.Text.Json;
using Eco2.Contracts;
using Eco2.Contracts.Scan;
using Eco2.Testing;
using Npgsql;
using Xunit;

namespace Eco2.EndToEnd.Tests;

/// <summary>Somebody whose every text carries a mark signs up, scans, takes everything along and goes. Nothing of it may be found in a log, a message, a history
/// of a workflow, a span or a row, but where it is kept for them.</summary>
[Collection(SharedSystem.Name)]
public sealed class TraceOfPersonTests(EcoSystem system) : IAsyncLifetime
{
    private const string Mark = "zqmark";

    // Where a person's own text is kept, as table and column.
    private static readonly string[] Kept =
        ["auth.accounts.email", "auth.accounts.nickname", "auth.mails.email", "my.profiles.nickname", "scan.scans.user_input"];

    private readonly string run = Guid.CreateVersion7(TimeProvider.System.GetUtcNow()).ToString("N");
    private readonly HttpClient http = new();
    private RedisMonitor? redis;

    private string Email => $"{Mark}mail{run}@eco2.example";

    private string Words => $"{Mark}words{run}{run} 생수병";

    public async Task InitializeAsync()
    {
        http.BaseAddress = system.Url;
        redis = EcoRun.Components == "redis" ? await RedisMonitor.StartAsync(system) : null;
    }

    public async Task DisposeAsync()
    {
        http.Dispose();
        if (redis is not null)
        {
            await redis.DisposeAsync();
        }
    }

    [Fact]
    public async Task A_person_is_found_only_where_they_are_kept_and_nowhere_once_they_are_gone()
    {
        http.DefaultRequestHeaders.Add("traceparent", $"00-{ActivityTraceId.CreateRandom()}-{ActivitySpanId.CreateRandom()}-01");
        await SignUpAsync();
        await Eventually.TrueAsync(async () => (await MeAsync()).Contains($"{Mark}nick", StringComparison.Ordinal), "the profile has its nickname");
        await FailToSignInAsync();

        var local = await ScanAsync("local");
        ScanAccepted byModel;
        using (system.Models.Obey(ModelServer.Vision, sights => sights["objects"]![0]!["label"] = Words))
        using (system.Models.Obey(ModelServer.Answer, answer => (answer["headline"], answer["user_answer"]) = (Words, $"{Words} {Words}. {answer["user_answer"]}")))
        {
            byModel = await ScanAsync(null);
        }

        await ExportAsync();
        await ChangeAsync();

        Assert.Equal((Words, Words), (await SaidAsync(local), await SaidAsync(byModel)));
        var rows = await RowsAsync();
        Assert.Multiple(
            () => Assert.Empty(Told([local, byModel])),
            () => Assert.Empty(Logged()),
            () => Assert.Empty(Traced()),
            () => Assert.Empty(rows.Except(Kept)));

        // The search itself must be able to find.
        Assert.Superset(new HashSet<string> { "auth.accounts.email", "my.profiles.nickname", "scan.scans.user_input" }, rows.ToHashSet());
        Assert.NotEmpty(Find(Logs(), "\"logger\":"));
        Assert.True(redis is null || redis.Commands.Any(c => c.Contains(run, StringComparison.Ordinal) && c.Contains(ScanWords.KeyOf(local.JobId), StringComparison.Ordinal)));

        await DeleteAsync();
        var left = await RowsAsync();
        Assert.Multiple(
            () => Assert.Empty(left),
            () => Assert.Empty(Logged()),
            () => Assert.Empty(Told([local, byModel])),
            () => Assert.All((ScanAccepted[])[local, byModel], job => Assert.True(
                redis is null || redis.Commands.Any(c => c.Contains("DEL", StringComparison.OrdinalIgnoreCase) && c.Contains(ScanWords.KeyOf(job.JobId), StringComparison.Ordinal)), "the words are deleted")));
    }

    private async Task SignUpAsync()
    {
        using var answer = await http.PostAsJsonAsync("/api/v1/auth/sign-up", new { email = Email, password = User.Password, nickname = $"{Mark}nick{run}" });
        answer.EnsureSuccessStatusCode();
        var session = await answer.Content.ReadFromJsonAsync<JsonElement>();
        http.DefaultRequestHeaders.Authorization = new AuthenticationHeaderValue("Bearer", session.GetProperty("access_token").GetString());
    }

    private async Task FailToSignInAsync()
    {
        using var wrong = await http.PostAsJsonAsync("/api/v1/auth/sign-in", new { email = Email, password = $"{Mark}pass{run}" });
        using var nobody = await http.PostAsJsonAsync("/api/v1/auth/sign-in", new { email = "x" + Email, password = User.Password });
        using var twice = await http.PostAsJsonAsync("/api/v1/auth/sign-up", new { email = Email, password = User.Password });
        using var forgot = await http.PostAsJsonAsync("/api/v1/auth/password/forgot", new { email = Email });
        using var odd = await http.GetAsync(new Uri($"/api/v1/scan?cursor={Mark}{run}", UriKind.Relative));
    }

    private async Task<ScanAccepted> ScanAsync(string? model)
    {
        using var picture = new ByteArrayContent(await File.ReadAllBytesAsync(Path.Combine(EcoSystem.Root, "samples", "rendered-plastic-bottle.jpg")));
        picture.Headers.ContentType = new MediaTypeHeaderValue("image/jpeg");
        using var uploaded = await http.PutAsync(new Uri("/api/v1/images/scan", UriKind.Relative), picture);
        var image = (await uploaded.Content.ReadFromJsonAsync(ContractsJson.Default.StoredImage))!;
        using var answer = await http.PostAsJsonAsync("/api/v1/scan", new { image_key = image.Key, user_input = Words, model });
        var job = (await answer.Content.ReadFromJsonAsync(ContractsJson.Default.ScanAccepted))!;
        await Eventually.TrueAsync(
            async () => (await http.GetFromJsonAsync(job.ResultUrl, ContractsJson.Default.ScanResult))!.Status is "completed" or "failed", "the scan ends", TimeSpan.FromSeconds(60));
        return job;
    }

    private async Task<string?> SaidAsync(ScanAccepted job)
    {
        var result = (await http.GetFromJsonAsync(job.ResultUrl, ContractsJson.Default.ScanResult))!;
        Assert.Equal("completed", result.Status);
        Assert.DoesNotContain(Mark, JsonSerializer.Serialize((result.Vision, result.Answer)), StringComparison.OrdinalIgnoreCase);
        return result.PipelineResult!["classification_result"]!["meta"]!["user_input"]?.GetValue<string>();
    }

    private async Task ExportAsync()
    {
        using var asked = await http.PostAsync(new Uri("/api/v1/users/me/exports", UriKind.Relative), null);
        var export = await asked.Content.ReadFromJsonAsync<JsonElement>();
        await UntilAsync(export.GetProperty("status_url").GetString()!, "succeeded");
    }

    private async Task ChangeAsync()
    {
        using var change = new HttpRequestMessage(HttpMethod.Patch, "/api/v1/users/me") { Content = JsonContent.Create(new { nickname = $"{Mark}other{run}" }) };
        change.Headers.IfMatch.Add(EntityTagHeaderValue.Any);
        using var changed = await http.SendAsync(change);
        changed.EnsureSuccessStatusCode();
    }

    private async Task DeleteAsync()
    {
        using var asked = await http.DeleteAsync(new Uri("/api/v1/users/me", UriKind.Relative));
        var receipt = (await asked.Content.ReadFromJsonAsync<JsonElement>()).GetProperty("receipt_url").GetString()!;
        http.DefaultRequestHeaders.Authorization = null;
        await UntilAsync(receipt, "succeeded");
    }

    private Task UntilAsync(string path, string status) => Eventually.TrueAsync(
        async () => (await http.GetFromJsonAsync<JsonElement>(path)).GetProperty("status").GetString() == status, $"{path} {status}", TimeSpan.FromSeconds(90));

    private async Task<string> MeAsync()
    {
        using var answer = await http.GetAsync(new Uri("/api/v1/users/me", UriKind.Relative));
        return await answer.Content.ReadAsStringAsync();
    }

    /// <summary>Commands to Redis that carry a mark, but for the words where they wait for their job.</summary>
    private List<string> Told(ScanAccepted[] jobs)
    {
        string[] keys = [.. jobs.Select(job => ScanWords.KeyOf(job.JobId))];
        return [.. (redis?.Commands ?? []).Where(c => c.Contains(run, StringComparison.OrdinalIgnoreCase) && !keys.Any(key => c.Contains(key, StringComparison.Ordinal))).Select(Short)];
    }

    /// <summary>Lines with a mark in the logs of apps, sidecars and servers, and in whatever else a run writes down beside its data.</summary>
    private List<string> Logged() => Find(Logs(), run);

    private IEnumerable<string> Logs() => Directory.GetFiles(system.State, "*", SearchOption.AllDirectories)
        .Where(file => Path.GetRelativePath(system.State, file).Split('/')[0] is not ("postgres" or "redis" or "rabbitmq" or "objects" or "mail"));

    private static List<string> Find(IEnumerable<string> files, string text) =>
        [.. files.SelectMany(file => File.ReadLines(file).Where(line => line.Contains(text, StringComparison.OrdinalIgnoreCase)).Select(line => $"{Path.GetFileName(file)}: {Short(line)}"))];

    private List<string> Traced() =>
    [
        .. system.Traces.Spans.SelectMany(span => span.Attributes.Select(a => $"{span.Service} {span.Name} {a.Key}={a.Value}").Append($"{span.Service} {span.Name}"))
            .Where(text => text.Contains(run, StringComparison.OrdinalIgnoreCase)),
    ];

    /// <summary>Every column of every table that holds a mark, as schema.table.column; of a state store, the key without its job's id.</summary>
    private async Task<List<string>> RowsAsync()
    {
        await using var db = NpgsqlDataSource.Create(system.Postgres);
        var columns = new List<(string Table, string Column)>();
        await using (var list = db.CreateCommand("select table_schema || '.' || table_name, column_name from information_schema.columns join information_schema.tables using (table_schema, table_name) where table_type = 'BASE TABLE' and table_schema not in ('pg_catalog', 'information_schema') order by 1, 2"))
        await using (var row = await list.ExecuteReaderAsync())
        {
            while (await row.ReadAsync())
            {
                columns.Add((row.GetString(0), row.GetString(1)));
            }
        }

        var found = new List<string>();
        foreach (var (table, column) in columns)
        {
            await using var look = db.CreateCommand(
                $"select exists (select from {table} t where to_jsonb(t) ->> '{column}' ilike '%{run}%' or to_jsonb(t) ->> '{column}' ilike '%{Convert.ToHexString(System.Text.Encoding.ASCII.GetBytes(run))}%')");
            if (await look.ExecuteScalarAsync() is true)
            {
                found.Add($"{table}.{column}");
            }
        }

        return found;
    }

    private static string Short(string text)
    {
        var at = text.IndexOf(Mark, StringComparison.OrdinalIgnoreCase);
        return text.Length < 600 ? text : $"{text[..200]} … {text[Math.Max(0, at - 150)..Math.Min(text.Length, at + 150)]}";
    }
}
