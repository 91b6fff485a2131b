using System.Buffers.Text;
using System.Net;
using System.Net.Http.Json;
using System.Text;
using System.Text.Json;
using Npgsql;
using Xunit;

namespace Eco2.EndToEnd.Tests.Security;

/// <summary>SQL in every filter, cursor and name of the API: what comes back is a refusal or one's own, at once, and the database stays as it is.</summary>
[Collection(UnderAttack.Name)]
public sealed class InjectionTests(AttackedSystem attacked)
{
    private static readonly string[] Statements =
    [
        "' OR '1'='1", "' OR 1=1 --", "') OR TRUE --", "1) OR (1=1", "'; DROP TABLE scan.jobs; --", "1; SELECT pg_sleep(60)", "' || pg_sleep(60) || '", "' AND 1=(SELECT 1 FROM pg_sleep(60)) --",
        "' UNION SELECT email, password_hash FROM auth.accounts --", "\\'; SELECT 1 --", "\"; SELECT 1 --", "$$; SELECT 1; $$", "%", "_", "%' --", "/**/OR/**/1=1", "E'\\x27'", "0x27", "NULL", "{1,2}", "[\"a\"]", "\u02BC OR 1=1", "\uFF07 OR 1=1 --",
    ];

    [Fact]
    public async Task A_statement_in_a_filter_a_cursor_or_a_name_is_a_text()
    {
        using var owner = await User.SignUpAsync(attacked.System);
        using var stranger = await User.SignUpAsync(attacked.System);
        var job = await owner.SubmitAsync("생수병");
        await owner.EventsAsync(job.StreamUrl);
        await using var db = NpgsqlDataSource.Create(attacked.System.Postgres);
        var before = await TablesAsync(db);
        var wrong = new List<string>();
        var asked = 0;

        foreach (var operation in ApiDocument.Operations.Where(operation => operation.Method == "GET"))
        {
            foreach (var target in Targets(operation))
            {
                asked++;
                using var limit = new CancellationTokenSource(TimeSpan.FromSeconds(45));
                try
                {
                    using var answer = await stranger.Http.GetAsync(new Uri(target, UriKind.Relative), HttpCompletionOption.ResponseHeadersRead, limit.Token);
                    var text = answer.Content.Headers.ContentType?.MediaType == "text/event-stream" ? "" : await answer.Content.ReadAsStringAsync(limit.Token);
                    if ((int)answer.StatusCode >= 500 || text.Contains(owner.Email, StringComparison.Ordinal) || text.Contains(owner.Id.ToString(), StringComparison.Ordinal)
                        || text.Contains(job.JobId.ToString(), StringComparison.Ordinal) || text.Contains("syntax error", StringComparison.OrdinalIgnoreCase))
                    {
                        wrong.Add($"{target}: {answer.StatusCode} {text[..Math.Min(200, text.Length)]}");
                    }
                }
                catch (OperationCanceledException)
                {
                    wrong.Add($"{target}: no answer in time");
                }
            }
        }

        Assert.Empty(wrong);
        Assert.True(asked > 500, $"{asked}");
        Assert.Equal(before, await TablesAsync(db));
        Assert.Equal(1, (await owner.Http.GetFromJsonAsync<JsonElement>("/api/v1/scan")).GetProperty("scans").GetArrayLength());
    }

    [Theory]
    [InlineData("/api/v1/auth/sign-in", """{"email":"STATEMENT","password":"STATEMENT"}""")]
    [InlineData("/api/v1/auth/sign-in", """{"email":"EMAIL","password":"STATEMENT"}""")]
    [InlineData("/api/v1/auth/second-factor", """{"challenge":"STATEMENT","code":"STATEMENT"}""")]
    [InlineData("/api/v1/auth/refresh", """{"refresh_token":"STATEMENT"}""")]
    [InlineData("/api/v1/auth/email/verify", """{"token":"STATEMENT"}""")]
    [InlineData("/api/v1/auth/password/reset", """{"token":"STATEMENT","password":"a long enough passphrase 43"}""")]
    public async Task A_statement_opens_no_account(string path, string body)
    {
        using var owner = await User.SignUpAsync(attacked.System);
        using var nobody = new HttpClient { BaseAddress = attacked.System.Url };

        foreach (var statement in Statements)
        {
            var quoted = JsonSerializer.Serialize(statement)[1..^1];
            using var content = new StringContent(body.Replace("STATEMENT", quoted, StringComparison.Ordinal).Replace("EMAIL", owner.Email, StringComparison.Ordinal), Encoding.UTF8, "application/json");
            using var limit = new CancellationTokenSource(TimeSpan.FromSeconds(45));
            using var answer = await nobody.PostAsync(new Uri(path, UriKind.Relative), content, limit.Token);
            Assert.True(answer.StatusCode is >= HttpStatusCode.BadRequest and < HttpStatusCode.InternalServerError, $"{statement}: {answer.StatusCode}");
        }
    }

    /// <summary>Each parameter once with each statement; a cursor also with statements in the form that cursors have.</summary>
    private static IEnumerable<string> Targets(Operation operation)
    {
        const string Id = "0198c0de-0000-7000-8000-000000000001";
        string Path(string inNames) => string.Join('/', operation.Path.Split('/').Select(segment =>
            segment.StartsWith("{channel", StringComparison.Ordinal) ? "scan" : segment.StartsWith('{') ? Uri.EscapeDataString(inNames).Replace("%2F", "_", StringComparison.Ordinal).Replace("%25", "_", StringComparison.Ordinal) : segment));
        foreach (var statement in Statements)
        {
            foreach (var parameter in operation.Query)
            {
                yield return $"{Path(Id)}?{parameter}={Uri.EscapeDataString(statement)}";
                yield return $"{Path(Id)}?{parameter}={Base64Url.EncodeToString(Encoding.UTF8.GetBytes(statement.PadRight(16)[..16]))}";
            }

            if (operation.Path.Contains('{', StringComparison.Ordinal))
            {
                yield return Path(statement);
            }
        }
    }

    private static async Task<string> TablesAsync(NpgsqlDataSource db)
    {
        await using var command = db.CreateCommand("select string_agg(schemaname || '.' || tablename, ' ' order by 1) from (select schemaname, tablename from pg_tables where schemaname not in ('pg_catalog', 'information_schema') order by 1, 2) t");
        return (string)(await command.ExecuteScalarAsync())!;
    }
}
